"""Somebody else's web server, which answers by TLS whatever it is told to, well formed or not."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tests.support.front import self_signed

HOST = "keys.publisher.test"
LOOPBACK = "127.0.0.1"


def answering(content: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


@dataclass
class Published:
    """A server for `HOST`. `answer` is sent to every request, then it hangs up; None: it never answers.

    `drip` is sent after it, again and again, for as long as somebody listens. `requests` are those that came.
    """

    port: int
    certificate: Path
    answer: bytes | None = answering(b"{}")
    drip: bytes = b""
    requests: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}/keys.json"

    def publish(self, document: Any) -> None:
        self.answer = answering(json.dumps(document).encode())

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.certificate)


@contextmanager
def published(folder: Path) -> Iterator[Published]:
    certificate, key = self_signed(folder, [HOST])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    over = Event()
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server((LOOPBACK, 0)))
        server = Published(listening.getsockname()[1], certificate)
        thread = Thread(target=_serve, args=(listening, context, server, over))
        thread.start()
        try:
            yield server
        finally:
            over.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listening: socket.socket, context: ssl.SSLContext, server: Published, over: Event) -> None:
    while not over.is_set():
        with suppress(OSError), listening.accept()[0] as plain:
            plain.settimeout(10)
            with context.wrap_socket(plain, server_side=True) as connection:
                server.requests.append(_request(connection.recv))
                connection.sendall(server.answer or b"")
                while (server.drip or server.answer is None) and not over.wait(0.02):
                    connection.sendall(server.drip)


def _request(receive: Callable[[int], bytes]) -> str:
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        received += receive(1024) or b"\r\n\r\n"
    return received.decode()
