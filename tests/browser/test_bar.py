"""The bar: what it says and to whom, how it is closed, and what it leaves alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PHONE
from tests.browser.publisher import Api, Paper, granted, prompt, unmetered
from tests.browser.reader import Reader, settle

FOUR = "You have 4 free articles remaining. Subscribe for unlimited access."
WATCH_SHIFTS = """
    window.shifts = [];
    new PerformanceObserver(list => window.shifts.push(...list.getEntries().map(entry => entry.value)))
        .observe({type: 'layout-shift', buffered: true});
"""


def test_it_leads_to_the_publishers_pages_and_nowhere_else(page: Page, api: Api, paper: Paper) -> None:
    elsewhere = {"kind": "sign_in", "label": "Sign in", "url": "javascript:alert(1)"}
    subscribe = {"kind": "subscribe", "label": "Subscribe", "url": "https://www.example.com/subscribe"}
    more = [{"label": "Our newsletters", "url": "https://www.example.com/letters"}]
    api.answer = granted(prompt=prompt(actions=[subscribe, elsewhere], links=more))
    page.goto(paper.page())
    reader = Reader(page)
    reader.reads(FOUR)
    links = reader.bar.get_by_role("link").evaluate_all("links => links.map(link => [link.textContent, link.href])")
    assert links == [
        ["Subscribe", "https://www.example.com/subscribe"],
        ["Our newsletters", "https://www.example.com/letters"],
    ]


def test_a_number_changes_when_the_count_does(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page())
    reader = Reader(page)
    reader.reads(FOUR)
    api.answer = granted(1, prompt=prompt(message="You have 1 free article remaining. Subscribe for unlimited access."))
    page.evaluate("readmeter.refresh()")
    reader.reads("You have 1 free article remaining. Subscribe for unlimited access.")


def test_the_last_article_shows_its_bar_although_it_was_closed(page: Page, api: Api, paper: Paper) -> None:
    api.answer = granted(0)
    address = paper.page()
    page.goto(address)
    reader = Reader(page)
    for _ in range(2):
        expect(reader.status).to_have_text(
            "This is the last of your 5 free articles this month. Subscribe for unlimited access."
        )
        reader.close.click()
        reader.sees_no_bar()
        page.goto(address)


def test_it_is_closed_by_keyboard_and_stays_closed_until_the_number_changes(page: Page, api: Api, paper: Paper) -> None:
    address = paper.page()
    page.goto(address)
    reader = Reader(page)
    reader.reads(FOUR)
    reader.close.focus()
    page.keyboard.press("Enter")
    reader.sees_no_bar()
    page.goto(address)
    reader.sees_no_bar()
    api.answer = granted(3)
    page.goto(address)
    expect(reader.bar).to_be_visible()
    api.answer = granted(4)
    page.goto(address)
    reader.reads(FOUR)


def test_escape_closes_it_only_with_the_focus_inside(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page())
    reader = Reader(page)
    reader.reads(FOUR)
    page.keyboard.press("Escape")
    expect(reader.bar).to_be_visible()
    reader.bar.get_by_role("link", name="Subscribe").focus()
    page.keyboard.press("Escape")
    reader.sees_no_bar()


def test_the_keyboard_passes_through_it(page: Page, api: Api, paper: Paper) -> None:
    page.goto(
        paper.page(body="<main><article><h1>An article</h1><p>Text.</p></article><button id=own>Own</button></main>")
    )
    reader = Reader(page)
    reader.reads(FOUR)
    page.locator("#own").focus()
    for name in ("Close", "Subscribe", "Sign in"):
        page.keyboard.press("Tab")
        expect(reader.bar.locator(":focus")).to_have_accessible_name(name)
    page.keyboard.press("Shift+Tab")
    expect(reader.bar.locator(":focus")).to_have_accessible_name("Subscribe")


@pytest.mark.parametrize(("reason", "live"), [("metered", "polite"), ("repeat", "off")])
def test_only_a_newly_counted_read_is_announced(page: Page, api: Api, paper: Paper, reason: str, live: str) -> None:
    api.answer = granted(reason=reason)
    page.add_init_script("""
        const attach = Element.prototype.attachShadow;
        window.said = [];
        Element.prototype.attachShadow = function (options) {
            const root = attach.call(this, options);
            const note = () => root.querySelectorAll('[role=status]').forEach(status => said.push(status.textContent));
            new MutationObserver(note).observe(root, {childList: true, subtree: true, characterData: true});
            return root;
        };
    """)
    page.goto(paper.page())
    reader = Reader(page)
    reader.reads(FOUR)
    expect(reader.status).to_have_attribute("aria-live", live)
    assert page.evaluate("said[0]") == "", "the status element stands empty before it speaks"
    assert page.evaluate("said.at(-1)") == FOUR


def test_a_view_without_a_prompt_shows_nothing(page: Page, api: Api, paper: Paper) -> None:
    api.answer = unmetered("subscriber")
    page.goto(paper.page())
    Reader(page).sees_no_bar()
    assert page.evaluate("readmeter.decision.reason") == "subscriber"


def test_an_article_without_a_meter_does_not_bring_a_closed_bar_back(page: Page, api: Api, paper: Paper) -> None:
    reader = Reader(page)
    page.goto(paper.page())
    reader.reads(FOUR)
    reader.close.click()
    for path, answer in (("/b", unmetered("exempt")), ("/a", granted(4, "repeat"))):
        api.answer = answer
        page.goto(paper.page(path))
        settle(page)
        reader.sees_no_bar()


@pytest.mark.parametrize("position", ["bottom", "top"])
def test_nothing_of_the_page_moves(
    page: Page, api: Api, paper: Paper, position: str, keep: Callable[[Page, str], None]
) -> None:
    api.answer = granted(prompt=prompt(position=position))
    page.add_init_script(WATCH_SHIFTS)
    page.goto(paper.page())
    reader = Reader(page)
    reader.reads(FOUR)
    box = reader.bar.bounding_box()
    assert box is not None
    assert (box["y"] == 0) if position == "top" else (box["y"] + box["height"] == 800)
    settle(page)
    assert page.evaluate("shifts") == []
    keep(page, f"bar-{position}")


def test_the_end_of_the_page_can_be_scrolled_clear_of_it(page: Page, api: Api, paper: Paper) -> None:
    page.goto(
        paper.page(body=f"<main><article><h1>Long</h1>{'<p>Text.</p>' * 200}<p id=end>The end.</p></article></main>")
    )
    reader = Reader(page)
    reader.reads(FOUR)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    end, bar = page.locator("#end").bounding_box(), reader.bar.bounding_box()
    assert end is not None
    assert bar is not None
    assert end["y"] + end["height"] <= bar["y"]
    reader.close.click()
    page.wait_for_function("document.documentElement.style.paddingBottom == ''")


@pytest.mark.parametrize(("width", "height"), [(320, 256), (320, 568), (375, 740), (1280, 800)])
def test_it_fits_small_screens_and_large_type(
    page: Page,
    api: Api,
    paper: Paper,
    width: int,
    height: int,
    keep: Callable[[Page, str], None],
    axe: Callable[[Page], None],
) -> None:
    """320 by 256 is a screen of 1280 by 1024 at 400 % zoom."""
    page.set_viewport_size({"width": width, "height": height})
    page.goto(paper.page())
    reader = Reader(page)
    reader.reads(FOUR)
    box = reader.bar.bounding_box()
    assert box is not None
    assert box["width"] == width
    assert box["height"] <= height / 2, "the page stays readable"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert reader.bar.evaluate("bar => bar.scrollWidth <= bar.clientWidth")
    for target in [*reader.bar.get_by_role("link").all(), reader.close]:
        target.scroll_into_view_if_needed()
        size = target.bounding_box()
        assert size is not None
        assert size["width"] >= 44
        assert size["height"] >= 44
    axe(page)
    keep(page, f"bar-{width}x{height}")


def test_it_reads_from_right_to_left(
    page: Page, api: Api, paper: Paper, keep: Callable[[Page, str], None], axe: Callable[[Page], None]
) -> None:
    arabic = "تبقّت لديك 4 مقالات مجانية. اشترك للقراءة بلا حدود."
    api.answer = granted(
        prompt=prompt(
            lang="ar",
            dir="rtl",
            message=arabic,
            close_label="إغلاق",
            actions=[{"kind": "subscribe", "label": "اشترك", "url": "https://www.example.com/"}],
        )
    )
    page.goto(paper.page(html='lang="ar" dir="rtl"'))
    reader = Reader(page)
    reader.reads(arabic)
    text, close = reader.status.bounding_box(), reader.close.bounding_box()
    assert text is not None
    assert close is not None
    assert close["x"] < text["x"]
    assert reader.bar.evaluate("bar => [bar.lang, getComputedStyle(bar).direction]") == ["ar", "rtl"]
    axe(page)
    keep(page, "bar-arabic")


@pytest.mark.parametrize("options", [{"color_scheme": "dark"}, {"forced_colors": "active"}])
def test_it_follows_what_the_reader_has_set(
    browse: Callable[..., BrowserContext],
    api: Api,
    paper: Paper,
    options: dict[str, str],
    axe: Callable[[Page], None],
    keep: Callable[[Page, str], None],
) -> None:
    page = browse(**options).new_page()
    page.goto(
        paper.page(head='<meta property="og:type" content="article"><meta name="color-scheme" content="light dark">')
    )
    reader = Reader(page)
    reader.reads(FOUR)
    axe(page)
    keep(page, f"bar-{next(iter(options.values()))}")


def test_it_comes_in_without_motion(page: Page, paper: Paper) -> None:
    page.goto(paper.page())
    Reader(page).reads(FOUR)
    assert page.evaluate("document.getAnimations().length") == 0


def test_it_is_not_printed(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page())
    reader = Reader(page)
    reader.reads(FOUR)
    settle(page)
    page.evaluate("""() => addEventListener('beforeprint', () => {
        window.printed = document.querySelector('readmeter-bar').getClientRects().length;
        window.space = document.documentElement.style.paddingBottom;
    })""")
    page.pdf()
    assert page.evaluate("[printed, space]") == [0, "0px"]
    reader.reads(FOUR)


def test_the_page_cannot_spoil_it(page: Page, api: Api, paper: Paper) -> None:
    rules = "* { color: lime !important; position: static !important; display: block } a, button { font-size: 80px }"
    head = f'<meta property="og:type" content="article"><style>{rules}</style>'
    page.goto(paper.page(head=head))
    reader = Reader(page)
    reader.reads(FOUR)
    styles = reader.bar.evaluate(
        "bar => [bar, ...bar.children].map(each => getComputedStyle(each)).map(style => [style.position, style.color])"
    )
    white, red = "rgb(255, 255, 255)", "rgb(204, 0, 0)"
    assert styles == [["fixed", white], ["static", white], ["static", white], ["static", red], ["static", white]]


def test_a_phone_shows_it_whole(
    browse: Callable[..., BrowserContext], api: Api, paper: Paper, keep: Callable[[Page, str], None]
) -> None:
    page = browse(**PHONE).new_page()
    api.answer = granted(0)
    page.goto(paper.page())
    expect(Reader(page).bar).to_be_visible()
    keep(page, "bar-phone-last")
