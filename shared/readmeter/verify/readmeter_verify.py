"""Withholds an article's text until a Readmeter grant verifies: WSGI and ASGI middleware, and the check by itself.

One file that needs the standard library alone (Python 3.11 or newer): copy it into your project. docs/body-withheld.md
has examples.

    app = ReadmeterMiddleware(app, keys=Keys(read_grant_keys), page=page_of)

Where `page_of` names a page, the request is answered by `app` only if it brings a grant for that very page in
`Authorization: Readmeter <grant>`. What the page is comes from you, never from the request.
"""

import base64
import hashlib
import hmac
import inspect
import json
import logging
import time
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LEEWAY = 30.0  # seconds that clocks may differ
KEPT_FOR = 60.0  # seconds
RETRY_AFTER = 30.0  # seconds, where the keys could not be read
MOST_NAMES = 20
MOST_NAME_CHARACTERS = 64
MOST_GRANT_CHARACTERS = 4096

Why = Literal[
    "missing",
    "no_keys",
    "malformed",
    "wrong_algorithm",
    "unknown_key",
    "wrong_signature",
    "wrong_site",
    "not_yet_valid",
    "expired",
    "wrong_article",
    "wrong_page",
    "soft",
]

_LOG = logging.getLogger("readmeter.verify")
_DETAILS: Mapping[Why, str] = {
    "missing": "The text of this article needs a grant, and the request has none.",
    "no_keys": "The text of this article cannot be given out now; try again.",
}
_REFUSED = "The grant is not one for this article."
_BASE64URL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
# Names are compared in a form that every runtime comes to: ASCII case, and what JavaScript's trim() takes away.
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_SPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f"
    "\u3000\ufeff"
)
# What browsers leave as it is in an address; other characters they percent-encode.
_IN_ADDRESSES = "!#$%&'()*+,-./:;=?@[\\]^_|~"


@dataclass(frozen=True, slots=True)
class Page:
    """An article as its own page describes itself to the script.

    `url` is its address as browsers show it: the canonical one where the page names one on its own origin. `sections`
    and `tags` are what the page says in `article:section` and `article:tag`, JSON-LD, or the script's attributes.
    `article` is `data-article`; None where there is none, and the address is what counts.
    """

    url: str
    sections: Iterable[str] = ()
    tags: Iterable[str] = ()
    article: str | None = None

    @property
    def identity(self) -> str:
        """What the meter counts by."""
        if self.article is not None:
            return unicodedata.normalize("NFC", self.article)
        return _address(self.url).split("#", 1)[0].split("?", 1)[0]

    @property
    def hash(self) -> str:
        """What the page says of itself, in short: the claim `page` of its grants."""
        said = f"{_listed(self.sections)};{_listed(self.tags)};{urlsplit(_address(self.url)).path}"
        return _base64url(hashlib.sha256(said.encode()).digest()[:16])


@dataclass(frozen=True, slots=True)
class GrantKeys:
    """What GET /v1/admin/sites/{site}/grant-keys tells. `keys`: by id, with the epoch second each verifies until."""

    site: str
    soft_grants: bool
    keys: Mapping[str, tuple[bytes, float]]

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Raises ValueError or KeyError where it is not such an answer."""
        data = json.loads(text)
        keys = {key["kid"]: (_decoded(key["k"]), _instant(key["expires"])) for key in data["keys"]}
        if not keys:
            raise ValueError("there is no key in it")
        return cls(data["site"], data["soft_grants"] is True, keys)


class Keys:
    """Called, gives the keys: read anew every minute, the last good ones kept. None where there never were any.

    `read` answers the JSON text of GET /v1/admin/sites/{site}/grant-keys and may raise anything.
    """

    def __init__(self, read: Callable[[], str | bytes], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._keys: GrantKeys | None = None
        self._due = -inf
        self._reading = Lock()

    def __call__(self) -> GrantKeys | None:
        # One request reads them anew; the others wait for it only where there are none yet.
        if self._clock() >= self._due and self._reading.acquire(blocking=self._keys is None):
            try:
                self._renew()
            finally:
                self._reading.release()
        return self._keys

    def _renew(self) -> None:
        now = self._clock()
        if now < self._due:
            return
        try:
            self._keys = GrantKeys.parse(self._read())
            self._due = now + KEPT_FOR
        except Exception:
            _LOG.exception("Readmeter's grant keys cannot be read.")
            self._due = now + RETRY_AFTER


@dataclass(frozen=True, slots=True)
class Granted:
    """The text may be given out. `reader` tells readers of the site apart; `soft` is true of grants by campaign."""

    reason: str
    reader: str
    soft: bool


@dataclass(frozen=True, slots=True)
class Refused:
    why: Why


class Verifier:
    """Says of a grant whether it is one for a page."""

    def __init__(self, keys: Callable[[], GrantKeys | None]) -> None:
        self._keys = keys

    def check(self, grant: str | None, page: Page, now: float) -> Granted | Refused:
        """`now` is in seconds since the epoch."""
        if not grant:
            return Refused("missing")
        known = self._keys()
        if known is None:
            return Refused("no_keys")
        opened = _open(grant, known, now)
        return opened if isinstance(opened, Refused) else _judge(*opened, known, page, now)


def _open(grant: str, known: GrantKeys, now: float) -> tuple[bytes, dict[str, Any]] | Refused:
    """The key that a grant is signed with, and its claims."""
    parts = grant.split(".") if len(grant) <= MOST_GRANT_CHARACTERS else []
    head, claims = (_object(part) for part in parts[:2]) if len(parts) == 3 else (None, None)
    if head is None or claims is None or not _BASE64URL.issuperset(parts[2]):
        return Refused("malformed")
    if head.get("alg") != "HS256":
        return Refused("wrong_algorithm")
    kid = head.get("kid")
    key, expires = known.keys.get(kid, (b"", -inf)) if isinstance(kid, str) else (b"", -inf)
    if now >= expires:
        return Refused("unknown_key")
    # As text: bytes can be written in more than one way.
    signature = _base64url(hmac.digest(key, f"{parts[0]}.{parts[1]}".encode(), hashlib.sha256))
    return (key, claims) if hmac.compare_digest(signature, parts[2]) else Refused("wrong_signature")


def _judge(key: bytes, claims: dict[str, Any], known: GrantKeys, page: Page, now: float) -> Granted | Refused:
    """Whether genuine claims are for this page, now."""
    article = _base64url(hmac.digest(key, f"article\0{page.identity}".encode(), hashlib.sha256)[:16])
    soft = claims.get("soft") is True
    if (claims.get("iss"), claims.get("aud")) != ("readmeter", known.site):
        return Refused("wrong_site")
    if claims["iat"] > now + LEEWAY:
        return Refused("not_yet_valid")
    if claims["exp"] <= now - LEEWAY:
        return Refused("expired")
    if not hmac.compare_digest(article, claims.get("art", "")):
        return Refused("wrong_article")
    if not hmac.compare_digest(page.hash, claims["page"]):
        return Refused("wrong_page")
    if soft and not known.soft_grants:
        return Refused("soft")
    return Granted(claims["reason"], claims["sub"], soft)


@dataclass(frozen=True, slots=True)
class _Guard:
    """What both kinds of middleware ask."""

    verifier: Verifier
    when_keys_are_missing: Literal["closed", "open"]
    enforced: Callable[[], bool]
    clock: Callable[[], float]

    def refusal(self, authorization: str | None, page: Page) -> Refused | None:
        """Why the text is not given out, None where it is."""
        if not self.enforced():
            return None
        scheme, _, grant = (authorization or "").partition(" ")
        found = self.verifier.check(grant.strip() if scheme.lower() == "readmeter" else None, page, self.clock())
        if isinstance(found, Granted) or (found.why == "no_keys" and self.when_keys_are_missing == "open"):
            return None
        return found


class ReadmeterMiddleware:
    """WSGI. Where `page` names one, `app` answers only a request with a grant for it.

    `keys` gives the site's keys (`Keys`); while there are none, nobody gets in, or everybody who brings a grant
    (`when_keys_are_missing="open"`). While `enforced` says no, everybody gets in.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        keys: Callable[[], GrantKeys | None],
        page: Callable[["WSGIEnvironment"], Page | None],
        when_keys_are_missing: Literal["closed", "open"] = "closed",
        enforced: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._page = page
        self._guard = _Guard(Verifier(keys), when_keys_are_missing, enforced, clock)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        page = self._page(environ)
        if page is None:
            return self._app(environ, start_response)
        refusal = self._guard.refusal(environ.get("HTTP_AUTHORIZATION"), page)
        if refusal is None:
            return self._app(environ, _private(start_response))
        status, headers, body = _problem(refusal)
        start_response(status, headers)
        return [body]


Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class ReadmeterAsgiMiddleware:
    """ASGI: as `ReadmeterMiddleware`. `page` takes the scope, and may be a coroutine function."""

    def __init__(
        self,
        app: AsgiApp,
        *,
        keys: Callable[[], GrantKeys | None],
        page: Callable[[Scope], Page | Awaitable[Page | None] | None],
        when_keys_are_missing: Literal["closed", "open"] = "closed",
        enforced: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._page = page
        self._guard = _Guard(Verifier(keys), when_keys_are_missing, enforced, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._page(scope) if scope["type"] == "http" else None
        page = await found if inspect.isawaitable(found) else found
        if page is None:
            return await self._app(scope, receive, send)
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        refusal = self._guard.refusal(headers.get(b"authorization", b"").decode("latin-1"), page)
        if refusal is None:
            return await self._app(scope, receive, _private_send(send))
        status, answered, body = _problem(refusal)
        encoded = [(name.lower().encode(), value.encode()) for name, value in answered]
        await send({"type": "http.response.start", "status": int(status[:3]), "headers": encoded})
        return await send({"type": "http.response.body", "body": body})


def _private(start_response: "StartResponse") -> "StartResponse":
    """What was given out to one reader is nobody else's, whatever the app says of caching."""

    def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
        kept = [(name, value) for name, value in headers if name.lower() != "cache-control"]
        return start_response(
            status, [*kept, ("Cache-Control", "private, no-store"), ("Vary", "Authorization")], *error
        )

    return start


def _private_send(send: Send) -> Send:
    async def start(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message.get("headers", ()) if name.lower() != b"cache-control"]
            added = [(b"cache-control", b"private, no-store"), (b"vary", b"Authorization")]
            message = {**message, "headers": [*kept, *added]}
        await send(message)

    return start


def _problem(refusal: Refused) -> tuple[str, list[tuple[str, str]], bytes]:
    """The answer to who may not have the text (RFC 9457)."""
    number, title = (503, "Service Unavailable") if refusal.why == "no_keys" else (403, "Forbidden")
    detail = _DETAILS.get(refusal.why, _REFUSED)
    told = {"type": "about:blank", "title": title, "status": number, "detail": detail, "reason": refusal.why}
    body = json.dumps(told).encode()
    headers = [
        ("Content-Type", "application/problem+json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    return f"{number} {title}", headers, body


def _listed(names: Iterable[str]) -> str:
    """Up to 20 names as the script sends them, in the form that they are compared in."""
    said = (name.strip(_SPACE)[:MOST_NAME_CHARACTERS] for text in names for name in text.split(","))
    sent = list(dict.fromkeys(name for name in said if name))[:MOST_NAMES]
    return "".join(f"{name}," for name in sorted({quote(_plain(name), safe="") for name in sent}))


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip(_SPACE).translate(_LOWER)


def _address(url: str) -> str:
    return quote(url, safe=_IN_ADDRESSES)


def _object(part: str) -> dict[str, Any] | None:
    """The JSON object in a part of a grant."""
    try:
        data = json.loads(_decoded(part))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _decoded(text: str) -> bytes:
    """Raises ValueError where it is no base64url without padding (RFC 4648 section 5)."""
    if not _BASE64URL.issuperset(text):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _instant(text: str | None) -> float:
    """ISO 8601 in seconds since the epoch; what does not end, at infinity."""
    return inf if text is None else datetime.fromisoformat(text).timestamp()
