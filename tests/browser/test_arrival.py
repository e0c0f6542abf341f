"""With what a reader comes: a gift, a campaign, a referrer. Told of the article that they came to, and of no other."""

from typing import Any

from playwright.sync_api import Page

from tests.browser.publisher import Api, Paper
from tests.browser.reader import Reader, settle

FOUR = "You have 4 free articles remaining. Subscribe for unlimited access."


def told(api: Api) -> list[tuple[Any, Any, Any]]:
    return [(sent.get("gift"), sent.get("campaign"), sent.get("referrer")) for sent in api.views]


def test_a_gift_and_a_campaign_come_with_the_address(page: Page, api: Api, paper: Paper) -> None:
    address = paper.page("/a") + "?gift=tulip.2026&utm_source=mail&utm_campaign=Spring%20sale#part-2"
    page.goto(address)
    Reader(page).reads(FOUR)
    assert told(api) == [("tulip.2026", "Spring sale", "")]
    assert api.views[0]["url"] == f"{paper.server.url}/a"
    assert page.url == address, "who copies it gives it on"
    page.evaluate("readmeter.refresh()")
    settle(page)
    assert told(api)[1] == told(api)[0], "the same display"


def test_no_path_of_where_the_reader_came_from_leaves_the_page(page: Page, api: Api, paper: Paper) -> None:
    address = paper.page("/a")
    link = f'<meta name="referrer" content="unsafe-url"><a href="{address}">Read</a>'
    paper.pages["/search"] = 200, {"content-type": "text/html"}, link.encode()
    page.goto(f"{paper.server.url.replace('127.0.0.1', 'localhost')}/search?q=a+private+matter")
    page.get_by_role("link").click()
    Reader(page).reads(FOUR)
    assert told(api) == [(None, None, paper.server.url.replace("127.0.0.1", "localhost"))]


def test_the_next_article_of_a_single_page_site_was_not_come_to(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page("/a") + "?gift=tulip&utm_campaign=mail", referer="https://www.example.com/")
    Reader(page).reads(FOUR)
    page.evaluate("readmeter.view({url: '/b'})")
    page.evaluate("readmeter.view({url: '/a'})")
    settle(page)
    came = ("tulip", "mail", "https://www.example.com")
    assert told(api) == [came, (None, None, None), came]


def test_long_ones_cost_no_view(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page("/a") + f"?gift={'g' * 3000}&utm_campaign={'é' * 1000}")
    Reader(page).reads(FOUR)
    assert told(api) == [("g" * 256, "é" * 256, "")]
    [request] = [sent for sent in api.server.requests if sent.method == "POST"]
    assert len(request.body) < 2000
