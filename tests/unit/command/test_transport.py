"""The real network of the command, against a server on this machine."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from readmeter.command.client import Request, urllib_transport


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/leads" else 404 if self.path == "/none" else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        self.wfile.write(self.headers["authorization"].encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/none", 404), ("/leads", 302)])
def test_every_status_is_an_answer_and_a_redirect_leads_nowhere(server: str, path: str, status: int) -> None:
    response = urllib_transport()(Request("GET", server + path, {"authorization": "Bearer secret"}))
    assert (response.status, response.body.read()) == (status, b"Bearer secret")
    assert (response.headers["location"], response.headers["set-cookie"]) == ("/elsewhere", "a=1, b=2")
    response.body.close()


def test_where_nothing_answers_is_an_os_error(server: str) -> None:
    with pytest.raises(OSError, match="refused"):
        urllib_transport()(Request("GET", "http://127.0.0.1:1"))
