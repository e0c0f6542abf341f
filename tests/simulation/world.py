"""One life of a site, from a seed: its readers, its publisher, the stream, the ledger, finance.

Everything is the real thing but time, the network, DynamoDB's tables and S3's buckets. One seed is one life, move for
move, in every process.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from readmeter.core.encoding import base64url
from readmeter.core.period import first_instant
from readmeter.core.rules import Rules
from readmeter.core.tokens import reader_of_token, registered_reader
from readmeter.sites.compile import compile_site
from readmeter.sites.document import SiteDocument
from readmeter.store.sites import SiteCache, Version
from readmeter.usage.exports import Exporter
from readmeter.usage.manifest import Manifest
from readmeter.usage.months import Months
from readmeter.usage.period import ExportPeriod
from readmeter.usage.reconciliation import Reconciliation, reconcile
from readmeter.usage.stream import LedgerStream, Redrive
from tests.simulation.faults import Bucket, FaultyDatabase, at
from tests.simulation.model import Asked, Model
from tests.simulation.stream import Crash, EventSource, Stream
from tests.support.endpoint import KEYRING, Desk
from tests.support.engines import Tables
from tests.support.fast_database import FastDatabase, Image
from tests.support.identities import ISSUER, key, sign

SITE = "riotimes"
HOUR, DAY = 3600, 86_400
ACCOUNTS = ["ana", "bia"]
# Zones with a month or a day that does not begin at midnight, whose clocks change on a month's first day, far apart
ZONES = [
    "America/Sao_Paulo",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Europe/Lisbon",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Australia/Lord_Howe",
]
_PERIODS: list[dict[str, Any]] = [
    {"unit": "month"},
    {"unit": "week"},
    {"unit": "day"},
    {"unit": "days", "days": 3},
    {"unit": "days", "days": 30},
]
_FAULTS = ["lost_reply", "lost_reply", "lost_request", "conflict", "sent_twice"]


class World:
    """`model` knows what readers were shown; `finals` is every final manifest as it was first seen, as bytes."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.model = Model()
        self.finals: dict[str, bytes] = {}
        self._displays = count()

        self._stream = Stream("meters", noisy=self.random.random() < 0.3)
        self._tables_in_memory = FastDatabase(self._stream.changed)
        self._database = FaultyDatabase(self._tables_in_memory)
        tables = Tables(None, self._database, "meters", "sites")
        self.desk = Desk(tables, now=self._birth())
        self.born = self.desk.now
        self.ledger, self.exports, self.failures = (Bucket(self.clock) for _ in range(3))
        sites = SiteCache(tables.sites, 0, self.clock)
        consumer = LedgerStream(self.ledger, sites, lambda: KEYRING, self.clock, self._fault_of_the_ledger)
        self.source = EventSource(self.random, self._stream, consumer.answer, self.failures)
        self.redrive = Redrive(self.failures, consumer, self.clock, self._fault_of_the_ledger)
        self.exporter = Exporter(self.ledger, self.exports, tables.sites.versions, threads=1)

        self.document: dict[str, Any] = {}
        self._tokens: dict[str, dict[str, Any]] = {}  # by seed: the last answer's token and state
        self.readers = [base64url(bytes([number] * 16)) for number in range(self.random.randint(1, 4))]
        self.articles = [f"article-{number}" for number in range(self.random.randint(2, 6))]
        # Who signs in is drawn apart, and not in every life: the others stay as they were before anybody could
        self._signing = Random(f"signing {seed}")
        self._signs_in = self._signing.random() < 0.3
        self._signed: set[str] = set()  # the browsers, by seed, in which somebody ever did
        self.move_in()

    def clock(self) -> float:
        return self.desk.now

    # ---- the publisher

    def move_in(self) -> None:
        choose = self.random.choice
        meters = [self._meter("default")]
        if self.random.random() < 0.3:
            meters.insert(0, {**self._meter("markets"), "match": {"sections": ["markets"]}})
        if self.random.random() < 0.2:
            limit = min(1, meters[-1]["limits"]["anonymous"])
            meters.insert(
                0, {"name": "pooled", "limits": {"anonymous": limit}, "match": {"tags": ["t"]}, "pool": "default"}
            )
        self.publish(
            {
                "site": SITE,
                "name": "The Rio Times",
                "origins": ["https://www.riotimesonline.com"],
                "timezone": choose(ZONES),
                "meters": meters,
                "exempt": {"sections": ["obituaries"]},
                "identity": {"issuer": ISSUER, "keys": [asdict(key(alg="EdDSA"))]},
                "record": ["exempt"] if self.random.random() < 0.5 else [],
                "prompt": {"subscribe_url": "https://www.riotimesonline.com/subscribe"},
                "retention": {"ledger_reader_days": 365, "reader_days": 180},
            }
        )

    def _meter(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "limits": {"anonymous": self.random.choice([0, 1, 2, 3, 5, 5])},
            "period": self.random.choice(_PERIODS),
            "count": self.random.choice(["article", "article", "view"]),
        }

    def publish(self, document: dict[str, Any]) -> None:
        """As the admin API does with a PUT."""
        store = self.desk.tables.sites
        live = store.live(SITE)
        number = live.latest.version + 1 if live else 1
        compiled = compile_site(
            SiteDocument.model_validate(document), number, live.compiled if live else None, self.desk.now
        )
        store.write(Version(SITE, number, json.dumps(document), self.desk.now, "simulation"), compiled)
        self.document = document

    def change_the_rules(self) -> None:
        document: dict[str, Any] = json.loads(json.dumps(self.document))
        meter = document["meters"][-1]
        what = self.random.choice(["limit", "limit", "zone", "period"])
        if what == "limit":
            pooled = any("pool" in each for each in document["meters"])
            meter["limits"]["anonymous"] = self.random.randint(1 if pooled else 0, 6)
        elif what == "zone":
            document["timezone"] = self.random.choice(ZONES)
        else:
            meter["period"], meter["count"] = self.random.choice(_PERIODS), self.random.choice(["article", "view"])
        self.publish(document)

    def rules(self) -> Rules:
        compiled = self.desk.tables.sites.compiled(SITE)
        assert compiled is not None
        return compiled.in_force(self.desk.now)

    # ---- readers

    def read(self) -> None:
        """One view: asked again until it is answered, sometimes twice at once."""
        reader, article = self.random.choice(self.readers), self.random.choice(self.articles)
        body: dict[str, Any] = {
            "site": SITE,
            "article": article,
            "view": f"view-{next(self._displays)}",
            "seed": reader,
        }
        known = self._tokens.get(reader, {})
        if self.random.random() < 0.7:
            body |= {name: known[name] for name in ("reader", "state") if known.get(name)}
        if self.random.random() < 0.1:
            body["storage"] = "none"
        body["sections"] = self.random.choice([[], [], [], ["markets"], ["obituaries"]])
        body["tags"] = self.random.choice([[], [], ["t"]])
        self._sign_in(body)
        unsure = False
        # A recorded free read is noted beside the answer: one that cannot be noted is answered all the same
        faults = [] if "obituaries" in body["sections"] else [*self._faults()]
        if reader in self._signed:  # a repeat may be what a merge brought along: an answer that is lost would not tell
            answer = self.desk.post(body)
            assert answer.status == 200, (answer.text, self.desk.faults)
            self._shown(reader, body, answer.json, unsure=False)
            return
        for fault in [*faults, None]:
            unsure |= fault is not None
            self._database.fault = fault
            answer = self.desk.post(body)
            self._database.fault = None
            if answer.status == 200 and self.random.random() < 0.9:
                break
            unsure = True  # asked again, not knowing; or answered, but the answer was lost
        else:
            answer = self.desk.post(body)
        assert answer.status == 200, (answer.text, self.desk.faults)
        self._shown(reader, body, answer.json, unsure)

    def _sign_in(self, body: dict[str, Any]) -> None:
        """Sometimes the publisher says who reads: what was read until then is merged into the account."""
        if self._signs_in and self._signing.random() < 0.4:
            self._signed.add(body["seed"])
            body["identity"] = self._identity(self._signing.choice(ACCOUNTS))

    def _identity(self, account: str) -> str:
        now = int(self.desk.now)
        return sign(alg="EdDSA", sub=account, iat=now, exp=now + 60)

    def _faults(self) -> Iterator[Any]:
        while self.random.random() < 0.15:
            yield self.random.choice(_FAULTS)

    def _shown(self, reader: str, body: dict[str, Any], answer: dict[str, Any], unsure: bool) -> None:
        self._tokens[reader] = answer
        rules = self.rules()
        meter = next((each for each in rules.meters if each.name == answer["meter"]), None)
        asked = Asked(
            reader=self._name(answer["reader"]),
            article=body["article"],
            now=self.desk.now,
            zone=rules.timezone,
            meter=meter.pool if meter else "",
            unit=meter.count if meter else "article",
            days=meter.days if meter else 0,
            reader_class="registered" if "identity" in body else "anonymous",
            traffic="unstored" if "storage" in body else "reader",
            display=body["view"],
        )
        self.model.answered(asked, answer, unsure, recorded=rules.record)

    def _name(self, token: str) -> str:
        found = reader_of_token(KEYRING, SITE, token, self.desk.now)
        assert found is not None
        return found.name

    def miss(self) -> None:
        """A page got no answer, stayed as it was, and says so with a later view's report."""
        reader, article = self.random.choice(self.readers), self.random.choice(self.articles)
        if reader not in self._tokens:
            return
        milliseconds = int(self.desk.now * 1000) - self.random.choice([0, 60, HOUR, 5 * DAY]) * 1000
        at = milliseconds / 1000
        happened = {"kind": "fail_open", "article": article, "at": milliseconds}
        for _ in range(self.random.choice([1, 1, 2])):
            self.desk.report(happened, reader=self._tokens[reader]["reader"])
        rules = self.rules()
        name = self._name(self._tokens[reader]["reader"])
        self.model.missed(name, article, at, rules.timezone, rules.version)

    def erase(self) -> None:
        reader = self.random.choice(self.readers)
        if reader not in self._tokens:
            return
        token = self._tokens[reader]["reader"]
        name = self._name(token)
        account = next((each for each in ACCOUNTS if registered_reader(KEYRING, SITE, each).name == name), None)
        names = self._with_merged(name)
        if any(self.source.has_lost_of(_partition(each)) for each in names):
            return
        self.source.erased.update(map(_partition, names))
        for fault in [*self._faults(), None]:
            self._database.fault = fault
            status = self.desk.reader(self._identity(account) if account else token, "DELETE").status
            self._database.fault = None
        assert status == 204
        for known in self._tokens.values() if account else [self._tokens[reader]]:
            known.pop("state", None)  # it would go on to answer for what is forgotten
        for each in names:
            self.model.erase(each)

    def _with_merged(self, name: str) -> list[str]:
        """The reader, and whoever was merged into it."""
        own = [item for item in self.items() if item["pk"]["S"] == _partition(name)]
        return [name, *sorted({former for item in own if "mf" in item for former in item["mf"]["SS"]})]

    # ---- time

    def _birth(self) -> float:
        """An instant at which a life begins: mostly one that has a month before it, which no page's report reaches."""
        year, month = self.random.choice([(2026, month) for month in range(1, 13)])
        day = self.random.choice([8, 9, 10, 12, 16, 20, 25, 28]) if self.random.random() < 0.95 else 2
        return datetime(year, month, day, tzinfo=UTC).timestamp() + self.random.randrange(DAY)

    def let_time_pass(self) -> None:
        """Mostly moments; now and then to a few seconds before or after a day or a month begins."""
        jump = self.random.random()
        if jump < 0.6:
            self.desk.now += self.random.randrange(1, HOUR)
        elif jump < 0.85:
            self.desk.now += self.random.randrange(HOUR, DAY)
        else:
            today = datetime.fromtimestamp(self.desk.now, UTC).date()
            day = (
                today + timedelta(days=1) if jump < 0.97 else (today.replace(day=1) + timedelta(days=32)).replace(day=1)
            )
            edge = first_instant(self.rules().timezone, day).timestamp()
            self.desk.now = max(self.desk.now, edge + self.random.choice([-1.0, -0.001, 0.0, 1.0, 60.0]))

    # ---- operations

    def deliver(self) -> None:
        """A batch; the function may crash after any of its writes."""
        if self.random.random() < 0.2:
            self.ledger.crash(self.random.randrange(3), before=self.random.random() < 0.5)
        self.source.deliver(self.random.randrange(3), self.random.randint(1, 12))
        self.ledger.healthy()

    def poison(self) -> None:
        """The next record of a shard is one that the function as deployed cannot take."""
        shard = self.random.choice(self._stream.shards)
        if shard:
            self.source.poisoned.add(shard[0]["dynamodb"]["SequenceNumber"])

    def lose(self) -> None:
        self.source.lose(self.random.randrange(3))

    def redrive_failures(self) -> None:
        self.source.poisoned.clear()
        answer = self.redrive.run(self.desk.now + 60)
        assert answer["left"] == 0

    def drain(self) -> None:
        """All that was late arrives."""
        self.source.drain()
        self.redrive_failures()
        self.source.drain()

    def reconcile(self, month: str) -> Reconciliation:
        return reconcile(
            self.ledger, self.meter_items, lambda: KEYRING, SITE, month, self.rules().retention, insert=True
        )

    @property
    def meter_items(self) -> "_Items":
        return _Items(self)

    def items(self) -> list[Image]:
        return self._tables_in_memory.items("meters")

    def export(self, text: str) -> Manifest:
        """An export as finance gets it: run again where it crashed, run by two at once, run twice."""
        period, trouble = ExportPeriod.parse(text), self.random.random()
        if trouble < 0.15:
            self.exports.crash(self.random.randrange(7), before=self.random.random() < 0.5)
            with suppress(Crash):
                self._run(period)
            self.exports.healthy()
        elif trouble < 0.22:
            self.exports.on_create = at(self.random.randrange(7), lambda: self._run(period))
        if trouble < 0.22 and self.random.random() < 0.5:
            self.deliver()
        made = self._run(period)
        self.exports.healthy()
        assert self.exporter.latest(SITE, period) == made
        if made.status == "final":
            assert self.finals.setdefault(made.export_id, made.text()) == made.text(), "a final changed"
        return made

    def _run(self, period: ExportPeriod) -> Manifest:
        return self.exporter.run(SITE, period, self.desk.now)

    def _fault_of_the_ledger(self, fault: Exception) -> None:
        raise fault

    def latest_months(self) -> list[Manifest]:
        """The newest revision of each month that has any."""
        made = [self.exporter.latest(SITE, month) for month in self.months()]
        return [each for each in made if each is not None]

    def months(self) -> list[ExportPeriod]:
        """From the first that a page's late report may reach to the one that is open."""
        calendar = Months(self.desk.tables.sites.versions(SITE))
        zone = calendar.rules_at(self.born).timezone
        month = ExportPeriod.parse(f"{datetime.fromtimestamp(self.born - 7 * DAY, ZoneInfo(zone)):%Y-%m}")
        found = []
        while month.start(calendar.zone(month)).timestamp() <= self.desk.now:
            found.append(month)
            month = month.month_after
        return found

    def zone_of(self, month: ExportPeriod) -> str:
        return Months(self.desk.tables.sites.versions(SITE)).zone(month)


def _partition(name: str) -> str:
    return f"S#{SITE}#R#{name}"


class _Items:
    """The meter table at an instant, as `MeterItems`."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def at(self) -> float:
        return self._world.desk.now

    def __call__(self) -> Iterator[Image]:
        return iter(self._world.items())
