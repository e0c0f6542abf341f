"""What is fetched from outside: public hosts alone, by one question, and nothing that could hold a function up."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from readmeter.outside.fetch import MOST_BYTES, Fetcher, Unfetched
from tests.support.published import HOST, LOOPBACK, Published, answering, published

IMPATIENT = 0.3  # seconds


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Published]:
    with published(tmp_path) as running:
        yield running


def here(host: str, port: int) -> Sequence[str]:
    return [LOOPBACK] if host == HOST else ["::1"]


def fetcher(server: Published, **given: Any) -> Fetcher:
    return Fetcher(**{"loopback": True, "resolve": here, "trust": server.trust, **given})


def why(fetch: Callable[[str], Any], url: str) -> str:
    with pytest.raises(Unfetched) as error:
        fetch(url)
    return str(error.value)


def test_a_document_is_fetched(server: Published) -> None:
    server.publish({"keys": [{"kid": "é"}]})
    assert fetcher(server)(f"{server.url}?a=1#top") == {"keys": [{"kid": "é"}]}
    [request] = server.requests
    assert request.startswith("GET /keys.json?a=1 HTTP/1.1\r\n")
    assert f"\r\nHost: {HOST}:{server.port}\r\n" in request


def test_a_document_comes_in_pieces_too(server: Published) -> None:
    server.answer = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n6\r\na": 1}\r\n0\r\n\r\n'
    assert fetcher(server)(server.url) == {"a": 1}


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_no_redirect_is_followed(server: Published, status: str) -> None:
    server.answer = answering(b"", status, f"Location: {server.url}")
    assert why(fetcher(server), server.url) == f"answers {status[:3]}, a redirect, and none is followed"
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", ["204 No Content", "401 Unauthorized", "404 Not Found", "500 Fault"])
def test_only_a_200_counts(server: Published, status: str) -> None:
    server.answer = answering(b"{}", status)
    assert why(fetcher(server), server.url) == f"answers {status[:3]}"


def test_a_document_has_a_bound(server: Published) -> None:
    server.answer = answering(json.dumps("x" * (MOST_BYTES - 2)).encode())
    assert len(fetcher(server)(server.url)) == MOST_BYTES - 2
    server.answer = answering(json.dumps("x" * (MOST_BYTES - 1)).encode())
    assert why(fetcher(server), server.url) == "is larger than 256 KB"


def test_an_endless_document_is_left(server: Published) -> None:
    server.answer = b"HTTP/1.1 200 OK\r\n\r\n"
    server.drip = b"x" * 65536
    assert why(fetcher(server), server.url) == "is larger than 256 KB"


@pytest.mark.parametrize(
    ("answer", "drip"),
    [(None, b""), (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", b"x")],
    ids=["nothing", "endless headers", "a byte at a time"],
)
def test_a_slow_host_holds_nothing_up(server: Published, answer: bytes | None, drip: bytes) -> None:
    server.answer, server.drip = answer, drip
    assert why(fetcher(server, seconds=IMPATIENT), server.url) == "took longer than 0.3 seconds"


def test_a_slow_name_server_holds_nothing_up(server: Published) -> None:
    answered = Event()

    def slow(host: str, port: int) -> Sequence[str]:
        answered.wait()
        return []

    assert why(fetcher(server, seconds=IMPATIENT, resolve=slow), server.url) == "took longer than 0.3 seconds"
    answered.set()


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"keys": [', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_refused(server: Published, content: bytes) -> None:
    server.answer = answering(content)
    assert why(fetcher(server), server.url) == "is not JSON"


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"\x00" * 70_000])
def test_what_is_no_http_is_refused(server: Published, answer: bytes) -> None:
    server.answer = answer
    assert why(fetcher(server), server.url) in ("does not answer by HTTP", "cannot be reached")


class TestCertificate:
    def test_of_another_host(self, server: Published) -> None:
        url = server.url.replace(HOST, "other.test")
        fetch = fetcher(server, resolve=lambda host, port: [LOOPBACK])
        assert why(fetch, url) == "has a certificate that does not prove its host"
        assert server.requests == []

    def test_of_nobody_who_is_known(self, server: Published) -> None:
        fetch = fetcher(server, trust=ssl.create_default_context)
        assert why(fetch, server.url) == "has a certificate that does not prove its host"
        assert server.requests == []


class TestAddress:
    """What a deployment asks: no host of ours, whatever its name says it is."""

    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00:ec2::254",
            "ff0e::1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "2002:7f00:1::",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::7f00:1",
            "::127.0.0.1",
            "::a9fe:a9fe",
            "::ffff:0:7f00:1",
            "::ffff:93.184.215.14",
            "fec0::1",
            "4000::1",
            "2001::1",
            "2001:1::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:5db8:d70e::1",
            "3fff::1",
            "192.0.0.8",
            "192.0.0.9",
            "192.88.99.1",
        ],
    )
    def test_that_is_not_public_is_not_asked(self, server: Published, address: str) -> None:
        fetch = fetcher(server, loopback=False, resolve=lambda host, port: [address])
        assert why(fetch, server.url) == "has no public address that can be asked by https"

    @pytest.mark.parametrize("address", ["93.184.215.14", "192.0.1.1", "2606:2800:21f:cb07::1", "2a00:1450::1"])
    def test_that_is_public_is_asked(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        asked: list[tuple[str, int]] = []

        def refused(at: tuple[str, int], seconds: float) -> socket.socket:
            asked.append(at)
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "create_connection", refused)
        fetch = Fetcher(resolve=lambda host, port: [address])
        assert why(fetch, f"https://{HOST}/") == "cannot be reached"
        assert asked == [(address, 443)]

    @pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "https://[::1]:{port}/"])
    def test_that_is_written_as_a_number_is_no_way_around(self, server: Published, url: str) -> None:
        fetch = Fetcher(trust=server.trust)
        assert why(fetch, url.format(port=server.port)) == "has no public address that can be asked by https"
        assert server.requests == []

    @pytest.mark.parametrize("url", ["http://93.184.215.14/", "ftp://93.184.215.14/", "file:///etc/passwd", "//x/", ""])
    def test_is_asked_by_https_alone(self, server: Published, url: str) -> None:
        fetch = fetcher(server, loopback=False, resolve=lambda host, port: ["93.184.215.14"])
        assert why(fetch, url) == "has no public address that can be asked by https"

    def test_is_looked_up_once(self, server: Published) -> None:
        """A name that leads to a public host when it is checked leads nowhere else when it is asked."""
        answers = iter([[LOOPBACK], ["10.0.0.1"]])
        assert fetcher(server, resolve=lambda host, port: next(answers))(server.url) == {}
        assert list(answers) == [["10.0.0.1"]]

    def test_that_is_ours_is_passed_over_among_public_ones(self, server: Published) -> None:
        found = ["10.0.0.1", LOOPBACK]
        assert fetcher(server, resolve=lambda host, port: found)(server.url) == {}

    def test_that_does_not_answer_is_passed_over(self, server: Published) -> None:
        """As where a host has an IPv6 address and we have none."""
        found = ["::1", LOOPBACK]
        assert fetcher(server, resolve=lambda host, port: found)(server.url) == {}

    def test_that_nobody_answers_at(self, server: Published) -> None:
        assert why(fetcher(server, resolve=lambda host, port: ["::1"]), server.url) == "cannot be reached"

    def test_that_is_not_known(self, server: Published) -> None:
        def unknown(host: str, port: int) -> Sequence[str]:
            raise socket.gaierror(socket.EAI_NONAME, host)

        assert why(fetcher(server, resolve=unknown), server.url) == "is at a host whose address is not known"

    @pytest.mark.parametrize("url", ["https://keys.publisher.test:x/", "https://a..b/", "https://é/é"])
    def test_that_is_none(self, server: Published, url: str) -> None:
        assert why(fetcher(server), url) in ("is not at an address", "cannot be reached")
