"""Who reads: a token that the page names, that an address of the publisher's answers, or that script hands over."""

import json
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.publisher import Api, Paper, denied, granted, unmetered
from tests.browser.reader import Reader, settle

FOUR = "You have 4 free articles remaining. Subscribe for unlimited access."
WALL = "You have read your 5 free articles this month."
ANNA = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJl"
TEXT = {"content-type": "text/plain"}
ENTRY = "JSON.parse(localStorage['readmeter:riotimes'])"


def signed_in(paper: Paper, answer: str = ANNA, status: int = 200) -> None:
    """The publisher's address says who reads."""
    paper.pages["/who"] = status, TEXT, answer.encode()


def asked_who(paper: Paper) -> int:
    return [sent.path for sent in paper.server.requests].count("/who")


def test_the_page_may_name_the_reader(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page(identity=ANNA))
    Reader(page).reads(FOUR)
    assert [sent["identity"] for sent in api.views] == [ANNA]


def test_so_may_its_configuration(page: Page, api: Api, paper: Paper) -> None:
    configuration = json.dumps({"site": "riotimes", "identity": ANNA})
    script = f'<script>readmeterConfig = {configuration}</script><script src="{api.url}/v1/snippet.js"></script>'
    page.goto(paper.page(script=script))
    Reader(page).reads(FOUR)
    assert [sent["identity"] for sent in api.views] == [ANNA]


def test_a_page_for_nobody_signed_in_is_anonymous(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page(identity=""))
    Reader(page).reads(FOUR)
    assert "identity" not in api.views[0]


@pytest.mark.parametrize(
    "answer", [ANNA, f" {ANNA}\n", json.dumps(ANNA), json.dumps({"identity": ANNA, "name": "Anna"})]
)
def test_an_address_of_the_publishers_may_name_them(page: Page, api: Api, paper: Paper, answer: str) -> None:
    signed_in(paper, answer)
    address = paper.page(identity_url="/who")
    page.context.add_cookies([{"name": "session", "value": "annas", "url": paper.server.url}])
    page.goto(address)
    Reader(page).reads(FOUR)
    assert [sent["identity"] for sent in api.views] == [ANNA], "known before the first request, which is the only one"
    [request] = [sent for sent in paper.server.requests if sent.path == "/who"]
    assert request.headers["cookie"] == "session=annas"
    page.reload()
    Reader(page).reads(FOUR)
    assert asked_who(paper) == 2, "readers sign in and out"


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        pytest.param(401, ANNA, id="refused"),
        pytest.param(200, "", id="empty"),
        pytest.param(200, "null", id="null"),
        pytest.param(200, '{"identity": null}', id="nobody"),
        pytest.param(200, "[1]", id="list"),
        pytest.param(200, "<!doctype html><title>Sign in</title>", id="page"),
    ],
)
def test_an_address_that_names_nobody_means_anonymous(
    page: Page, api: Api, paper: Paper, status: int, answer: str
) -> None:
    signed_in(paper, answer, status)
    page.goto(paper.page(identity_url="/who"))
    Reader(page).reads(FOUR)
    assert "identity" not in api.views[0]


def test_another_origin_is_not_asked_who_reads(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page(identity_url=f"{api.url}/who"))
    Reader(page).reads(FOUR)
    assert "identity" not in api.views[0]
    assert [sent.path for sent in api.server.requests if sent.path == "/who"] == []


def test_a_slow_address_means_anonymous(page: Page, api: Api, paper: Paper) -> None:
    slow = Event()
    answered = paper.server.reply
    paper.server.reply = lambda sent: (sent.path == "/who" and slow.wait(20) and (200, TEXT, b"")) or answered(sent)
    page.clock.install()
    with page.expect_request("**/who"):
        page.goto(paper.page(identity_url="/who"))
    page.wait_for_function("Boolean(window.readmeter?.gift)")
    assert api.views == []
    page.clock.fast_forward(1100)
    Reader(page).reads(FOUR)
    assert "identity" not in api.views[0]
    slow.set()
    settle(page)
    assert len(api.views) == 1


def test_a_blocked_part_means_anonymous(page: Page, api: Api, paper: Paper) -> None:
    signed_in(paper)
    page.route("**/v1/more-*", lambda route: route.abort())
    page.goto(paper.page(identity_url="/who"))
    Reader(page).reads(FOUR)
    assert "identity" not in api.views[0]


@pytest.mark.parametrize("what", ["no article", "no consent"])
def test_nobody_asks_who_reads_where_nothing_is_asked(page: Page, api: Api, paper: Paper, what: str) -> None:
    signed_in(paper)
    inert: dict[str, Any] = {"head": ""} if what == "no article" else {"consent": "wait"}
    page.goto(paper.page(identity_url="/who", **inert))
    settle(page)
    assert asked_who(paper) == 0
    assert api.methods() == []


def test_what_was_overtaken_is_not_asked(page: Page, api: Api, paper: Paper) -> None:
    """An article whose reader left it before it was known who reads is not counted."""
    known = Event()
    answered = paper.server.reply
    paper.server.reply = lambda sent: (known.wait(20) if sent.path == "/who" else True) and answered(sent)
    signed_in(paper)
    with page.expect_request("**/who"):
        page.goto(paper.page(identity_url="/who"))
    page.evaluate("void readmeter.view({article: 'b'})")
    known.set()
    Reader(page).reads(FOUR)
    settle(page)
    assert [sent["article"] for sent in api.views] == ["b"]


def test_whoever_signs_in_is_asked_about_anew(page: Page, api: Api, paper: Paper) -> None:
    api.answer = lambda sent: unmetered("subscriber") if "identity" in sent.json else denied()
    page.goto(paper.page())
    reader = Reader(page)
    reader.meets_the_wall(WALL)
    page.evaluate("token => readmeter.identify(token)", ANNA)
    reader.sees_the_article()
    first, second = api.views
    assert (second["identity"], second["view"]) == (ANNA, first["view"])
    assert second["state"] is None, "the answer of before says nothing of who signed in"
    assert page.evaluate(f"{ENTRY}.wall") is None


def test_whoever_signs_out_keeps_the_token(page: Page, api: Api, paper: Paper) -> None:
    signed_in(paper)
    page.goto(paper.page(identity_url="/who"))
    Reader(page).reads(FOUR)
    api.answer = granted(3)
    page.evaluate("readmeter.identify(null)")
    Reader(page).reads("You have 4 free articles remaining. Subscribe for unlimited access.")
    assert "identity" not in api.views[1]
    assert api.views[1]["reader"] == "reader-token"
    assert asked_who(paper) == 1, "script knows better"


def test_nothing_is_kept_of_who_signs_in_before_they_agree(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page(consent="wait"))
    settle(page)
    page.evaluate("token => readmeter.identify(token)", ANNA)
    settle(page)
    assert (api.methods(), page.evaluate("localStorage.length")) == ([], 0)
    page.evaluate("readmeter.consent(true)")
    Reader(page).reads(FOUR)
    assert [sent["identity"] for sent in api.views] == [ANNA]


def test_one_that_is_too_long_costs_no_view(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page(identity="x" * 9000))
    Reader(page).reads(FOUR)
    assert api.views[0]["identity"] == "x" * 4096


@pytest.mark.parametrize("reason", ["subscriber", "institution", "exempt", "gift", "campaign", "open"])
def test_whoever_reads_without_limit_sees_the_article_and_nothing_else(
    page: Page, api: Api, paper: Paper, reason: str, held_wall: Callable[[], None]
) -> None:
    held_wall()
    api.answer = unmetered(reason)
    page.evaluate("readmeter.refresh()")
    reader = Reader(page)
    reader.sees_the_article()
    reader.sees_no_bar()
    assert page.evaluate("document.documentElement.style.paddingBottom") == ""


@pytest.fixture
def held_wall(page: Page, api: Api, paper: Paper) -> Callable[[], None]:
    """The page of a reader who stands before the wall."""

    def stand() -> None:
        api.answer = denied()
        page.goto(paper.page())
        Reader(page).meets_the_wall(WALL)

    return stand
