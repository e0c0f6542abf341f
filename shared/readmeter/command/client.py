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
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import Session

LOCAL_TOKEN = "local-admin"  # noqa: S105 - the word of the local gateway, which listens on loopback only
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_REGION = re.compile(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.com$")
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
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


class Body(Protocol):
    def read(self, amount: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Response:
    """Any status; `body` is read by who asked."""

    status: int
    body: Body


Transport = Callable[[Request], Response]  # raises OSError where no answer came


def urllib_transport(seconds: float = 60) -> Transport:
    """The real network; no answer within `seconds` is none."""

    def send(request: Request) -> Response:
        asked = urllib.request.Request(  # noqa: S310 - the client sends http to loopback and https elsewhere
            request.url, request.body, dict(request.headers), method=request.method
        )
        try:
            answer = urllib.request.urlopen(asked, timeout=seconds)  # noqa: S310
        except urllib.error.HTTPError as refusal:
            return Response(refusal.code, refusal)
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        return Response(answer.status, answer)

    return send


class Client:
    """The service at `api`. Environment: READMETER_TOKEN, and AWS's own variables where requests are signed."""

    def __init__(self, api: str, environ: Mapping[str, str], transport: Transport) -> None:
        self._api = _checked(api)
        self._sign = _signer(self._api, environ)
        self._transport = transport

    def call(self, method: str, path: str, query: Mapping[str, str | None] | None = None, body: object = None) -> Any:
        """The answer's JSON. Raises `Refused` with what the problem says, `Unreachable` where there is no answer."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        url = self._api + path + (f"?{urlencode(given)}" if given else "")
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"accept": "application/json"} | ({} if content is None else {"content-type": "application/json"})
        with closing(_Open(self._send(self._sign(Request(method, url, headers, content))))) as response:
            try:
                text = response.body.read()
            except OSError as error:
                raise Unreachable(f"The answer of {self._api} broke off: {error}.") from None
            return _answered(self._api, response.status, text)

    def download(self, url: str) -> Iterator[bytes]:
        """The bytes behind a link of an answer, in pieces. The link carries its own permission: nothing is added."""
        with closing(_Open(self._send(Request("GET", _checked(url))))) as response:
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
    """Text as one segment of a path."""
    return quote(text, safe="")


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misused(f"{url!r} is no address: it begins with https://, or http:// on this machine.")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise Misused(f"{parts.hostname} is not this machine: its address must begin with https://.")
    return url.rstrip("/")


def _signer(api: str, environ: Mapping[str, str]) -> Callable[[Request], Request]:
    """Adds what proves who is asking: a token if one is given or the service is local, else AWS's signature."""
    host = urlsplit(api).hostname or ""
    token = environ.get("READMETER_TOKEN") or (LOCAL_TOKEN if host in _LOOPBACK else "")
    if token:
        return lambda request: Request(
            request.method, request.url, {**request.headers, "authorization": f"Bearer {token}"}, request.body
        )
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
        return Request(request.method, request.url, dict(signed.headers.items()), request.body)

    return sign


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
    errors = document.get("errors") or []
    fields = [f"{each.get('pointer', '').lstrip('/').replace('/', '.')}: {each.get('detail', '')}" for each in errors]
    said = str(document.get("detail") or document.get("message") or document.get("title") or "")
    return " ".join([said, *[f"[{one}]" for one in fields]]).strip()
