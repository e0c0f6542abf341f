"""Whatever is sent to the admin API gets the right problem, never a 5xx, a write, or its own words back."""

import copy
import json
from typing import Any

import pytest

from tests.support.admin_api import RIO, SITES, document

FULL = document(
    name="The Rio Times",
    locale="pt-BR",
    mode="live",
    meters=[
        {
            "name": "default",
            "limits": {"anonymous": 5, "registered": 10},
            "period": {"unit": "days", "days": 30},
            "count": "article",
            "match": {"sections": ["markets"], "tags": ["storm"], "paths": ["/a/*"]},
        },
        {"name": "pooled", "limits": {"anonymous": 1}, "pool": "default"},
    ],
    exempt={"sections": ["obituaries"], "tags": ["service"], "paths": ["/about/*"]},
    locked={"sections": ["premium"], "tags": ["premium"], "paths": ["/p/*"]},
    prompt={
        "subscribe_url": "https://rio.example/subscribe",
        "sign_in_url": "https://rio.example/in",
        "register_url": "https://rio.example/register",
        "show_when_remaining": 3,
        "at_limit": "redirect",
        "redirect_url": "https://rio.example/offers",
        "position": "top",
        "colors": {"background": "#cc0000", "text": "#ffffff"},
        "messages": {},
        "links": [{"label": "Weather", "url": "https://rio.example/weather"}],
    },
)


def places(value: Any, pointer: str = "") -> list[str]:
    """The pointers of every value in a document but its root."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for key, child in inner for each in (f"{pointer}/{key}", *places(child, f"{pointer}/{key}"))]


def changed(pointer: str, change: Any) -> dict[str, Any]:
    """FULL with `change` in the place of one value; without that value where `change` is `...`."""
    result = copy.deepcopy(FULL)
    *path, last = (int(part) if part.isdigit() else part for part in pointer.split("/")[1:])
    inner: Any = result
    for part in path:
        inner = inner[part]
    if change is ...:
        del inner[last]
    else:
        inner[last] = change
    return result


PLACES = places(FULL)
REQUIRED = {
    "/site",
    "/origins",
    "/prompt",
    "/prompt/subscribe_url",
    "/prompt/redirect_url",
    "/meters/0/name",
    "/meters/0/limits",
    "/meters/0/limits/anonymous",
    "/meters/0/period/unit",
    "/meters/0/period/days",
    "/prompt/links/0/label",
    "/prompt/links/0/url",
    "/meters/1/name",
    "/meters/1/limits",
    "/meters/1/limits/anonymous",
}
NESTED: Any = "x"
for _ in range(20):
    NESTED = [NESTED]
WRONG = {
    "another type": {"x": 1},
    "text": "\u0007canary",
    "a list": [[]],
    "too long": "https://canary.example/" + "a" * 3000,
    "nested": NESTED,
    "huge": 10**30,
    "negative": -1,
    "fraction": 1.5,
    "true": True,
}


def test_the_full_document_is_good(admin):
    assert admin("PUT", RIO, FULL).status == 201


@pytest.mark.parametrize("pointer", PLACES)
def test_every_place_of_the_document_refuses_what_does_not_belong(admin, pointer):
    for what, value in WRONG.items():
        answer = admin("PUT", RIO, changed(pointer, value))
        assert answer.status == 422, (what, answer.body)
        assert all(each.startswith(pointer) for each in answer.pointers), (what, answer.body)
        assert "canary" not in answer.body
    assert admin.items() == []


@pytest.mark.parametrize("pointer", [place for place in PLACES if not place.rsplit("/", 1)[1].isdigit()])
def test_only_required_keys_are_missed(admin, pointer):
    answer = admin("PUT", RIO, changed(pointer, ...))
    if pointer in REQUIRED:
        assert (answer.status, answer.pointers) == (422, [pointer])
        assert admin.items() == []
    else:
        assert answer.status == 201, answer.body


OBJECTS = {place.rsplit("/", 1)[0] for place in PLACES if not place[-1].isdigit()}


@pytest.mark.parametrize("pointer", sorted(OBJECTS))
def test_an_unknown_key_is_named(admin, pointer):
    answer = admin("PUT", RIO, changed(f"{pointer}/metres", 1))
    assert (answer.status, answer.pointers) == (422, [f"{pointer}/metres"])
    assert "is not a key here; keys are " in answer.body


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"5", 422),
        (b"{", 400),
        (b"{}x", 400),
        (b"\xff\xfe{}", 400),
        (b'{"site": "\xc3"}', 400),
        (b'{"site": NaN}', 400),
        (b'{"site": "a", "site": "b"}', 400),
        (b'{"site": "\\ud800"}', 400),
        (b'{"\\udfff": 1}', 400),
        (b'{"site": ' + b"9" * 5000 + b"}", 400),
        (b'{"site": 1e999}', 422),
        (b"[" * 60000, 400),
        (b'{"a":' * 10000, 400),
        (b'{"a":' * 100 + b"1" + b"}" * 100, 400),
        (b" " * 65537, 413),
        (b'{"' + b"k" * 60000 + b'": 1}', 422),
        (b"{" + b",".join(b'"%d": 1' % n for n in range(5000)) + b"}", 422),
    ],
)
def test_json_that_is_none_or_too_much_is_refused(admin, body, status):
    answer = admin("PUT", RIO, body, content_type="application/json")
    assert answer.status == status, answer.body[:300]
    assert len(answer.body) < 16_384
    assert admin.items() == []


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 422),
        ("- a", 422),
        ("site: [", 400),
        ("site: a\nsite: b", 400),
        ("a: &x [1]\nb: *x", 400),
        ("site: !!python/object/apply:os.system [ls]", 400),
        ("site: !!str a", 400),
        ("? [a]\n: b", 400),
        ("--- 1\n--- 2", 400),
        ("site: \x00", 400),
        ("site: \ttab", 400),
        ("[" * 60000, 400),
        ("- " * 2000 + "1", 400),
        ("a: " * 100, 400),
        ("mode: live\nmode: off", 400),
        ("x" * 65537, 413),
    ],
)
def test_yaml_that_is_none_or_too_clever_is_refused(admin, text, status):
    answer = admin("PUT", RIO, text)
    assert answer.status == status, answer.body[:300]
    assert "canary" not in answer.body
    assert admin.items() == []


def test_a_body_that_is_no_base64_is_refused(admin):
    handler = admin.handler

    def mangled(event, context):
        return handler(event | {"body": "*", "isBase64Encoded": True}, context)

    admin.handler = mangled
    assert admin("PUT", RIO, b"").status == 400


@pytest.mark.parametrize("query", ["dry_run=yes", "dry_run=", "dry_run=true,true"])
def test_dry_run_is_true_or_false(admin, query):
    answer = admin("PUT", f"{RIO}?{query}", document())
    assert (answer.status, answer.pointers) == (422, ["/dry_run"])
    assert admin.items() == []


@pytest.mark.parametrize("version", ["0", "-1", "x", "", "1,2", "9" * 5000, "１"])
def test_a_version_is_a_whole_number(admin, version):
    answer = admin("GET", f"{RIO}?version={version}")
    assert (answer.status, answer.pointers) == (422, ["/version"])


@pytest.mark.parametrize("site", ["AB", "ab", "a" * 41, "a" * 5000, "%C3%A9", "rio times", "..", "a%2Fb"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_impossible_id_is_not_found(admin, method, site):
    assert admin(method, f"{SITES}/{site}", json.dumps(document())).status == 404
    assert admin.items() == []


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", SITES, "GET"),
        ("POST", RIO, "GET, PUT, DELETE"),
        ("PATCH", RIO, "GET, PUT, DELETE"),
        ("OPTIONS", RIO, "GET, PUT, DELETE"),
        ("PUT", f"{RIO}/versions", "GET"),
        ("GET", f"{RIO}/articles", "PUT"),
    ],
)
def test_a_known_path_names_its_methods(admin, method, path, allow):
    answer = admin(method, path)
    assert (answer.status, answer.headers["allow"], answer.json["status"]) == (405, allow, 405)


@pytest.mark.parametrize("path", ["/", "/v1/admin", "/v1/admin/sites/riotimes/explained", "/v1/admin/usage"])
def test_an_unknown_route_is_a_problem_404(admin, path):
    answer = admin("GET", path)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
