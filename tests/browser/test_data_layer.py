"""window.dataLayer: what a tag manager is told, by which names, and that nothing of the reader is in it."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.publisher import Api, Paper, denied, documented, granted, prompt
from tests.browser.reader import Reader, settle

FOUR = "You have 4 free articles remaining. Subscribe for unlimited access."
# As Google documents both: the container's own line, and gtag's.
HEAD = (
    '<meta property="og:type" content="article"><script>window.dataLayer = window.dataLayer || [];'
    "dataLayer.push({'gtm.start': Date.now(), event: 'gtm.js'});"
    "function gtag() { dataLayer.push(arguments) } gtag('js', new Date())</script>"
)


def told(page: Page) -> list[dict[str, Any]]:
    settle(page)
    pushes: list[dict[str, Any]] = page.evaluate("dataLayer.filter(({event}) => /^readmeter/.test(event))")
    return pushes


def names(page: Page) -> list[str]:
    return [push["event"] for push in told(page)]


@pytest.mark.parametrize("visits", [1, 2])
def test_a_first_and_a_later_bar_are_told_alike(page: Page, api: Api, paper: Paper, visits: int) -> None:
    for n in range(visits):
        page.goto(paper.page(f"/{n}", head=HEAD))
        Reader(page).reads(FOUR)
        page.wait_for_function("dataLayer.length >= 4")
    figures = {
        "article": f"{paper.server.url}/{visits - 1}",
        "access": "granted",
        "reason": "metered",
        "meter": "default",
        "limit": 5,
        "used": 1,
        "remaining": 4,
        "prompt": "countdown",
    }
    assert told(page) == [
        {"event": "readmeter_decision", "readmeter": figures},
        {"event": "readmeter_prompt_shown", "readmeter": figures},
    ]


def test_clicks_and_closing_are_told(page: Page, api: Api, paper: Paper) -> None:
    links = [{"label": "Letters", "url": "https://www.example.com/letters"}]
    api.answer = granted(prompt=prompt(links=links))
    page.goto(paper.page(head=HEAD))
    reader = Reader(page)
    reader.reads(FOUR)
    page.evaluate("document.addEventListener('click', event => event.preventDefault())")
    for name in ("Subscribe", "Sign in", "Letters"):
        reader.bar.get_by_role("link", name=name).click()
    reader.close.click()
    assert names(page) == [
        "readmeter_decision",
        "readmeter_prompt_shown",
        "readmeter_subscribe_clicked",
        "readmeter_sign_in_clicked",
        "readmeter_link_clicked",
        "readmeter_prompt_dismissed",
    ]


def test_a_wall_and_a_miss_are_told(page: Page, api: Api, paper: Paper) -> None:
    api.answer = denied()
    page.goto(paper.page(head=HEAD))
    expect(Reader(page).wall).to_be_visible()
    assert names(page) == ["readmeter_decision", "readmeter_prompt_shown"]
    assert told(page)[1]["readmeter"]["prompt"] == "wall"
    page.evaluate("localStorage.clear()")
    api.answer = (503, {"access-control-allow-origin": "*"}, b"{}")
    page.goto(paper.page("/b", head=HEAD))
    page.wait_for_function("dataLayer.length >= 3")
    assert names(page) == ["readmeter_fail_open"]


def test_no_token_or_digest_is_told(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page(head=HEAD) + "?email=someone@example.com")
    Reader(page).reads(FOUR)
    text = json.dumps(told(page))
    for secret in ("-token", "digest", "someone", page.evaluate("JSON.parse(localStorage['readmeter:riotimes']).seed")):
        assert secret not in text


def test_a_site_without_one_gets_none(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page())
    Reader(page).reads(FOUR)
    page.reload()
    Reader(page).reads(FOUR)
    settle(page)
    assert page.evaluate("typeof dataLayer") == "undefined"


def test_something_else_of_that_name_disturbs_nothing(page: Page, api: Api, paper: Paper) -> None:
    api.answer = denied()
    page.goto(paper.page(head='<meta property="og:type" content="article"><script>dataLayer = {}</script>'))
    reader = Reader(page)
    expect(reader.wall).to_be_visible()
    api.answer = granted()
    page.evaluate("readmeter.refresh()")
    reader.reads(FOUR)
    reader.sees_the_article()


def test_gtag_is_told_by_the_documented_lines(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page(head=f"{HEAD}<script>{documented('gtag(')}</script>"))
    Reader(page).reads(FOUR)
    settle(page)
    commands = page.evaluate("dataLayer.filter(entry => entry[0] == 'event').map(entry => [...entry])")
    assert commands == [["event", "readmeter_shown", {"kind": "countdown"}]]
