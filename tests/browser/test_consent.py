"""data-consent="wait": before the reader agrees nothing is stored, minted or asked; after a refusal nothing is left."""

import json
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.publisher import Api, Paper, Sent, denied, documented, granted
from tests.browser.reader import Reader, settle

FOUR = "You have 4 free articles remaining. Subscribe for unlimited access."
KEPT = "localStorage['readmeter:riotimes']"


def waits(page: Page, api: Api) -> None:
    settle(page)
    assert api.methods() == []
    assert api.fetched("more") == []
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_nothing_happens_before_the_reader_agrees(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page(consent="wait"))
    waits(page, api)
    page.evaluate("readmeter.refresh(); readmeter.view({article: 'b'})")
    waits(page, api)
    page.evaluate("readmeter.consent(true)")
    Reader(page).reads(FOUR)
    assert [sent["article"] for sent in api.views] == ["b"], "once, and what is on the page now"
    page.evaluate("readmeter.consent(true)")
    settle(page)
    assert api.methods() == ["POST"]


def test_it_is_asked_anew_on_each_page(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page(consent="wait"))
    page.evaluate("readmeter.consent(true)")
    Reader(page).reads(FOUR)
    kept = page.evaluate(KEPT)
    page.goto(paper.page("/b", consent="wait"))
    settle(page)
    assert len(api.views) == 1
    assert page.evaluate(KEPT) == kept, "waiting forgets nobody"
    page.evaluate("readmeter.consent(true)")
    Reader(page).reads(FOUR)
    assert api.views[1]["reader"] == "reader-token"


@pytest.mark.parametrize("consent", ["wait", None])
def test_a_refusal_leaves_nothing(page: Page, api: Api, paper: Paper, consent: str | None) -> None:
    address = paper.page(**({"consent": consent} if consent else {}))
    page.goto(address)
    page.evaluate("readmeter.consent(true)")
    reader = Reader(page)
    reader.reads(FOUR)
    seed = api.views[0]["seed"]
    page.evaluate("readmeter.consent(false)")
    expect(page.locator("readmeter-bar")).to_have_count(0)
    page.evaluate("readmeter.refresh(); readmeter.view()")
    settle(page)
    assert page.evaluate(KEPT) is None
    asked = len(api.views)
    page.evaluate("readmeter.consent(true)")
    reader.reads(FOUR)
    assert len(api.views) == asked + 1
    assert "reader" not in api.views[-1]
    assert api.views[-1]["seed"] != seed, "whoever agrees again is somebody new"


def test_a_refusal_opens_the_wall_and_drops_an_answer_that_is_out(page: Page, api: Api, paper: Paper) -> None:
    api.answer = denied()
    page.goto(paper.page())
    reader = Reader(page)
    expect(reader.wall).to_be_visible()
    page.evaluate("readmeter.refresh(); readmeter.consent(false)")
    reader.sees_the_article()
    settle(page)
    assert page.evaluate(KEPT) is None
    assert page.evaluate("readmeter.decision") is None


@pytest.mark.parametrize("is_given", [True, False])
@pytest.mark.parametrize("order", ["before", "after"])
def test_a_decision_may_come_before_the_snippet(page: Page, api: Api, paper: Paper, is_given: bool, order: str) -> None:
    """By the documented lines for a page's own code, also while the page is still loading: one display, one request."""
    tell = f"{documented('const tell')}; tell({json.dumps(is_given)})"
    tag = f'<script async src="{api.url}/v1/snippet.js" data-site="riotimes" data-consent="wait"></script>'
    late = f"{tag}<script>addEventListener('load', () => {{ {tell} }})</script>"
    page.goto(paper.page(script=f"<script>{tell}</script>{tag}" if order == "before" else late))
    if is_given:
        Reader(page).reads(FOUR)
        assert api.methods() == ["POST"]
    else:
        page.wait_for_function("window.readmeter")
        settle(page)
        assert api.methods() == []


def test_stripped_attributes_wait_by_the_configuration(page: Page, api: Api, paper: Paper) -> None:
    script = (
        "<script>readmeterConfig = {site: 'riotimes', consent: 'wait'}</script>"
        f'<script async src="{api.url}/v1/snippet.js"></script>'
    )
    page.goto(paper.page(script=script))
    waits(page, api)
    page.evaluate("readmeter.consent(true)")
    Reader(page).reads(FOUR)


@pytest.mark.parametrize("attributes", [{}, {"consent": "wait"}])
def test_a_decision_while_nobody_sees_the_page_asks_once(
    page: Page, api: Api, paper: Paper, attributes: dict[str, str]
) -> None:
    page.add_init_script("window.unseen = true; Object.defineProperty(document, 'hidden', {get: () => unseen})")
    page.goto(paper.page(**attributes))
    page.wait_for_function("window.readmeter")
    page.evaluate("readmeter.consent(true)")
    settle(page)
    page.evaluate("window.unseen = false")
    Reader(page).reads(FOUR)
    settle(page)
    assert api.methods() == ["POST"]


def test_a_decision_does_not_need_the_other_part(page: Page, api: Api, paper: Paper) -> None:
    page.route("**/v1/more-*", lambda route: route.abort())
    page.goto(paper.page(consent="wait"))
    settle(page)
    page.evaluate("readmeter.consent(true)")
    Reader(page).reads(FOUR)
    page.evaluate("readmeter.consent(false)")
    assert page.evaluate(KEPT) is None
    expect(page.locator("readmeter-bar")).to_have_count(0)


def test_whoever_agrees_at_once_after_a_refusal_is_new(page: Page, api: Api, paper: Paper) -> None:
    routes: list[Route] = []
    page.route("**/v1/more-*", lambda route: routes.append(route))
    page.goto(paper.page())
    reader = Reader(page)
    reader.reads(FOUR)
    page.evaluate("readmeter.consent(false); readmeter.consent(true)")
    reader.reads(FOUR)
    for route in routes:
        route.continue_()
    settle(page)
    reader.reads(FOUR)
    first, second = api.views
    assert second["seed"] != first["seed"]
    assert "reader" not in second


@pytest.mark.parametrize("answer", [granted(), denied()])
def test_an_answer_after_a_refusal_is_neither_kept_nor_shown(
    page: Page, api: Api, paper: Paper, answer: dict[str, Any]
) -> None:
    let_go = Event()

    def late(_: Sent) -> dict[str, Any]:
        let_go.wait(20)
        return answer

    api.answer = late
    page.goto(paper.page())
    page.wait_for_function(KEPT)
    page.evaluate("readmeter.consent(false)")
    let_go.set()
    settle(page)
    assert page.evaluate(KEPT) is None
    reader = Reader(page)
    reader.sees_no_bar()
    reader.sees_the_article()


def test_another_tab_brings_nothing_back(browse: Callable[..., BrowserContext], api: Api, paper: Paper) -> None:
    context = browse()
    here, there = context.new_page(), context.new_page()
    here.goto(paper.page("/a"))
    Reader(here).reads(FOUR)
    there.goto(paper.page("/b"))
    Reader(there).reads(FOUR)
    settle(there)
    seed = api.views[0]["seed"]
    here.evaluate("readmeter.consent(false)")
    Reader(there).close.click()
    kept = here.evaluate(f"JSON.parse({KEPT})")
    assert "reader" not in kept
    assert kept["seed"] != seed


def test_it_is_asked_about_the_article_that_is_on_the_page(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page(article="a"))
    Reader(page).reads(FOUR)
    page.evaluate("readmeter.view({article: 'b'})")
    Reader(page).reads(FOUR)
    page.evaluate("readmeter.consent(false)")
    page.evaluate("readmeter.consent(true)")
    Reader(page).reads(FOUR)
    assert [sent["article"] for sent in api.views] == ["a", "b", "b"]
