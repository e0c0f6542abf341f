"""The snippet function: public files with the right headers, and nothing else."""

import base64
import gzip
import hashlib
import json
from typing import Any

import pytest

from functions.snippet import app
from readmeter import __version__

FOR_AN_HOUR = "public, max-age=3600, stale-while-revalidate=604800"
FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def handler() -> app.Handler:
    return app.build({})


def get(handler: app.Handler, path: str, **headers: str) -> dict[str, Any]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return handler({"requestContext": {"http": {"path": path}}, "headers": sent}, None)


def snippet_files() -> list[str]:
    return sorted(path.name for path in app.ASSETS.glob("releases/*.js"))


def test_the_snippet_is_kept_for_an_hour_and_readable_from_any_page(handler: app.Handler) -> None:
    answer = get(handler, "/v1/snippet.js")
    assert answer["statusCode"] == 200
    assert answer["body"] == (app.ASSETS / "snippet.js").read_text()
    etag = answer["headers"].pop("etag")
    assert etag.startswith('"')
    assert answer["headers"] == {
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": FOR_AN_HOUR,
        "vary": "Accept-Encoding",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
    }


@pytest.mark.parametrize("accepted", ["gzip", "gzip, deflate, br", "br;q=1.0, GZIP;q=0.5", "gzip; q=1"])
def test_it_comes_compressed_to_whoever_takes_that(handler: app.Handler, accepted: str) -> None:
    answer = get(handler, "/v1/snippet.js", accept_encoding=accepted)
    assert answer["headers"]["content-encoding"] == "gzip"
    assert answer["isBase64Encoded"] is True
    packed = base64.b64decode(answer["body"])
    assert gzip.decompress(packed) == (app.ASSETS / "snippet.js").read_bytes()


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip;q=0.0", "xgzip"])
def test_it_comes_as_it_is_to_everybody_else(handler: app.Handler, accepted: str) -> None:
    answer = get(handler, "/v1/snippet.js", accept_encoding=accepted)
    assert "content-encoding" not in answer["headers"]
    assert answer["body"].endswith("\n")


def test_whoever_has_it_is_told_so_without_a_body(handler: app.Handler) -> None:
    etag = get(handler, "/v1/snippet.js")["headers"]["etag"]
    for condition in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = get(handler, "/v1/snippet.js", if_none_match=condition)
        assert answer["statusCode"] == 304
        assert "body" not in answer
        assert answer["headers"]["etag"] == etag
        assert answer["headers"]["cache-control"] == FOR_AN_HOUR
    assert get(handler, "/v1/snippet.js", if_none_match='"other"')["statusCode"] == 200


def test_an_etag_is_of_exact_bytes(handler: app.Handler) -> None:
    plain = get(handler, "/v1/snippet.js")["headers"]["etag"]
    packed = get(handler, "/v1/snippet.js", accept_encoding="gzip")["headers"]["etag"]
    assert plain != packed
    assert get(handler, "/v1/snippet.js", accept_encoding="gzip", if_none_match=plain)["statusCode"] == 200


@pytest.mark.parametrize("name", snippet_files())
def test_what_is_named_by_its_content_never_changes(handler: app.Handler, name: str) -> None:
    answer = get(handler, f"/v1/{name}")
    assert answer["statusCode"] == 200
    assert answer["headers"]["cache-control"] == FOR_EVER
    assert answer["headers"]["access-control-allow-origin"] == "*"


def test_its_description_names_a_copy_that_can_be_pinned(handler: app.Handler) -> None:
    about = json.loads(get(handler, "/v1/snippet.json")["body"])
    copy = get(handler, f"/v1/{about['file']}")["body"]
    assert copy == get(handler, "/v1/snippet.js")["body"]
    digest = hashlib.sha384(copy.encode()).digest()
    assert about["integrity"] == f"sha384-{base64.b64encode(digest).decode()}"


def test_health_names_the_version(handler: app.Handler) -> None:
    answer = get(handler, "/v1/health")
    assert (answer["statusCode"], answer["headers"]["cache-control"]) == (200, "no-store")
    assert json.loads(answer["body"]) == {"status": "ok", "version": __version__}


@pytest.mark.parametrize(("name", "type"), [("openapi.json", "application/json"), ("docs", "text/html; charset=utf-8")])
def test_the_documentation_is_served(handler: app.Handler, name: str, type: str) -> None:
    answer = get(handler, f"/v1/{name}")
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (200, type)


@pytest.mark.parametrize(
    "name", ["nothing.js", "snippet", "", "..%2Fapp.py", "../app.py", "app.py", "releases", "docs.html", "SNIPPET.JS"]
)
def test_nothing_else_exists(handler: app.Handler, name: str) -> None:
    answer = get(handler, f"/v1/{name}")
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (404, "application/problem+json")
    assert json.loads(answer["body"])["status"] == 404
