"""A button of the publisher's own gives an article away."""

import json
import re

import pytest
from playwright.sync_api import Error, Page

from tests.browser.publisher import Api, Paper, reply
from tests.browser.reader import Reader, settle

FOUR = "You have 4 free articles remaining. Subscribe for unlimited access."
GIFT = {"url": "https://www.example.com/a?gift=tulip", "expires_at": "2026-12-01T00:00:00Z", "remaining": 9}
READY = """
    window.given = new Promise(done => addEventListener('readmeter:loaded', () => done(readmeter.gift())));
"""


def test_it_can_be_given_as_soon_as_the_snippet_says_so(page: Page, api: Api, paper: Paper) -> None:
    api.gift = reply(201, json.dumps(GIFT))
    page.add_init_script(READY)
    page.goto(paper.page("/a", identity="annas.own.token") + "?utm_source=mail#part-2")
    assert page.evaluate("given") == GIFT
    address = f"{paper.server.url}/a"
    expected = {"site": "riotimes", "identity": "annas.own.token", "article": address, "url": address}
    assert api.posted("gifts") == [expected]
    assert "OPTIONS" not in api.methods(), "no preflight"


def test_an_article_is_named_as_it_is_counted_and_the_link_leads_to_its_page(
    page: Page, api: Api, paper: Paper
) -> None:
    api.gift = reply(201, json.dumps(GIFT))
    paper.pages["/who"] = 200, {}, b"annas.own.token"
    page.add_init_script(READY)
    page.goto(paper.page("/a", article="story-17", identity_url="/who"))
    page.evaluate("given")
    page.evaluate("readmeter.gift({url: '/b?page=2'})")
    page.evaluate("readmeter.gift({article: 'story-18', url: '/?p=18#top'})")
    assert [(sent["article"], sent["url"], sent["identity"]) for sent in api.posted("gifts")] == [
        ("story-17", f"{paper.server.url}/a", "annas.own.token"),
        (f"{paper.server.url}/b", f"{paper.server.url}/b", "annas.own.token"),
        ("story-18", f"{paper.server.url}/?p=18", "annas.own.token"),
    ]


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422])
def test_a_refusal_is_an_error_that_says_why(page: Page, api: Api, paper: Paper, status: int) -> None:
    detail = "All gifts of this month are given: there are 10."
    api.gift = reply(status, json.dumps({"type": "about:blank", "title": "No", "status": status, "detail": detail}))
    page.goto(paper.page())
    Reader(page).reads(FOUR)
    settle(page)
    assert page.evaluate("readmeter.gift().catch(error => [error.status, error.message])") == [status, detail]
    with pytest.raises(Error, match=re.escape(detail)):
        page.evaluate("readmeter.gift()")
