"""The wall: where it stands, what it leaves, and that every bit of the article comes back."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PHONE
from tests.browser.publisher import PARAGRAPHS, Api, Paper, denied, granted, prompt
from tests.browser.reader import Reader, settle

WALL = "You have read your 5 free articles this month."


@pytest.fixture(autouse=True)
def _walled(api: Api) -> None:
    api.answer = denied()


def visible(page: Page) -> list[str]:
    """The ids of the paragraphs that a person sees."""
    ids = "paragraphs => paragraphs.filter(p => p.checkVisibility()).map(p => p.id)"
    return page.locator("p[id]").evaluate_all(ids)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("reason", "heading", "text", "first"),
    [
        ("limit_reached", WALL, "Subscribe to keep reading, or come back on December 1.", "Subscribe"),
        (
            "registration_required",
            "You have read your 5 free articles.",
            "Create a free account to read 5 more this month.",
            "Create a free account",
        ),
        ("locked", "This article is for subscribers.", "Subscribe to keep reading.", "Subscribe"),
    ],
)
def test_it_says_why_and_what_to_do(
    page: Page,
    api: Api,
    paper: Paper,
    reason: str,
    heading: str,
    text: str,
    first: str,
    axe: Callable[[Page], None],
    keep: Callable[[Page, str], None],
) -> None:
    if reason == "locked":
        nothing = dict.fromkeys(("meter", "limit", "used", "remaining", "resets_at"))
        api.answer = denied("locked", prompt=prompt("wall", message=f"{heading} {text}")) | nothing
    else:
        api.answer = denied(reason)
    page.goto(paper.page())
    reader = Reader(page)
    reader.meets_the_wall(heading)
    expect(reader.wall.get_by_role("paragraph")).to_have_text(text)
    expect(page.get_by_role("region", name=heading)).to_be_visible()
    expect(reader.wall.get_by_role("link").first).to_have_text(first)
    expect(reader.wall.get_by_role("button")).to_have_count(0)
    assert visible(page) == ["p1", "p2"]
    axe(page)
    keep(page, f"wall-{reason}")


@pytest.mark.parametrize(
    ("preview", "left"), [("0", []), ("1", ["p1"]), ("3", ["p1", "p2", "p3"]), ("many", ["p1", "p2"])]
)
def test_it_leaves_as_many_paragraphs_as_the_publisher_says(
    page: Page, paper: Paper, preview: str, left: list[str]
) -> None:
    page.goto(paper.page(preview=preview))
    Reader(page).meets_the_wall(WALL)
    assert visible(page) == left


def test_a_short_article_is_cut_too(page: Page, paper: Paper) -> None:
    page.goto(paper.page(body="<article><h1>Short</h1><p id=p1>One.</p><p id=p2>Two.</p></article>"))
    Reader(page).meets_the_wall(WALL)
    assert visible(page) == ["p1"]


@pytest.mark.parametrize(
    "body",
    [
        f"<article><h1>H</h1><p id=teaser>Teaser</p><div itemprop=articleBody>{PARAGRAPHS}</div></article>",
        f"<article><p id=teaser>Teaser</p><div class='post entry-content'>{PARAGRAPHS}</div></article>",
        f"<div><p id=teaser>Teaser</p><div class=article-body>{PARAGRAPHS}</div></div>",
    ],
)
def test_it_finds_the_text_by_itself(page: Page, paper: Paper, body: str) -> None:
    page.goto(paper.page(body=body))
    Reader(page).meets_the_wall(WALL)
    assert visible(page) == ["teaser", "p1", "p2"]


def test_the_publisher_can_name_where_the_text_is(page: Page, paper: Paper) -> None:
    body = f"<article><p id=before>Before</p></article><div id=story>{PARAGRAPHS}</div>"
    page.goto(paper.page(body=body, gate="#story"))
    Reader(page).meets_the_wall(WALL)
    assert visible(page) == ["before", "p1", "p2"]


def test_what_stands_beside_the_text_is_not_counted(page: Page, paper: Paper) -> None:
    beside = "<header><p id=standfirst>Standfirst</p></header><figure><p id=caption>Caption</p></figure>"
    page.goto(
        paper.page(body=f"<article>{beside}<div><div>{PARAGRAPHS}</div><p id=note>Note</p></div>Loose words</article>")
    )
    Reader(page).meets_the_wall(WALL)
    assert visible(page) == ["standfirst", "caption", "p1", "p2"]
    expect(page.get_by_text("Loose words")).to_have_count(0)


def test_a_text_without_paragraphs_is_cut_by_its_blocks(page: Page, paper: Paper) -> None:
    blocks = "".join(f"<div>Block {n}</div>" for n in range(1, 5))
    page.goto(paper.page(body=f"<div class=article-body>{blocks}</div>"))
    Reader(page).meets_the_wall(WALL)
    expect(page.get_by_text(re.compile("^Block")).filter(visible=True)).to_have_text(["Block 1", "Block 2"])


def test_what_is_added_behind_it_stays_out_of_sight(page: Page, paper: Paper) -> None:
    page.goto(paper.page())
    Reader(page).meets_the_wall(WALL)
    page.evaluate(
        "const late = document.createElement('p'); late.id = late.textContent = 'late';"
        "document.querySelector('article').append(late)"
    )
    expect(page.locator("#late")).to_be_hidden()


def test_a_page_without_a_place_for_it_stays_whole_and_tells_the_engineer(page: Page, paper: Paper) -> None:
    with page.expect_console_message(lambda message: "data-gate" in message.text):
        page.goto(paper.page(body="<main><p id=p1>Text</p></main>"))
    assert visible(page) == ["p1"]


def test_a_grant_after_a_refresh_puts_everything_back(page: Page, api: Api, paper: Paper) -> None:
    styled = "<p id=styled style='display:flex !important'>Styled</p>"
    body = f"<article style='color:navy'>{PARAGRAPHS}{styled}Loose words</article>"
    page.goto(paper.page(body=body))
    before = page.request.get(page.url).text()
    reader = Reader(page)
    reader.meets_the_wall(WALL)
    api.answer = granted(4, "subscriber", prompt=None)
    page.evaluate("readmeter.refresh()")
    reader.sees_the_article()
    inside = re.search("<article.*</article>", before)
    assert inside is not None
    after = (
        page.locator("article")
        .evaluate("article => article.outerHTML")
        .replace(' style=""', "")
        .replace(" flex !important;", "flex !important")
    )
    assert re.sub('[" ;]', "", after) == re.sub("[' ;]", "", inside[0])


def test_it_takes_no_focus_and_traps_none(page: Page, paper: Paper) -> None:
    page.goto(
        paper.page(
            body=f"<button id=before>Before</button><article>{PARAGRAPHS}</article><button id=after>After</button>"
        )
    )
    reader = Reader(page)
    reader.meets_the_wall(WALL)
    assert page.evaluate("document.activeElement === document.body")
    page.locator("#before").focus()
    for name in ("Subscribe", "Sign in", "After"):
        page.keyboard.press("Tab")
        expect(page.locator(":focus").last).to_have_accessible_name(name)


def test_escape_does_not_open_it(page: Page, paper: Paper) -> None:
    page.goto(paper.page())
    reader = Reader(page)
    reader.meets_the_wall(WALL)
    reader.wall.get_by_role("link").first.press("Escape")
    reader.meets_the_wall(WALL)


def test_nothing_above_the_cut_moves(page: Page, api: Api, paper: Paper) -> None:
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { top1 = document.querySelector('#p2').getBoundingClientRect().y })"
    )
    page.goto(paper.page())
    Reader(page).meets_the_wall(WALL)
    assert page.evaluate("document.querySelector('#p2').getBoundingClientRect().y === top1")


def test_at_the_limit_the_reader_can_be_sent_on(page: Page, api: Api, paper: Paper) -> None:
    offers = paper.page("/offers", head="", body="<h1>Offers</h1>")
    api.answer = denied(prompt=prompt("wall", redirect_url=offers))
    first = paper.page("/front", head="", body="<h1>Front</h1>")
    page.goto(first)
    page.goto(paper.page())
    page.wait_for_url(offers)
    page.evaluate("history.back()")
    expect(page).to_have_url(first)  # replaced: the way back does not lead into the wall again


def test_it_sends_nobody_to_a_script(page: Page, api: Api, paper: Paper) -> None:
    api.answer = denied(prompt=prompt("wall", redirect_url="javascript:document.title='taken'"))
    page.goto(paper.page())
    Reader(page).meets_the_wall(WALL)
    assert page.title() == "A page"


def test_a_sentence_of_one_part_is_its_heading(page: Page, api: Api, paper: Paper) -> None:
    api.answer = denied(prompt=prompt("wall", message="Please subscribe to read on"))
    page.goto(paper.page())
    reader = Reader(page)
    reader.meets_the_wall("Please subscribe to read on")
    expect(reader.wall.get_by_role("paragraph")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("phone", PHONE),
        ("320", {"viewport": {"width": 320, "height": 256}}),
        ("dark", {"color_scheme": "dark"}),
        ("forced", {"forced_colors": "active"}),
    ],
)
def test_it_follows_screen_and_settings(
    browse: Callable[..., BrowserContext],
    paper: Paper,
    name: str,
    options: dict[str, Any],
    axe: Callable[[Page], None],
    keep: Callable[[Page, str], None],
) -> None:
    page = browse(**options).new_page()
    page.goto(
        paper.page(head='<meta property="og:type" content="article"><meta name="color-scheme" content="light dark">')
    )
    reader = Reader(page)
    reader.meets_the_wall(WALL)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for link in reader.wall.get_by_role("link").all():
        size = link.bounding_box()
        assert size is not None
        assert min(size["width"], size["height"]) >= 44
    axe(page)
    reader.wall.scroll_into_view_if_needed()
    keep(page, f"wall-{name}")


def test_it_reads_from_right_to_left(
    page: Page, api: Api, paper: Paper, axe: Callable[[Page], None], keep: Callable[[Page, str], None]
) -> None:
    message = "لقد قرأت مقالاتك المجانية الـ5 هذا الشهر. اشترك لمتابعة القراءة، أو عد في 1 ديسمبر."
    subscribe = {"kind": "subscribe", "label": "اشترك", "url": "https://www.example.com/"}
    api.answer = denied(prompt=prompt("wall", lang="ar", dir="rtl", message=message, actions=[subscribe]))
    page.goto(paper.page(html='lang="ar" dir="rtl"'))
    reader = Reader(page)
    reader.meets_the_wall("لقد قرأت مقالاتك المجانية الـ5 هذا الشهر.")
    assert reader.wall.evaluate("wall => [wall.lang, getComputedStyle(wall).direction]") == ["ar", "rtl"]
    axe(page)
    keep(page, "wall-arabic")


def test_another_page_of_a_single_page_site_starts_without_it(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page())
    reader = Reader(page)
    reader.meets_the_wall(WALL)
    api.answer = granted(2, "repeat")
    page.evaluate("readmeter.view({article: 'b', url: '/b?utm_source=x#top'})")
    reader.sees_the_article()
    expect(reader.bar).to_be_visible()
    first, second = api.views
    assert (second["article"], second["url"]) == ("b", f"{paper.server.url}/b")
    assert first["view"] != second["view"]
    page.evaluate("readmeter.refresh()")
    settle(page)
    assert api.views[2]["view"] == second["view"], "a refresh is the same display"
