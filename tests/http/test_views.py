"""POST /v1/views and /v1/access as a publisher's page meets them, over HTTP against the running service."""

import base64
import re
from datetime import datetime
from typing import Any

import pytest

from tests.support.api import Api, Reply, fresh_id, site_document

ORIGIN = "https://www.riotimesonline.com"
SIGNED = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
TOO_LARGE = b" " * 8193


def published(api: Api) -> str:
    """A site with five free articles a month."""
    document = site_document(fresh_id())
    document["prompt"]["sign_in_url"] = f"{ORIGIN}/sign-in?back={{return_url}}"
    api.publish(document)
    return str(document["site"])


@pytest.fixture
def site(api: Api) -> str:
    """A site of the test's own: it changes it, or counts the reader of `read`."""
    return published(api)


@pytest.fixture(scope="module")
def paper(api: Api) -> str:
    """A site that several tests ask, each as readers of its own."""
    return published(api)


def read(api: Api, site: str, article: str, **fields: Any) -> Any:
    """The decision on a view; `seed` makes these views one reader's."""
    answer = api.post({"site": site, "article": article, "seed": "A" * 22, **fields}, origin=ORIGIN)
    assert answer.status == 200, answer.body
    return answer.json


def shape(value: Any) -> Any:
    """Types instead of values, so that a whole answer can be compared."""
    match value:
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case list():
            return [shape(item) for item in value]
        case _:
            return type(value)


def test_the_answer_has_the_contracts_keys_and_types(api: Api, site: str) -> None:
    answer = read(api, site, "a", url=f"{ORIGIN}/a?utm_source=x")
    action = {"kind": str, "label": str, "url": str}
    assert shape(answer) == {
        "access": str,
        "reason": str,
        "meter": str,
        "limit": int,
        "used": int,
        "remaining": int,
        "resets_at": str,
        "article": str,
        "reader": str,
        "state": str,
        "grant": str,
        "rule": {"version": int, "name": str},
        "warnings": [],
        "prompt": {
            "kind": str,
            "lang": str,
            "dir": str,
            "message": str,
            "actions": [action, action],
            "dismissible": bool,
            "close_label": str,
            "redirect_url": type(None),
            "position": str,
            "colors": {"background": str, "text": str},
            "links": [],
        },
    }


def test_the_first_answer_says_what_the_contract_shows(api: Api, site: str) -> None:
    answer = read(api, site, "a", url=f"{ORIGIN}/a?utm_source=x")
    assert (answer["access"], answer["reason"], answer["meter"]) == ("granted", "metered", "default")
    assert (answer["limit"], answer["used"], answer["remaining"]) == (5, 1, 4)
    assert answer["rule"] == {"version": 1, "name": "default"}
    for token in ("reader", "state", "grant"):
        assert SIGNED.fullmatch(answer[token])
    assert re.fullmatch(r"[\w-]{22}", answer["article"])
    reset = datetime.fromisoformat(answer["resets_at"])
    assert (reset.day, reset.hour, reset.minute, reset.second) == (1, 0, 0, 0)
    back = "https%3A%2F%2Fwww.riotimesonline.com%2Fa%3Futm_source%3Dx"
    assert answer["prompt"] == {
        "kind": "countdown",
        "lang": "en",
        "dir": "ltr",
        "message": "You have 4 free articles remaining. Subscribe for unlimited access.",
        "actions": [
            {"kind": "subscribe", "label": "Subscribe", "url": f"{ORIGIN}/subscribe"},
            {"kind": "sign_in", "label": "Sign in", "url": f"{ORIGIN}/sign-in?back={back}"},
        ],
        "dismissible": True,
        "close_label": "Close",
        "redirect_url": None,
        "position": "bottom",
        "colors": {"background": "#cc0000", "text": "#ffffff"},
        "links": [],
    }


def test_five_articles_then_the_wall_in_the_contracts_words(api: Api, site: str) -> None:
    answers = [read(api, site, f"article-{number}") for number in range(6)]

    assert [(answer["access"], answer["reason"]) for answer in answers] == [
        *[("granted", "metered")] * 5,
        ("denied", "limit_reached"),
    ]
    assert [answer["used"] for answer in answers] == [1, 2, 3, 4, 5, 5]
    assert [answer["remaining"] for answer in answers] == [4, 3, 2, 1, 0, 0]
    assert [answer["prompt"]["kind"] for answer in answers] == [*["countdown"] * 4, "last", "wall"]
    day = datetime.fromisoformat(answers[-1]["resets_at"])
    assert [answer["prompt"]["message"] for answer in answers] == [
        "You have 4 free articles remaining. Subscribe for unlimited access.",
        "You have 3 free articles remaining. Subscribe for unlimited access.",
        "You have 2 free articles remaining. Subscribe for unlimited access.",
        "You have 1 free article remaining. Subscribe for unlimited access.",
        "This is the last of your 5 free articles this month. Subscribe for unlimited access.",
        "You have read your 5 free articles this month. "
        f"Subscribe to keep reading, or come back on {day:%B} {day.day}.",
    ]
    assert [answer["prompt"]["dismissible"] for answer in answers] == [*[True] * 5, False]
    assert answers[-1]["grant"] is None


def test_a_repeat_is_free_also_at_the_wall(api: Api, site: str) -> None:
    for number in range(5):
        read(api, site, f"article-{number}")
    again = read(api, site, "article-0")
    assert (again["access"], again["reason"], again["used"], again["remaining"]) == ("granted", "repeat", 5, 0)
    assert read(api, site, "article-9")["access"] == "denied"


def test_the_token_of_one_answer_names_the_reader_in_the_next(api: Api, paper: str) -> None:
    token = read(api, paper, "a", seed=None)["reader"]
    assert read(api, paper, "b", seed=None, reader=token)["used"] == 2
    assert read(api, paper, "c", seed=None)["used"] == 1


@pytest.mark.parametrize("content_type", ["text/plain", "text/plain;charset=UTF-8", "application/json", "", "a/b"])
def test_every_content_type_is_read_as_json(api: Api, paper: str, content_type: str) -> None:
    """Types that API Gateway does not know arrive in base64."""
    answer = api.post({"site": paper, "article": "são"}, content_type=content_type)
    assert (answer.status, answer.json["used"]) == (200, 1)


def test_an_article_is_one_however_it_is_spelt_and_wherever_it_is_linked_from(api: Api, site: str) -> None:
    composed, decomposed = "s\u00e3o", "sa\u0303o"
    assert read(api, site, composed)["reason"] == "metered"
    assert read(api, site, decomposed)["reason"] == "repeat"
    assert read(api, site, None, url=f"{ORIGIN}/x?a=1#top")["reason"] == "metered"  # type: ignore[arg-type]
    assert read(api, site, None, url=f"{ORIGIN}/x?b=2")["reason"] == "repeat"  # type: ignore[arg-type]


def test_access_foretells_the_view_and_changes_nothing(api: Api, site: str) -> None:
    body = {"site": site, "article": "a", "seed": "A" * 22}
    foretold = [api.post(body, "/v1/access", origin=ORIGIN).json for _ in range(3)]
    assert foretold[0] == foretold[1] == foretold[2]
    decided = read(api, site, "a")
    assert foretold[0] == {
        **decided,
        "used": 0,
        "remaining": 5,
        "reader": None,
        "state": None,
        "grant": None,
        "prompt": None,
    }
    after = api.post({**body, "reader": decided["reader"]}, "/v1/access", origin=ORIGIN).json
    assert (after["reason"], after["used"], after["reader"]) == ("repeat", 1, decided["reader"])


# The order of checks: each request breaks every rule from the one that wins to the last.
BROKEN = {
    413: TOO_LARGE,
    400: b'{"site": "no-such-site", "article": 7',
    422: {"site": "no-such-site", "article": 7},
    404: {"site": "no-such-site", "article": "a"},
}


@pytest.mark.parametrize("path", ["/v1/views", "/v1/access"])
@pytest.mark.parametrize("status", BROKEN)
def test_checks_come_in_the_contracts_order(api: Api, path: str, status: int) -> None:
    answer = api.post(BROKEN[status], path, origin="https://staging.example.com")
    assert_problem(answer, status)


@pytest.mark.parametrize("path", ["/v1/views", "/v1/access"])
def test_fields_are_checked_before_the_origin_and_the_origin_last(api: Api, paper: str, path: str) -> None:
    foreign = "https://staging.example.com"
    assert_problem(api.post({"site": paper, "article": 7}, path, origin=foreign), 422)
    assert_problem(api.post({"site": paper, "article": "a"}, path, origin=foreign), 403)


def assert_problem(answer: Reply, status: int) -> None:
    titles = {
        400: "Bad Request",
        403: "Forbidden",
        404: "Not Found",
        405: "Method Not Allowed",
        413: "Request Entity Too Large",
        422: "Unprocessable Entity",
    }
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    problem = answer.json
    assert set(problem) == {"type", "title", "status", "detail"} | ({"errors"} if status == 422 else set())
    assert (problem["type"], problem["title"], problem["status"]) == ("about:blank", titles[status], status)
    assert problem["detail"].endswith(".")


@pytest.mark.parametrize("path", ["/v1/views", "/v1/access"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "FOO"])
def test_another_method_is_told_which_are_answered(api: Api, path: str, method: str) -> None:
    answer = api.call(method, path)
    assert answer.status == 405
    assert answer.headers["allow"] == "POST, OPTIONS"
    if method != "HEAD":
        assert_problem(answer, 405)


def test_a_deleted_site_is_unknown_at_once(api: Api, site: str) -> None:
    read(api, site, "a")
    assert api.admin("DELETE", f"/v1/admin/sites/{site}").status == 204
    answer = api.post({"site": site, "article": "a"}, origin=ORIGIN)
    assert_problem(answer, 404)
    assert answer.body == api.post({"site": "no-such-site", "article": "a"}, origin=ORIGIN).body


def test_changed_rules_are_in_force_at_once(api: Api, site: str) -> None:
    assert read(api, site, "a")["limit"] == 5
    api.publish(site_document(site, exempt={"sections": ["Obituaries"]}, locked={"tags": ["premium"]}))
    assert read(api, site, "b", sections=["obituaries"])["reason"] == "exempt"
    locked = read(api, site, "c", tags=["premium"])
    assert (locked["access"], locked["reason"]) == ("denied", "locked")
    assert locked["prompt"]["message"] == "This article is for subscribers. Subscribe to keep reading."
    assert read(api, site, "d")["rule"] == {"version": 2, "name": "default"}


def test_where_no_meter_applies_there_is_no_allowance_and_no_prompt(api: Api, site: str) -> None:
    api.publish(site_document(site, mode="off"))
    answer = read(api, site, "a")
    assert (answer["access"], answer["reason"]) == ("granted", "exempt")
    assert [answer[key] for key in ("meter", "limit", "used", "remaining", "resets_at", "prompt")] == [None] * 6
    assert answer["grant"] is not None


def test_a_limit_of_one_and_of_nought_have_their_own_sentences(api: Api, site: str) -> None:
    def with_limit(limit: int) -> str:
        document = site_document(fresh_id(), meters=[{"name": "default", "limits": {"anonymous": limit}}])
        api.publish(document)
        return str(read(api, document["site"], "a")["prompt"]["message"])

    assert with_limit(1) == "This is your one free article this month. Subscribe for unlimited access."
    assert with_limit(0) == "This article is for subscribers. Subscribe to keep reading."


@pytest.mark.parametrize(
    ("locale", "accept", "expected"),
    [
        (None, None, ("en", "ltr")),
        (None, "pt-BR,pt;q=0.9,en;q=0.8", ("pt", "ltr")),
        (None, "xx, ar;q=0.5", ("ar", "rtl")),
        (None, "es;q=0, pt", ("pt", "ltr")),
        ("es", "ar", ("es", "ltr")),
        ("ar-EG", "pt", ("ar", "rtl")),
        ("no language!", "pt", ("pt", "ltr")),
        (None, "\x80\xff,;;q=", ("en", "ltr")),
    ],
)
def test_the_pages_language_goes_before_the_readers_before_the_sites(
    api: Api, paper: str, locale: str | None, accept: str | None, expected: tuple[str, str]
) -> None:
    headers = {} if accept is None else {"accept_language": accept}
    prompt = api.post({"site": paper, "article": "a", "locale": locale}, **headers).json["prompt"]
    assert (prompt["lang"], prompt["dir"]) == expected
    assert "4" in prompt["message"] or "٤" in prompt["message"]


def test_the_sites_language_holds_where_nobody_names_one(api: Api, site: str) -> None:
    api.publish(site_document(site, locale="pt-BR"))
    assert read(api, site, "a")["prompt"]["lang"] == "pt"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a",
        "https://www.riotimesonline.com.evil.example/",
        "https://www.riotimesonline.com@evil.example/",
        "https://evil.example/https://www.riotimesonline.com/",
        "https://www.riotimesonline.com\\@evil.example/",
        "http://www.riotimesonline.com/",
        "https://www.riotimesonline.com:8443/",
        "//evil.example/",
        "/relative",
        "javascript:alert(1)",
        "https://[broken/",
        " ",
    ],
)
def test_readers_are_sent_back_to_the_site_and_nowhere_else(api: Api, paper: str, url: str) -> None:
    for headers in ({}, {"origin": ORIGIN}):
        answer = api.post({"site": paper, "article": "a", "url": url}, **headers)
        links = {action["kind"]: action["url"] for action in answer.json["prompt"]["actions"]}
        assert links["sign_in"] == f"{ORIGIN}/sign-in?back=https%3A%2F%2Fwww.riotimesonline.com"


def test_an_identity_is_ignored_and_said_to_be(api: Api, site: str) -> None:
    token = ".".join(base64.urlsafe_b64encode(part).decode() for part in (b'{"alg":"none"}', b'{"sub":"ana"}', b""))
    answer = read(api, site, "a", identity=token)
    assert answer["used"] == 1
    assert len(answer["warnings"]) == 1
    assert "identity" in answer["warnings"][0]
    assert token not in str(answer)


def test_views_of_unstored_readers_are_decided_as_usual(api: Api, site: str) -> None:
    assert read(api, site, "a", storage="none")["remaining"] == 4


def test_a_body_in_chunks_is_a_body(api: Api, paper: str) -> None:
    body = f'{{"site": "{paper}", "article": "a"}}'.encode()
    chunked = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:5], body[5:], b""))
    answer = api.call("POST", "/v1/views", chunked, {"transfer-encoding": "chunked"})
    assert answer.status == 200, answer.body
