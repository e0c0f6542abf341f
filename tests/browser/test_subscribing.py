"""A reader subscribes at the demo newspaper's wall and comes back to an open article; cancelled, it is closed again."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PHONE
from tests.browser.courier import FIVE, LOCKED, SIXTH, Courier
from tests.conftest import Running
from tests.support.api import fresh_id


def test_who_subscribes_at_the_wall_comes_back_to_an_open_article(
    page: Page, service: Running, axe: Callable[[Page], None], keep: Callable[[Page, str], None]
) -> None:
    person = Courier(page, service.newspaper)
    person.reads_all_five()
    person.opens(SIXTH)
    person.reader.wall.get_by_role("link", name="Subscribe").click()
    expect(page.get_by_text("A subscription belongs to an account.")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Sign in to subscribe").click()
    person.gives_the_name(fresh_id())
    page.get_by_label("By the year").check()
    axe(page)
    page.get_by_role("button", name="Subscribe without paying").click()
    person.reader.sees_the_article()
    expect(page).to_have_url(person.url + SIXTH)  # without what the checkout's way back ended in
    assert person.decision()["reason"] == "subscriber"
    person.reader.sees_no_bar()
    assert person.opens(LOCKED)["reason"] == "subscriber"

    page.locator(".reader bdi").click()
    expect(page.get_by_role("main")).to_contain_text("You subscribe: By the year")
    axe(page)
    keep(page, "newspaper-account")
    page.get_by_role("button", name="Cancel the subscription").click()
    expect(page.get_by_role("main").get_by_role("link", name="Subscribe")).to_be_visible()
    assert person.opens(LOCKED)["reason"] == "locked"
    assert person.opens(FIVE[0])["reason"] == "repeat", "what was read before is still counted"


def test_the_way_there_and_back_is_in_arabic_where_the_article_is(
    browse: Callable[..., BrowserContext],
    service: Running,
    axe: Callable[[Page], None],
    keep: Callable[[Page, str], None],
) -> None:
    page = browse(**PHONE, color_scheme="dark").new_page()
    person = Courier(page, service.newspaper)
    article = "/ar/arts/al-asad-wal-thawr"
    person.opens(article)
    person.reader.bar.get_by_role("link", name="اشترك").click()
    page.get_by_role("button", name="سجّل الدخول لتشترك").click()
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    axe(page)
    keep(page, "newspaper-sign-in-ar")
    page.get_by_label("أو اسم آخر").fill(fresh_id())
    page.get_by_label("أو اسم آخر").press("Enter")
    page.get_by_role("button", name="اشترك من دون دفع").click()
    expect(page).to_have_url(person.url + article)
    assert person.decision()["reason"] == "subscriber"
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
