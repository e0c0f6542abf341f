"""Random lives of browsers that sign in and out of accounts, against a model that is a few dictionaries.

On moto behind its lock. The wire loses and repeats; what was read anonymously is never lost, never counted twice, and
never worth a second allowance.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from readmeter.core.encoding import base64url
from readmeter.core.period import DAY, calendar_bucket
from readmeter.core.tokens import reader_of_seed, reader_of_token, registered_reader
from readmeter.store.dynamodb import DynamoDB
from tests.support.endpoint import KEYRING, Desk
from tests.support.engines import moto_tables, tables
from tests.support.identities import identity_rules, sign
from tests.support.meters import digest_of, stamps, wait_for_nothing
from tests.support.site import compiled, meter
from tests.support.wire import Wire, conflict, lost_reply, lost_request, sent_twice, throttled

LIMITS = {"anonymous": 2, "registered": 4}
DAYS = 3
ACCOUNTS = ["ana", "bia"]
FAULTS = [lost_reply, lost_request, throttled, conflict, sent_twice]


class Browser:
    """What one keeps: its seed, and the token of its last answer."""

    def __init__(self, number: int) -> None:
        self.seed = base64url(bytes([number] * 16))
        self.token: str | None = None


class Merges(RuleBasedStateMachine):
    """Two accounts and two browsers on one meter."""

    client: Any
    wire: Wire

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(tables(self.client, DynamoDB(self.client)))
        self.browsers = [Browser(number) for number in range(2)]
        self.counted: dict[str, set[str]] = {}  # by reader, in the current period
        self.starts: dict[str, int] = {}  # of windows, by reader
        self.merged: dict[str, str] = {}  # whom a reader was merged into, in the current period
        self.usage: set[tuple[str, str]] = set()  # reader and article, whenever it was: what finance may be told

    @initialize(unit=st.sampled_from(["month", "days"]))
    def publish(self, unit: Any) -> None:
        for operation in ("UpdateItem", "TransactWriteItems"):
            self.wire.inject(operation)  # what the life before left of its faults
        self.unit = unit
        tiers = meter(unit=unit, days=DAYS if unit == "days" else 0, limits=LIMITS)
        self.desk.publish(compiled(tiers, identity=identity_rules()))

    @rule(days=st.sampled_from([1, 1, 1, 1, DAYS, 31]))
    def let_time_pass(self, days: int) -> None:
        month = self.month()
        self.desk.now += days * DAY
        if self.unit == "month" and month != self.month():
            self.forget({*self.counted, *self.merged})
        elif self.unit == "days":
            self.forget({name for name in self.starts if self.starts[name] <= self.desk.now - DAYS * DAY})

    @rule(
        browser=st.integers(0, 1),
        article=st.sampled_from("abcde"),
        account=st.sampled_from([None, *ACCOUNTS]),
        keeps=st.booleans(),
        fault=st.sampled_from([None, None, *FAULTS]),
    )
    def read(self, browser: int, article: str, account: str | None, keeps: bool, fault: Any) -> None:
        """`keeps`: the browser hears the answer and keeps its token, as it should."""
        for operation in ("UpdateItem", "TransactWriteItems"):
            self.wire.inject(operation, *([fault] if fault else []))
        mine = self.browsers[browser]
        before = self.reader_of(mine)
        body = {"site": "riotimes", "article": article, "seed": mine.seed, "reader": mine.token}
        foreseen = self.desk.access(**{**body, "identity": self.identity(account)})
        answer = self.answered({**body, "identity": self.identity(account)})
        now = self.decided(before, account)
        held = self.counted.setdefault(now, set())
        limit = LIMITS["registered" if account else "anonymous"]
        admits = article in held or len(held) < limit
        if admits and article not in held:
            self.starts.setdefault(now, int(self.desk.now))
            held.add(article)
            self.usage.add((f"{now} {self.starts[now] if self.unit == 'days' else self.month()}", article))
        assert [foreseen["access"], answer["access"]] == ["granted" if admits else "denied"] * 2
        assert [foreseen["used"] + (foreseen["reason"] == "metered"), answer["used"]] == [len(held)] * 2
        assert answer["remaining"] == max(0, limit - len(held))
        if keeps:
            mine.token = answer["reader"]

    @invariant()
    def the_table_holds_what_the_model_says(self) -> None:
        """I8: nothing lost, nothing counted twice."""
        items = self.desk.tables.meter_items()
        told = [(item, name) for item in items for name, stamp in stamps(item).items() if stamp != "carried"]
        assert len(told) == len(self.usage)
        for name, held in self.counted.items():
            current = [item["a"]["BS"] for item in items if item["pk"]["S"].endswith(f"#R#{name}")]
            assert not held or {digest_of(article) for article in held} in [set(each) for each in current]

    def identity(self, account: str | None) -> str | None:
        now = int(self.desk.now)
        return account and sign(sub=account, iat=now, exp=now + 300)

    def answered(self, body: Any) -> Any:
        """What a page does: it asks again after a 503."""
        answers = (self.desk.post(body) for _ in range(4))
        return next(answer.json for answer in answers if answer.status == 200)

    def reader_of(self, browser: Browser) -> tuple[str, bool]:
        """Who it is when nobody says that they are signed in, and whether that is an account."""
        token = reader_of_token(KEYRING, "riotimes", browser.token, self.desk.now)
        reader = token or reader_of_seed(KEYRING, "riotimes", browser.seed)
        assert reader is not None
        return reader.name, reader.registered

    def decided(self, before: tuple[str, bool], account: str | None) -> str:
        """Whose meter decides, after what has to be merged was."""
        name, is_account = before
        if account is None:
            return self.merged.get(name, name)
        into = registered_reader(KEYRING, "riotimes", account).name
        held = self.counted.get(name, set())
        if not is_account and held and name not in self.merged:
            self.merged[name] = into
            self.starts.setdefault(into, self.starts[name])
            self.counted[into] = self.counted.get(into, set()) | held
        return into

    def forget(self, readers: set[str]) -> None:
        for known in (self.counted, self.starts, self.merged):
            for name in readers & known.keys():
                del known[name]

    def month(self) -> str:
        return calendar_bucket("month", "America/Sao_Paulo", self.desk.now).key


@pytest.fixture
def _moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    wait_for_nothing(monkeypatch)
    with moto_tables() as made:
        Merges.client, Merges.wire = made.client, Wire(made.client)
        yield


@pytest.mark.usefixtures("_moto")
class TestMerges(Merges.TestCase):
    settings = settings(max_examples=30, stateful_step_count=25, deadline=None, derandomize=True, database=None)
