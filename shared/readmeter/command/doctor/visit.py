"""Pages fetched as a reader's browser would, without being one: GETs only, few, each bounded in size and time."""

import re
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.parse import urljoin, urlsplit

from readmeter.command.client import CommandError, Request, Transport, checked

MOST_GETS = 12
MOST_BYTES = 4_000_000
MOST_SECONDS = 10
_MOST_REDIRECTS = 5
_CHUNK = 1 << 16
_HEADERS = {
    "accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "accept-encoding": "identity",
    "user-agent": "Mozilla/5.0 (compatible; readmeter doctor)",
}
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of any status. `url` is where it came from, `passed` the addresses that led there."""

    url: str
    status: int
    headers: Mapping[str, str]
    text: str
    passed: tuple[str, ...] = ()

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    @property
    def is_html(self) -> bool:
        return "html" in self.header("content-type")


class NotFetched(Exception):  # noqa: N818 - named as the outcome it leads to
    """No answer that can be judged; its text says why."""


@dataclass
class Visitor:
    """What may still be fetched."""

    transport: Transport
    clock: Callable[[], float]
    gets: int = field(default=0, init=False)

    def get(self, url: str, within: str | None = None) -> Fetched:
        """Follows redirects; with `within`, only such as stay at that origin. Raises `NotFetched`."""
        passed: list[str] = []
        while True:
            if within is not None and origin_of(url) != within:
                raise NotFetched(f"{url} is not at {within}")
            status, headers, body = self._get(url)
            where = headers.get("location")
            if status not in (301, 302, 303, 307, 308) or not where:
                return Fetched(url, status, headers, _text(body, headers), tuple(passed))
            if len(passed) == _MOST_REDIRECTS:
                raise NotFetched(f"{passed[0]} leads from one address to the next without an end")
            passed.append(url)
            url = urljoin(url, where).partition("#")[0]

    def _get(self, url: str) -> tuple[int, Mapping[str, str], bytes]:
        try:
            checked(url)
        except CommandError as error:
            raise NotFetched(str(error).removesuffix(".")) from None
        if self.gets == MOST_GETS:
            raise NotFetched(f"{MOST_GETS} addresses were fetched already, and more is not asked of a site")
        self.gets += 1
        until = self.clock() + MOST_SECONDS
        try:
            response = self.transport(Request("GET", url, _HEADERS, seconds=MOST_SECONDS))
            with closing(response.body) as body:
                content = b""
                while piece := body.read(_CHUNK):
                    content += piece
                    if len(content) > MOST_BYTES:
                        raise NotFetched(f"{url} is larger than {MOST_BYTES // 1_000_000} MB")
                    if self.clock() > until:
                        raise NotFetched(f"{url} was not there after {MOST_SECONDS} s")
        except (OSError, HTTPException) as error:
            raise NotFetched(f"{url} does not answer ({getattr(error, 'reason', None) or error})") from None
        return response.status, response.headers, _unpacked(content, response.headers)


def origin_of(url: str) -> str:
    """As browsers send it."""
    parts = urlsplit(url)
    port = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(port)}"


def _unpacked(content: bytes, headers: Mapping[str, str]) -> bytes:
    """Some servers compress what nobody asked them to."""
    if headers.get("content-encoding", "").lower() != "gzip":
        return content
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(content, MOST_BYTES)
    except zlib.error:
        return b""


def _text(content: bytes, headers: Mapping[str, str]) -> str:
    named = _CHARSET.search(headers.get("content-type", "")) or _CHARSET.search(content[:2048].decode("latin-1"))
    try:
        return content.decode(named[1] if named else "utf-8", "replace")
    except LookupError:
        return content.decode("utf-8", "replace")
