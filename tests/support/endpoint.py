"""Readers' endpoints over given tables, called with real events: what the handlers do, without a process."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from readmeter.core.keys import Keyring
from readmeter.core.rules import CompiledSite
from readmeter.core.throttle import TokenBuckets
from readmeter.metering.endpoint import Surroundings, ViewsEndpoint
from readmeter.metering.gifts import GiftsEndpoint
from readmeter.metering.reader import ReaderEndpoint
from readmeter.metering.standing import Standings
from readmeter.metering.views import Views
from readmeter.store.merging import MergeStore
from readmeter.store.notes import NoteStore
from readmeter.store.readers import ReaderStore
from readmeter.store.sites import SiteCache, Version
from tests.support.crawlers import World
from tests.support.engines import Tables

KEYRING = Keyring.parse('{"permanent": "a secret of the tests"}')
SEED = "AAAAAAAAAAAAAAAAAAAAAA"
NOW = 1_795_348_800.0  # 2026-11-22 12:00 UTC


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Desk:
    """The endpoints of views and readers, their clock (`now`), their keys, and the faults that they reported.

    No network asks too often, unless `buckets` says so, and no crawler is known, unless `world` has one.
    """

    tables: Tables
    now: float = NOW
    keyring: Keyring = KEYRING
    token_bytes: Callable[[int], bytes] = bytes
    buckets: TokenBuckets = field(default_factory=lambda: TokenBuckets(1, 1_000_000))
    world: World = field(default_factory=lambda: World(lists={}))
    faults: list[tuple[str, Exception]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._minted = count(1)
        clock = lambda: self.now  # noqa: E731
        sites = SiteCache(self.tables.sites, 0, clock)
        notes = NoteStore(self.tables.database, self.tables.meter_table)
        readers = ReaderStore(self.tables.database, self.tables.meter_table, self._fresh_bytes)
        standings = Standings.stored(self.tables.database, self.tables.site_table, clock)
        merges = MergeStore(self.tables.database, self.tables.meter_table)
        views = Views(self.tables.meters, merges, notes, self._fresh_bytes)
        report = lambda request_id, fault: self.faults.append((request_id, fault))  # noqa: E731
        around = Surroundings(sites, lambda: self.keyring, self.buckets, clock, report)
        self._views = ViewsEndpoint(views, standings, self.world.crawlers(), around)
        self._reader = ReaderEndpoint(readers, notes, standings, around)
        self._gifts = GiftsEndpoint(self.tables.meters, readers, standings, around)

    def _fresh_bytes(self, length: int) -> bytes:
        return next(self._minted).to_bytes(length, "big")

    def publish(self, site: CompiledSite) -> None:
        """Writes `site` as its next version."""
        live = self.tables.sites.live(site.current.site)
        number = live.latest.version + 1 if live else 1
        self.tables.sites.write(Version(site.current.site, number, "{}", self.now, "tests"), site)

    def view(self, article: str | None = None, **fields: Any) -> Any:
        """The JSON of a granted or denied view; the reader is `SEED`'s unless `fields` say otherwise."""
        answer = self.post({"site": "riotimes", "article": article, "seed": SEED, **fields})
        assert answer.status == 200, answer.text
        return answer.json

    def access(self, article: str | None = None, **fields: Any) -> Any:
        answer = self.post({"site": "riotimes", "article": article, "seed": SEED, **fields}, path="/v1/access")
        assert answer.status == 200, answer.text
        return answer.json

    def reader(self, token: str | None, method: str = "GET", site: str = "riotimes", **headers: str) -> Answer:
        """The answer of /v1/reader to the bearer of `token`."""
        bearer = {} if token is None else {"authorization": f"Bearer {token}"}
        asked = event(b"", "/v1/reader", method, **bearer, **headers)
        return self.send({**asked, "queryStringParameters": {"site": site}})

    def erase(self, token: str) -> None:
        assert self.reader(token, "DELETE").status == 204

    def report(self, *events: dict[str, Any], **fields: Any) -> Any:
        """The JSON of a report that was taken; the reader is `SEED`'s unless `fields` say otherwise."""
        answer = self.post({"site": "riotimes", "seed": SEED, "events": list(events), **fields}, path="/v1/events")
        assert answer.status == 202, answer.text
        return answer.json

    def post(self, body: Any, path: str = "/v1/views", method: str = "POST", **headers: str) -> Answer:
        """`body`: an object, sent as JSON, or bytes, sent as they are. Header names: underscores for hyphens."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(event(content, path, method, **headers))

    def send(self, event: dict[str, Any]) -> Answer:
        last = event["requestContext"]["http"]["path"].rpartition("/")[2]
        endpoints = {"reader": self._reader, "events": self._reader, "gifts": self._gifts}
        answer = endpoints.get(last, self._views).answer(event)
        return Answer(answer["statusCode"], answer["headers"], answer.get("cookies", []), answer.get("body", ""))


def event(content: bytes, path: str = "/v1/views", method: str = "POST", **headers: str) -> dict[str, Any]:
    """API Gateway's payload 2.0, the body in base64 as it comes for types that it does not know."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    cookie = named.pop("cookie", None)
    return {
        "version": "2.0",
        "routeKey": f"ANY {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": named,
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "127.0.0.1"},
            "requestId": f"request-{len(content)}",
        },
        "body": base64.b64encode(content).decode(),
        "isBase64Encoded": True,
        **({"cookies": [cookie]} if cookie else {}),
    }
