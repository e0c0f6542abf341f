"""data-consent="wait": before the reader agrees nothing is stored, minted or asked; after a refusal nothing is left."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.publisher import Api, Paper, denied
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
    """The documented lines for a page's own code."""
    tell = (
        "const tell = given => window.readmeter ? readmeter.consent(given)"
        " : addEventListener('readmeter:ready', () => readmeter.consent(given), {once: true});"
        f"tell({json.dumps(is_given)})"
    )
    tag = f'<script async src="{api.url}/v1/snippet.js" data-site="riotimes" data-consent="wait"></script>'
    late = f"{tag}<script>addEventListener('load', () => {{ {tell} }})</script>"
    page.goto(paper.page(script=f"<script>{tell}</script>{tag}" if order == "before" else late))
    if is_given:
        Reader(page).reads(FOUR)
        assert api.methods() == ["POST"]
    else:
        page.wait_for_function("performance.getEntriesByType('resource').some(({name}) => /more-/.test(name))")
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
