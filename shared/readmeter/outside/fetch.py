"""Fetches JSON that others publish, at an address that a publisher may have written into its site document.

No such address opens what is ours or our neighbours': public hosts alone are asked, at the very address that was looked
up and checked.
"""

import json
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from threading import Thread
from typing import Any
from urllib.parse import SplitResult, urlsplit

SECONDS = 5.0  # for all of it, from the host's name to the last byte
MOST_BYTES = 256 * 1024
_HEADERS = {"Accept": "application/json", "User-Agent": "Readmeter", "Connection": "close"}
_HOSTS = IPv6Network("2000::/3")  # all of IPv6 that is handed out; no form of an IPv4 address is in there, but for 6to4
_SPECIAL = [
    ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]

Resolve = Callable[[str, int], Sequence[str]]


class Unfetched(Exception):  # noqa: N818
    """There is nothing to use. The text is the end of a sentence that begins with what was to be fetched."""


def addresses(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system looks them up."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Fetcher:
    """Called with an https address, gives the JSON there or raises `Unfetched`. Follows no redirect.

    `loopback` admits this machine too, also by http: for `make run` and tests. `trust` is asked for what certificates
    are checked against.
    """

    def __init__(
        self,
        *,
        loopback: bool = False,
        resolve: Resolve = addresses,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        seconds: float = SECONDS,
    ) -> None:
        self._loopback = loopback
        self._resolve = resolve
        self._trust = cache(trust)  # reading the system's certificates takes longer than most answers
        self._seconds = seconds

    def __call__(self, url: str) -> Any:
        content: Future[bytes] = Future()
        opened: list[socket.socket] = []
        # In a thread, since nothing else ends a name server, or a host that answers byte by byte
        Thread(target=self._settle, args=(content, urlsplit(url), opened), daemon=True).start()
        try:
            return json.loads(content.result(self._seconds))
        except TimeoutError:
            for connection in list(opened):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            raise Unfetched(f"took longer than {self._seconds:g} seconds") from None
        except (ValueError, RecursionError):
            raise Unfetched("is not JSON") from None

    def _settle(self, content: "Future[bytes]", url: SplitResult, opened: list[socket.socket]) -> None:
        try:
            content.set_result(self._content(url, opened))
        except Exception as error:
            content.set_exception(_told(error))
        finally:
            for connection in opened:
                connection.close()

    def _content(self, url: SplitResult, opened: list[socket.socket]) -> bytes:
        host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        connection = HTTPConnection(host, port)
        connection.sock = self._connected(url.scheme, host, port)
        opened.append(connection.sock)
        if url.scheme == "https":
            secured = self._trust().wrap_socket(connection.sock, server_hostname=host, do_handshake_on_connect=False)
            opened.append(secured)
            secured.do_handshake()
            connection.sock = secured
        target = url._replace(scheme="", netloc="", fragment="").geturl() or "/"
        connection.request("GET", target, headers={"Host": url.netloc, **_HEADERS})
        with connection.getresponse() as answer:
            return _read(answer)

    def _connected(self, scheme: str, host: str, port: int) -> socket.socket:
        admitted = [address for address in self._resolve(host, port) if self._admits(scheme, address)]
        fault: Exception = Unfetched("has no public address that can be asked by https")
        for address in admitted:
            try:
                return socket.create_connection((address, port), self._seconds)
            except OSError as error:
                fault = error
        raise fault

    def _admits(self, scheme: str, address: str) -> bool:
        ip = ip_address(address)
        if ip.is_loopback:
            return self._loopback and scheme in ("http", "https")
        return scheme == "https" and _is_public(ip)


def _read(answer: HTTPResponse) -> bytes:
    if answer.status != 200:
        redirects = ", a redirect, and none is followed" if 300 <= answer.status < 400 else ""
        raise Unfetched(f"answers {answer.status}{redirects}")
    content = answer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Unfetched(f"is larger than {MOST_BYTES // 1024} KB")
    return content


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    """Whether it is one host's that anybody may ask, by no translator and no tunnel."""
    if not ip.is_global or ip.is_multicast or any(ip in network for network in _SPECIAL):
        return False
    return isinstance(ip, IPv4Address) or ip in _HOSTS


def _told(error: Exception) -> Exception:
    """What went wrong, without what the host said."""
    if isinstance(error, Unfetched | TimeoutError):
        return error
    if isinstance(error, socket.gaierror):
        return Unfetched("is at a host whose address is not known")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unfetched("has a certificate that does not prove its host")
    if isinstance(error, OSError):
        return Unfetched("cannot be reached")
    return Unfetched("does not answer by HTTP" if isinstance(error, HTTPException) else "is not at an address")
