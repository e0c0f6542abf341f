"""Every kind of decision: the event that API Gateway would send, and what the store holds of its reader."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt.algorithms import ECAlgorithm

from benchmarks.stub import Canned
from readmeter.core.article import digest
from readmeter.core.encoding import base64url
from readmeter.core.keys import Keyring
from readmeter.core.tokens import Reader, reader_token, registered_reader
from readmeter.sites.compile import compile_site
from readmeter.sites.document import SiteDocument
from readmeter.store.accounts import account_key
from readmeter.store.meters import partition

ORIGIN = "https://www.riotimesonline.com"
SITE, WINDOW_SITE = "riotimes", "riotimes-window"  # one counts by calendar months, one by windows of 30 days
READ_BEFORE = ("seen-1", "seen-2", "seen-3", "seen-4", "seen-5")
STAMP = "2026-11-22|3|anonymous|reader"
_SECRET = json.dumps({"permanent": "the secret of a benchmark, as long as a real one is"})
_KEYRING = Keyring.parse(_SECRET)
_DAY = 86_400
_METER = {"name": "default", "limits": {"anonymous": 5}}
_ISSUER, _KEY = "https://id.riotimesonline.com", generate_private_key(SECP256R1())
# Every kind of reader that a site may have: what an anonymous view costs is with all of them
_READERS = {
    "identity": {
        "issuer": _ISSUER,
        "keys": [{"kid": "1", "alg": "ES256", "jwk": ECAlgorithm.to_jwk(_KEY.public_key(), as_dict=True)}],
    },
    "institutions": [{"name": f"USP {n}", "cidrs": [f"143.107.{n}.0/24", f"2001:12d0:{n}::/48"]} for n in range(20)],
    "campaigns": [{"name": "newsletter", "per_reader": 5}],
    "referrers": ["news.google.com"],
    "gifts": {"per_month": 10, "valid_days": 5},
    "lift": [{"until": "2099-01-01T00:00:00Z", "match": {"tags": ["storm"]}}],
    "locked": {"tags": ["premium"]},
}

Ask = Callable[[str], dict[str, Any]]  # calls the handler with an event's text: the answer in payload 2.0


@dataclass(frozen=True)
class Kind:
    """One kind of decision. `reason` is what the answer has to say ("" where it is refused with `status`)."""

    name: str
    event: str
    reason: str = ""
    status: int = 200

    def check(self, answer: dict[str, Any]) -> None:
        """Raises AssertionError where the handler answered something else: then nothing was measured."""
        assert answer["statusCode"] == self.status, (self.name, answer)
        found = json.loads(answer["body"]).get("reason", "")
        assert found == self.reason, (self.name, answer["body"])


@dataclass
class _Store:
    """The canned store, as readers are put into it."""

    items: dict[str, Any] = field(default_factory=dict)
    refusing: list[str] = field(default_factory=list)

    def reader(
        self, number: int, read: tuple[str, ...], *, refuses: bool = False, site: str = SITE, **more: Any
    ) -> str:
        """A reader who has read these articles; the answer is the token that the page keeps."""
        reader = Reader(number.to_bytes(16, "big"))
        name = partition(site, reader.name)["S"]
        self.items[name] = meter_item(site, name, read) | more
        self.refusing += [name] if refuses else []
        return reader_token(_KEYRING, site, reader, time.time())

    def canned(self) -> Canned:
        usual = {"pk": {"S": "usual"}, "sk": {"S": "2026-11"}, "a": {"SS": ["seen-1", "seen-2"]}}
        return Canned(_SECRET, self.items, self.refusing, usual)


def meter_item(site: str, name: str, read: tuple[str, ...]) -> dict[str, Any]:
    """An item of the meter table that holds these reads, in DynamoDB's JSON."""
    counted = [digest(_KEYRING.permanent_key("article", site), article) for article in read]
    stamps = {base64url(each): {"S": STAMP} for each in counted}
    digests = {"a": {"BS": [base64.b64encode(each).decode() for each in counted]}}
    return {"pk": {"S": name}, "sk": {"S": "P#default#2026-11"}, **digests, **stamps, "x": {"N": "1800000000"}}


def event(body: dict[str, Any], content_type: str = "text/plain;charset=UTF-8") -> str:
    """A view as API Gateway passes it on (payload 2.0), with what a browser sends."""
    content = json.dumps(body)
    headers = {
        "accept": "*/*",
        "accept-encoding": "gzip, deflate, br, zstd",
        "accept-language": "en-GB,en;q=0.9",
        "content-length": str(len(content)),
        "content-type": content_type,
        "host": "abc1234567.execute-api.us-east-1.amazonaws.com",
        "origin": ORIGIN,
        "referer": f"{ORIGIN}/",
        "sec-fetch-dest": "empty",
        "sec-fetch-mode": "cors",
        "sec-fetch-site": "cross-site",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0",
        "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    http = {"method": "POST", "path": "/v1/views", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}
    context = {"http": http, "requestId": "JKJaXmPLvHcESHA=", "stage": "$default", "timeEpoch": 1795345200000}
    given = {"version": "2.0", "routeKey": "ANY /v1/views", "rawPath": "/v1/views", "rawQueryString": ""}
    return json.dumps(
        {**given, "headers": headers, "requestContext": context, "body": content, "isBase64Encoded": False}
    )


def body(article: str | None, reader: str, site: str = SITE, **more: Any) -> dict[str, Any]:
    """What the snippet sends."""
    return {
        "site": site,
        "article": article,
        "url": f"{ORIGIN}/2026/11/22/{article}",
        "view": "9b2f5c1e-7a43-4d0e-8f6b-2c1d3e4f5a6b",
        "reader": reader,
        "seed": "8f6b-2c1d3e4f5a6b7c8d9",
        "sections": ["Business"],
        "tags": ["economy", "energy"],
        "locale": "en",
        **more,
    }


def prepared() -> tuple[Canned, Callable[[Ask], list[Kind]]]:
    """The store, and what makes the kinds: pages get their state from the handler's own answers."""
    store = _Store()
    periods: dict[str, dict[str, object]] = {SITE: {"unit": "month"}, WINDOW_SITE: {"unit": "days", "days": 30}}
    for site, period in periods.items():
        compiled = compile_site(_document(site, period), 3, None, time.time())
        store.items[f"S#{site}"] = {"rules": {"S": compiled.dump()}}
    newcomer = store.reader(1, READ_BEFORE[:2])
    again = store.reader(2, (*READ_BEFORE[:1], "article"))
    over = store.reader(3, READ_BEFORE, refuses=True)
    opened = {"ws": {"N": str(int(time.time()) - 40 * _DAY)}}
    back = store.reader(4, READ_BEFORE, refuses=True, site=WINDOW_SITE, **opened)
    signed_in = registered_reader(_KEYRING, SITE, "reader-7")
    store.items[account_key(SITE, signed_in.name)["pk"]["S"]] = account_key(SITE, signed_in.name)
    store.items[partition(SITE, signed_in.name)["S"]] = meter_item(SITE, signed_in.name, READ_BEFORE)
    registered = reader_token(_KEYRING, SITE, signed_in, time.time())
    shown = [{"kind": "prompt_shown", "article": "seen-1", "at": "2026-11-22T12:00:00Z"}]

    def kinds(ask: Ask) -> list[Kind]:
        counted = Kind("counted", event(body("article", newcomer)), "metered")
        denied = Kind("wall, asked of the database", event(body("article", over)), "limit_reached")
        states = [json.loads(ask(each.event)["body"])["state"] for each in (counted, denied)]
        return [
            counted,
            Kind("repeat, known by the page's state", event(body("article", newcomer, state=states[0])), "repeat"),
            Kind("repeat, asked of the database", event(body("article", again)), "repeat"),
            Kind("wall, known by the page's state", event(body("other", over, state=states[1])), "limit_reached"),
            denied,
            Kind("exempt article", event(body("article", newcomer, sections=["Obituaries"])), "exempt"),
            Kind("bad request (422)", event(body(None, newcomer, url=None)), status=422),
            Kind("counted, with one event of the page", event(body("article", newcomer, events=shown)), "metered"),
            Kind("counted, first of a new window", event(body("article", back, WINDOW_SITE)), "metered"),
            Kind(
                "counted, of a registered reader", event(body("article", registered, identity=_identity())), "metered"
            ),
            Kind(
                "subscriber, by claim",
                event(body("article", registered, identity=_identity(subscriber=True))),
                "subscriber",
            ),
        ]

    return store.canned(), kinds


def _identity(**claims: Any) -> str:
    """As long as the bench runs."""
    now = int(time.time())
    said = {"iss": _ISSUER, "aud": SITE, "sub": "reader-7", "iat": now, "exp": now + 7200, **claims}
    return jwt.encode(said, _KEY, "ES256", {"kid": "1"})


def _document(site: str, period: dict[str, object]) -> SiteDocument:
    return SiteDocument.model_validate(
        {
            "site": site,
            "name": "The Rio Times",
            "origins": [ORIGIN],
            "timezone": "America/Sao_Paulo",
            "meters": [{**_METER, "period": period}],
            "exempt": {"sections": ["obituaries"]},
            **_READERS,
            "prompt": {"subscribe_url": f"{ORIGIN}/subscribe", "sign_in_url": f"{ORIGIN}/sign-in"},
        }
    )
