"""A person reads the demo newspaper: the count goes down by one for each new article, and the sixth meets the wall."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.reader import Reader, settle
from tests.conftest import Running

COUNTDOWN = [
    "You have 4 free articles remaining. Subscribe for unlimited access.",
    "You have 3 free articles remaining. Subscribe for unlimited access.",
    "You have 2 free articles remaining. Subscribe for unlimited access.",
    "You have 1 free article remaining. Subscribe for unlimited access.",
    "This is the last of your 5 free articles this month. Subscribe for unlimited access.",
]
WALL = "You have read your 5 free articles."
ARTICLE = re.compile(r"/(city|world|science|business|arts|opinion)/[^/]+$")


@pytest.fixture
def articles(service: Running, page: Page) -> list[str]:
    """The addresses of the newspaper's articles, from its front page."""
    page.goto(service.newspaper)
    links = page.locator("main a").evaluate_all("links => links.map(link => link.href)")
    return list(dict.fromkeys(link for link in links if ARTICLE.search(link)))


def test_each_new_article_counts_once_and_the_sixth_meets_the_wall(
    page: Page, articles: list[str], keep: Callable[[Page, str], None], axe: Callable[[Page], None]
) -> None:
    reader = Reader(page)
    for number, (article, sentence) in enumerate(zip(articles, COUNTDOWN, strict=False), 1):
        page.goto(article)
        reader.reads(sentence)
        reader.sees_the_article()
        axe(page)
        keep(page, f"newspaper-bar-{number}")
    page.goto(articles[5])
    reader.meets_the_wall(WALL)
    reader.sees_no_bar()
    expect(reader.wall.get_by_role("paragraph")).to_have_text("Create a free account to read 5 more this month.")
    expect(page.locator(".article-body > p:visible")).to_have_count(2)
    axe(page)
    reader.wall.scroll_into_view_if_needed()
    keep(page, "newspaper-wall")


def test_a_reread_is_free_before_and_behind_the_wall(page: Page, articles: list[str]) -> None:
    reader = Reader(page)
    for article in articles[:6]:
        page.goto(article)
        settle(page)
    reader.meets_the_wall(WALL)
    page.goto(articles[0])
    expect(reader.status).to_have_text(COUNTDOWN[4])
    reader.sees_the_article()
    assert page.evaluate("readmeter.decision.reason") == "repeat"


def test_a_reload_counts_nothing(page: Page, articles: list[str]) -> None:
    reader = Reader(page)
    page.goto(articles[0])
    reader.reads(COUNTDOWN[0])
    page.reload()
    reader.reads(COUNTDOWN[0])


def test_the_front_page_is_no_article(page: Page, service: Running) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method) if "/v1/views" in request.url else None)
    page.goto(service.newspaper)
    settle(page)
    assert asked == []
    expect(page.locator("readmeter-bar")).to_have_count(0)


def test_closed_it_stays_closed_until_the_number_changes(page: Page, articles: list[str]) -> None:
    reader = Reader(page)
    page.goto(articles[0])
    reader.reads(COUNTDOWN[0])
    reader.close.click()
    reader.sees_no_bar()
    page.reload()
    reader.sees_no_bar()
    page.goto(articles[1])
    reader.reads(COUNTDOWN[1])


def test_what_was_closed_opens_again_when_the_number_comes_back_next_month(
    page: Page, articles: list[str], service: Running
) -> None:
    reader = Reader(page)
    page.goto(articles[0])
    reader.reads(COUNTDOWN[0])
    reader.close.click()
    page.goto(articles[1])
    reader.reads(COUNTDOWN[1])
    try:
        page.get_by_role("button", name="Next month").click()
        reader.reads(COUNTDOWN[0])
    finally:
        page.request.post(f"{service.newspaper}/_try", form={"do": "today"})


def test_a_new_reader_starts_with_the_whole_allowance(page: Page, articles: list[str]) -> None:
    reader = Reader(page)
    for article, sentence in zip(articles[:2], COUNTDOWN, strict=False):
        page.goto(article)
        reader.reads(sentence)
    page.get_by_role("button", name="New reader").click()
    reader.reads(COUNTDOWN[0])


def test_three_tabs_opened_at_once_by_a_newcomer_are_one_reader(
    page: Page, articles: list[str], browse: Callable[..., BrowserContext]
) -> None:
    context = browse()
    front = context.new_page()
    front.goto(articles[0].rsplit("/", 2)[0])
    with context.expect_event("page", lambda _: len(context.pages) == 4):
        front.evaluate("articles => articles.forEach(article => window.open(article))", articles[:3])
    tabs = [tab for tab in context.pages if tab is not front]
    for tab in tabs:
        tab.bring_to_front()
        expect(Reader(tab).status).to_have_text(re.compile(r"^You have [234] free articles remaining\."))
    remaining = sorted(tab.evaluate("readmeter.decision.remaining") for tab in tabs)
    assert remaining == [2, 3, 4], "three articles of one reader"


def test_a_page_view_is_one_request_without_a_preflight(page: Page, articles: list[str]) -> None:
    reader = Reader(page)
    asked: list[tuple[str, str]] = []
    page.context.on("request", lambda request: asked.append((request.method, request.url)))
    for article, sentence in zip(articles[:2], COUNTDOWN, strict=False):
        asked.clear()
        page.goto(article)
        reader.reads(sentence)
        settle(page)
        calls = [(method, url.rsplit("/v1/", 1)[1]) for method, url in asked if "/v1/" in url]
        assert [call for call in calls if call[0] != "GET"] == [("POST", "views")]
        files = [name.partition("-")[0] for method, name in calls if method == "GET"]
        assert set(files) <= {"snippet.js", "more"}


@pytest.mark.parametrize(
    ("path", "sentence", "direction"),
    [
        ("/ar/", "تبقّت لديك", "rtl"),
        ("/pt/", "Você ainda tem", "ltr"),
    ],
)
def test_it_speaks_the_language_of_the_page(
    page: Page,
    service: Running,
    path: str,
    sentence: str,
    direction: str,
    keep: Callable[[Page, str], None],
    axe: Callable[[Page], None],
) -> None:
    page.goto(service.newspaper + path)
    page.locator("main a").filter(has_text=re.compile(r"\S")).first.click()
    reader = Reader(page)
    expect(reader.bar).to_be_visible()
    assert reader.bar.get_attribute("dir") == direction
    axe(page)
    keep(page, f"newspaper-{path.strip('/')}")


def test_the_service_down_shows_the_whole_article_and_says_nothing(page: Page, articles: list[str]) -> None:
    reader = Reader(page)
    page.get_by_role("button", name="Service down").click()
    page.goto(articles[0])
    reader.sees_no_bar()
    reader.sees_the_article()


def test_a_wall_met_before_still_stands_when_the_service_is_down(page: Page, articles: list[str]) -> None:
    reader = Reader(page)
    for article in articles[:6]:
        page.goto(article)
        settle(page)
    reader.meets_the_wall(WALL)
    page.get_by_role("button", name="Service down").click()
    page.goto(articles[5])
    reader.meets_the_wall(WALL)
    page.goto(articles[0])
    settle(page)
    reader.sees_the_article()


def test_a_slow_service_brings_the_count_late_and_takes_nothing_away(page: Page, articles: list[str]) -> None:
    reader = Reader(page)
    page.get_by_role("button", name="Slow").click()
    page.goto(articles[0])
    reader.sees_the_article()
    reader.reads(COUNTDOWN[0])


def test_a_blocked_script_leaves_the_page_as_it_is(page: Page, articles: list[str]) -> None:
    page.get_by_role("button", name="Script blocked").click()
    page.goto(articles[0])
    settle(page)
    Reader(page).sees_the_article()
    assert page.evaluate("typeof readmeter") == "undefined"


def test_without_javascript_the_article_is_whole_and_promises_nothing(
    articles: list[str], browse: Callable[..., BrowserContext], keep: Callable[[Page, str], None]
) -> None:
    page = browse(java_script_enabled=False).new_page()
    page.goto(articles[0])
    Reader(page).sees_the_article()
    assert not re.search(r"You have\b.*\bfree article", page.inner_text("body"))
    keep(page, "no-javascript")
