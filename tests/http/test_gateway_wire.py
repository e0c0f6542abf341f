"""The gateway on the wire: what no well-behaved HTTP library sends, and what a browser gets of the public files."""

import base64
import gzip
import hashlib
import json
import socket
from urllib.parse import urlsplit

import pytest

from readmeter import __version__
from tests.conftest import Running
from tests.support.api import Api, fresh_id, site_document

END = b"\r\n\r\n"


def exchange(service: Running, request: bytes) -> bytes:
    """Sends bytes as they are, says that no more will come, and returns all that is answered."""
    where = urlsplit(service.api)
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def posted(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"POST /v1/views HTTP/1.1", b"Host: localhost", *headers, b"", body])


@pytest.mark.parametrize(
    "request_",
    [
        posted(b"5\r\nab", b"Transfer-Encoding: chunked"),
        posted(b"no number\r\n", b"Transfer-Encoding: chunked"),
        posted(b"-5\r\nabcde\r\n0\r\n\r\n", b"Transfer-Encoding: chunked"),
        posted(b"{", b"Content-Length: 100"),
    ],
    ids=["chunk cut off", "chunk without size", "negative chunk", "body cut off"],
)
def test_a_broken_body_is_a_bad_request(service: Running, request_: bytes) -> None:
    answer = exchange(service, request_)
    assert status_of(answer) == 400
    assert answer.endswith(b'{"message": "Bad Request"}')


@pytest.mark.parametrize(
    "request_",
    [
        b"GET" + END,
        b"GET /v1/health HTTP/9.9" + END,
        b"GET /v1/health\r\nHost: localhost" + END,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + END,
        b"GET /v1/health HTTP/1.1\r\nno colon" + END,
        b"GET /v1/health HTTP/1.1" + END,
        b"GET http://evil.example/v1/health HTTP/1.1\r\nHost: localhost" + END,
        b"GET /v1/" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost" + END,
        b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 200 + END,
        posted(b"{}", b"Content-Length: -1"),
        posted(b"{}", b"Content-Length: two"),
        posted(b"{}", b"Content-Length: 2", b"Content-Length: 2"),
        b"GET /v1/%00%ff%fe HTTP/1.1\r\nHost: localhost" + END,
        b"GET /v1/\xff\xfe HTTP/1.1\r\nHost: localhost" + END,
    ],
)
def test_what_is_no_proper_request_is_refused_and_harms_nothing(service: Running, request_: bytes) -> None:
    answer = exchange(service, request_)
    assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 5")), answer
    assert b"Traceback" not in answer
    assert Api(service.api).call("GET", "/v1/health").status == 200


def test_the_services_own_name_is_needed(service: Running) -> None:
    answer = exchange(service, b"GET /v1/health HTTP/1.1\r\nHost: evil.example" + END)
    assert status_of(answer) == 403
    assert answer.endswith(b'{"message": "Forbidden"}')


def test_repeated_headers_reach_the_handler_joined(service: Running, api: Api) -> None:
    document = site_document(fresh_id())
    api.publish(document)
    body = json.dumps({"site": document["site"], "article": "a"}).encode()
    languages = (b"Accept-Language: xx", b"Accept-Language: pt;q=0.9", b"Accept-Language: ar;q=0.1")
    answer = exchange(service, posted(body, *languages, b"Content-Length: %d" % len(body)))
    assert json.loads(answer.split(END, 1)[1])["prompt"]["lang"] == "pt"


def test_one_request_cannot_hide_another(service: Running) -> None:
    """What is left of a body is never read as the next request of the connection."""
    hidden = b"GET /v1/health HTTP/1.1\r\nHost: localhost" + END
    for head in (posted(b""), posted(b"", b"Content-Length: 0"), b"GET /nowhere HTTP/1.1\r\nHost: localhost" + END):
        assert exchange(service, head + hidden).count(b"HTTP/1.1 ") == 1


def test_health_names_the_version(api: Api) -> None:
    answer = api.call("GET", "/v1/health")
    assert (answer.status, answer.json) == (200, {"status": "ok", "version": __version__})
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "content_type", "cache"),
    [
        ("/v1/snippet.js", "text/javascript; charset=utf-8", "public, max-age=3600, stale-while-revalidate=604800"),
        ("/v1/snippet.json", "application/json", "public, max-age=300"),
        ("/v1/openapi.json", "application/json", "public, max-age=300"),
        ("/v1/docs", "text/html; charset=utf-8", "public, max-age=300"),
    ],
)
def test_public_files_are_served_with_their_type_and_a_tag(api: Api, path: str, content_type: str, cache: str) -> None:
    plain = api.call("GET", path)
    packed = api.call("GET", path, headers={"accept-encoding": "gzip"})
    for answer in (plain, packed):
        assert answer.status == 200
        assert answer.headers["content-type"] == content_type
        assert answer.headers["cache-control"] == cache
        assert answer.headers["vary"] == "Accept-Encoding"
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert plain.headers["etag"] != packed.headers["etag"]
    unchanged = api.call("GET", path, headers={"if-none-match": plain.headers["etag"]})
    assert (unchanged.status, unchanged.body) == (304, b"")


def test_the_snippet_stays_for_ever_under_the_name_that_its_json_tells(api: Api) -> None:
    told = api.call("GET", "/v1/snippet.json").json
    answer = api.call("GET", f"/v1/{told['file']}")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.body == api.call("GET", "/v1/snippet.js").body
    hashed = base64.b64encode(hashlib.sha384(answer.body).digest()).decode()
    assert told["integrity"] == f"sha384-{hashed}"


@pytest.mark.parametrize(
    "name", ["snippet-0000000000.js", "app.py", "..", ".", "%2e%2e", "snippet.js.map", "releases", "build.mjs"]
)
def test_what_is_not_published_does_not_exist(api: Api, name: str) -> None:
    assert api.call("GET", f"/v1/{name}").status == 404
