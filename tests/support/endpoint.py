"""The views endpoint over given tables, called with real events: what the Lambda handler does, without a process."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from readmeter.core.keys import Keyring
from readmeter.core.rules import CompiledSite
from readmeter.metering.endpoint import ViewsEndpoint
from readmeter.metering.views import Views
from readmeter.store.sites import SiteCache, Version
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
    """An endpoint, its clock (`now`), its keys, and the faults that it reported."""

    tables: Tables
    now: float = NOW
    keyring: Keyring = KEYRING
    token_bytes: Callable[[int], bytes] = bytes
    faults: list[tuple[str, Exception]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._minted = 0
        clock = lambda: self.now  # noqa: E731
        sites = SiteCache(self.tables.sites, 0, clock)
        views = Views(self.tables.meters, self._fresh_bytes)
        report = lambda request_id, fault: self.faults.append((request_id, fault))  # noqa: E731
        self._endpoint = ViewsEndpoint(views, sites, lambda: self.keyring, clock, report)

    def _fresh_bytes(self, count: int) -> bytes:
        self._minted += 1
        return self._minted.to_bytes(count, "big")

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

    def post(self, body: Any, path: str = "/v1/views", method: str = "POST", **headers: str) -> Answer:
        """`body`: an object, sent as JSON, or bytes, sent as they are. Header names: underscores for hyphens."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(event(content, path, method, **headers))

    def send(self, event: dict[str, Any]) -> Answer:
        answer = self._endpoint.answer(event)
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
