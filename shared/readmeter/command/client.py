"""The admin API as the command calls it: signed for where it goes, its refusals told in a line.

The network is one function, `Transport`; everything above it can be tested without one.
"""

import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from email.message import Message
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import Session

from readmeter.core.encoding import base64url

LOCAL_TOKEN = "local-admin"  # noqa: S105 - the word of the local gateway, which listens on loopback only
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_REGION = re.compile(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.com$")
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_CHUNK = 1 << 16
_CANNOT_NOW = {429, 502, 503, 504}


class CommandError(Exception):
    """Ends the command with `exit_code`; its text is the line that the user reads."""

    exit_code = 1


class Refused(CommandError):  # noqa: N818
    """The service, or a rule of ours, says no."""


class Misused(CommandError):  # noqa: N818
    """The command was called in a way that cannot work."""

    exit_code = 2


class Unreachable(CommandError):  # noqa: N818
    """No answer, or none that a service of ours gives."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Request:
    """No answer within `seconds` is none."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    seconds: float = 60


class Body(Protocol):
    def read(self, amount: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Response:
    """Any status, a redirect's too; `body` is read by who asked.

    Headers have their names in lower case; what came several times under one name stands there with commas between.
    """

    status: int
    body: Body
    headers: Mapping[str, str] = field(default_factory=dict)


Transport = Callable[[Request], Response]  # raises OSError where no answer came


class _Stay(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else: what proves who is asking would go along."""

    def redirect_request(self, *_: object) -> None:
        return None


def urllib_transport() -> Transport:
    """The real network."""
    opener = urllib.request.build_opener(_Stay)

    def send(request: Request) -> Response:
        asked = urllib.request.Request(  # noqa: S310 - who asks sends http to loopback and https elsewhere
            request.url, request.body, dict(request.headers), method=request.method
        )
        try:
            answer = opener.open(asked, timeout=request.seconds)
        except urllib.error.HTTPError as refusal:
            return Response(refusal.code, refusal, _headers(refusal.headers))
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        return Response(answer.status, answer, _headers(answer.headers))

    return send


def _headers(message: Message) -> dict[str, str]:
    return {name.lower(): ", ".join(message.get_all(name, [])) for name in message}


@dataclass(frozen=True, slots=True)
class Content:
    """A body as its author wrote it: a site document, a list."""

    kind: str
    content: bytes


class Client:
    """The service at `api`. Environment: READMETER_TOKEN, and AWS's own variables where requests are signed."""

    def __init__(self, api: str, environ: Mapping[str, str], transport: Transport) -> None:
        self._api = checked(api)
        self._sign = _signer(self._api, environ)
        self._transport = transport

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | None] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer's JSON. Raises `Refused` with what the problem says, `Unreachable` where there is no answer."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        # A blank is %20, as AWS's signature has it: a plus would be signed as one
        url = self._api + path + (f"?{urlencode(given, quote_via=quote, safe='')}" if given else "")
        sent = _content(body)
        named = {"accept": "application/json", **(headers or {})} | ({"content-type": sent.kind} if sent else {})
        request = Request(method, url, named, sent.content if sent else None)
        with closing(_Open(self._send(self._sign(request)))) as response:
            try:
                text = response.body.read()
            except OSError as error:
                raise Unreachable(f"The answer of {self._api} broke off: {error}.") from None
            return _answered(self._api, response.status, text)

    def download(self, url: str) -> Iterator[bytes]:
        """The bytes behind a link of an answer, in pieces. The link carries its own permission: nothing is added."""
        with closing(_Open(self._send(Request("GET", checked(url))))) as response:
            if response.status != 200:
                raise Refused(f"A download link answered {response.status}: links are short-lived, ask again.")
            try:
                while piece := response.body.read(_CHUNK):
                    yield piece
            except (OSError, http.client.HTTPException) as error:
                raise Unreachable(f"A download broke off: {error}.") from None

    def _send(self, request: Request) -> Response:
        try:
            return self._transport(request)
        except OSError as error:
            where = urlsplit(request.url).netloc
            reason = getattr(error, "reason", None) or error
            raise Unreachable(
                f"Nothing answers at {where} ({reason}). Is it running? For another: --api URL."
            ) from None


class _Open:
    """A response that closes its body."""

    def __init__(self, response: Response) -> None:
        self.status, self.body = response.status, response.body

    def close(self) -> None:
        self.body.close()


def segment(text: str) -> str:
    """Text as one segment of a path. Raises `Misused` for one that would lead to another path."""
    if text in ("", ".", ".."):
        raise Misused(f"{text!r} is no name.")
    return quote(text, safe="")


def words(text: str) -> str:
    """Somebody else's words as one segment, for `site_path`: a reader's name may hold what gateways decode or read."""
    return text if _PLAIN.fullmatch(text) else f"~{base64url(text.encode())}"


def site_path(*names: str) -> str:
    """Of the sites, of one, or of what is below it."""
    return "/".join(["/v1/admin/sites", *map(segment, names)])


def checked(url: str) -> str:
    """The address without a slash at its end. Raises `Misused` for one that no secret may go to."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misused(f"{url!r} is no address: it begins with https://, or http:// on this machine.")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise Misused(f"{parts.hostname} is not this machine: its address must begin with https://.")
    return url.rstrip("/")


def _signer(api: str, environ: Mapping[str, str]) -> Callable[[Request], Request]:
    """Adds what proves who is asking: a token if one is given or the service is local, else AWS's signature."""
    parts = urlsplit(api)
    host = parts.hostname or ""
    # What `make run` starts has no TLS: https on this machine leads elsewhere, or to an emulator of AWS
    token = environ.get("READMETER_TOKEN") or (LOCAL_TOKEN if parts.scheme == "http" else "")
    if token:
        return lambda request: replace(request, headers={**request.headers, "authorization": f"Bearer {token}"})
    session = Session()
    found = _REGION.search(host)
    region = found[1] if found else session.get_config_variable("region")
    if region is None:
        raise Misused(f"{host} does not name its AWS region: set AWS_REGION.")
    credentials = session.get_credentials()
    if credentials is None:
        raise Misused("No AWS credentials found: log in (aws sso login) or set READMETER_TOKEN.")

    def sign(request: Request) -> Request:
        signed = AWSRequest(request.method, request.url, dict(request.headers), request.body)
        SigV4Auth(credentials, "execute-api", region).add_auth(signed)
        return replace(request, headers=dict(signed.headers.items()))

    return sign


def _content(body: object) -> Content | None:
    if body is None or isinstance(body, Content):
        return body
    return Content("application/json", json.dumps(body, ensure_ascii=False).encode())


def _answered(api: str, status: int, text: bytes) -> Any:
    try:
        document = json.loads(text) if text else {}
    except ValueError:
        raise Unreachable(f"{api} answered {status} with something else than JSON. Is it Readmeter?") from None
    if 200 <= status < 300:
        return document
    said = _problem(document) if isinstance(document, dict) else ""
    if status in _CANNOT_NOW or status >= 500:
        raise Unreachable(f"{api} cannot answer now ({status}{': ' + said if said else ''}). Try again in a minute.")
    raise Refused(said or f"{api} answered {status}.")


def _problem(document: Mapping[str, Any]) -> str:
    """A problem+json in a line, its fields named; API Gateway's own `{"message": …}` as it is."""
    said = str(document.get("detail") or document.get("message") or document.get("title") or "")
    errors = [each for each in document.get("errors") or [] if each.get("detail", "") not in said]
    fields = [f"{each.get('pointer', '').lstrip('/').replace('/', '.')}: {each.get('detail', '')}" for each in errors]
    return " ".join([said, *[f"[{one}]" for one in fields]]).strip()
