"""A phone's other layers: banners, the keyboard, cut-outs, turning. The bar stays in reach and hides nothing."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.publisher import Api, Paper
from tests.browser.reader import Reader, settle

FOUR = "You have 4 free articles remaining. Subscribe for unlimited access."
LONG = (
    "<main><article><h1>Long</h1>" + "<p>Text.</p>" * 60 + "<p><input id=end aria-label=Comment></p></article></main>"
)


def banner(z_index: int, side: str = "bottom") -> str:
    return (
        f"<div id=banner style='position:fixed;{side}:0;left:0;right:0;height:120px;background:#ddd;z-index:{z_index}'>"
        "<button style='margin:40px' onclick='this.parentNode.remove()'>Accept</button></div>"
    )


@pytest.fixture
def phone(page: Page) -> Page:
    page.set_viewport_size({"width": 375, "height": 740})
    return page


def in_reach(page: Page) -> None:
    """Every control of the bar can be scrolled to and takes the tap."""
    reader = Reader(page)
    for target in [*reader.bar.get_by_role("link").all(), reader.close]:
        target.click(trial=True)


def is_clear(page: Page) -> bool:
    """Scrolled to its end, the page's last control is above the bar."""
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    end, bar = page.locator("#end").bounding_box(), Reader(page).bar.bounding_box()
    assert end is not None
    assert bar is not None
    return end["y"] + end["height"] <= bar["y"]


@pytest.mark.parametrize("z_index", [2_147_483_647, 9_999])
def test_beside_a_cookie_banner_both_can_be_used(phone: Page, paper: Paper, z_index: int) -> None:
    phone.goto(paper.page(body=LONG + banner(z_index)))
    reader = Reader(phone)
    reader.reads(FOUR)
    accept = phone.get_by_role("button", name="Accept")
    if z_index < 999_999_999:  # the bar lies above: it can be closed
        reader.close.click()
        accept.click()
    else:
        accept.click()
        in_reach(phone)
        assert is_clear(phone)


def test_an_app_banner_at_the_top_is_left_alone(phone: Page, paper: Paper) -> None:
    phone.goto(paper.page(body=banner(10, "top") + LONG))
    Reader(phone).reads(FOUR)
    in_reach(phone)
    phone.get_by_role("button", name="Accept").click()


def test_above_the_keyboard_the_field_stays_visible(phone: Page, paper: Paper) -> None:
    """`interactive-widget=resizes-content`: the keyboard takes its height from the page."""
    phone.goto(paper.page(body=LONG))
    Reader(phone).reads(FOUR)
    phone.set_viewport_size({"width": 375, "height": 380})
    phone.locator("#end").focus()
    field, bar = phone.locator("#end").bounding_box(), Reader(phone).bar.bounding_box()
    assert field is not None
    assert bar is not None
    assert field["y"] >= 0
    assert field["y"] + field["height"] <= bar["y"]
    in_reach(phone)


def test_cut_outs_are_kept_free(phone: Page, paper: Paper) -> None:
    phone.set_viewport_size({"width": 740, "height": 375})
    insets = {"insets": {"top": 0, "left": 47, "bottom": 21, "right": 30}}
    phone.context.new_cdp_session(phone).send("Emulation.setSafeAreaInsetsOverride", insets)
    cover = '<meta name=viewport content="width=device-width,viewport-fit=cover">'
    head = f'<meta property="og:type" content="article">{cover}'
    phone.goto(paper.page(body=LONG, head=head))
    Reader(phone).reads(FOUR)
    box = Reader(phone).bar.bounding_box()
    assert box is not None
    assert (box["x"], box["x"] + box["width"], box["y"] + box["height"]) == (47, 710, 354)
    in_reach(phone)


def test_turned_and_zoomed_it_still_hides_nothing(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page("/before", body=LONG))
    Reader(page).reads(FOUR)
    page.goto(paper.page(body=LONG))
    reader = Reader(page)
    reader.reads(FOUR)
    settle(page)
    for width, height in ((740, 375), (375, 740), (320, 256), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        settle(page)
        assert is_clear(page), (width, height)
        in_reach(page)
    expect(reader.bar).to_be_visible()
