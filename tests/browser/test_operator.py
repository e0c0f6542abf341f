"""The demo newspaper's operator: usage as it is counted, and a month of readers with its export, within a minute."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.conftest import Running

STILL_MS = 100_000  # that the page may say the same while a month is simulated: it changes every second or so
SAID = "['progress', 'stage'].map(id => document.getElementById(id).innerText).join()"


@pytest.fixture
def office(service: Running, page: Page) -> Page:
    """The operator page."""
    page.goto(service.newspaper)
    page.get_by_role("link", name="Back office").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The Rio Courier’s back office")
    return page


def counted(page: Page) -> int:
    return int(page.locator(".figures dd").first.inner_text().replace(",", ""))


def test_an_article_that_is_read_in_another_tab_is_counted_here(
    office: Page, service: Running, browse: Callable[..., BrowserContext], axe: Callable[[Page], None]
) -> None:
    before = counted(office)
    reader = browse().new_page()
    reader.goto(f"{service.newspaper}/city/clouds-on-the-corcovado")
    expect(reader.get_by_role("status")).to_have_text(re.compile("^You have 4 free articles remaining"))
    office.wait_for_function(
        "before => Number(document.querySelector('.figures dd').innerText.replace(',', '')) > before", arg=before
    )
    expect(office.get_by_role("rowheader", name="metered").first).to_be_visible()
    axe(office)


def test_a_press_shows_a_month_and_its_export(
    office: Page, axe: Callable[[Page], None], keep: Callable[[Page, str], None]
) -> None:
    office.get_by_role("button", name="Simulate a month of readers").click()
    expect(office.get_by_role("button", name="Simulate a month of readers")).to_be_disabled()
    expect(office.locator(".progress")).to_have_text(re.compile(r"\d of 1,\d{3} views"))
    axe(office)
    keep(office, "operator-running")

    invoice = office.locator(".invoice")
    wait_for_the_end(office)
    expect(invoice).to_have_text(re.compile(r"^To invoice: (\d+) = \1 counted$"))
    expect(office.get_by_role("main").get_by_role("status")).to_have_text(re.compile("nothing is counted twice"))
    expect(office.get_by_role("button", name="Simulate a month of readers")).to_be_enabled()
    billed = re.findall(r"\d+", invoice.inner_text())[0]
    assert billed in download(office, "invoice.csv")
    assert billed in download(office, "manifest.json")

    keep(office, "operator")
    axe(office)
    office.emulate_media(color_scheme="dark")
    keep(office, "operator-dark")
    axe(office)
    office.set_viewport_size({"width": 320, "height": 640})
    assert office.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep(office, "operator-320")


def wait_for_the_end(page: Page) -> None:
    """As long as what the page says of the month goes on: a slow machine takes minutes."""
    while "Press again" not in (said := page.evaluate(SAID)):
        page.wait_for_function(f"said => {SAID} !== said", arg=said, timeout=STILL_MS)


def download(page: Page, name: str) -> str:
    """What a click on the file's link saves."""
    with page.expect_download() as saved:
        page.get_by_role("link", name=name).click()
    return saved.value.path().read_text("utf-8-sig")


def test_without_javascript_it_is_whole_and_has_a_link_to_refresh_it(
    service: Running, browse: Callable[..., BrowserContext]
) -> None:
    page = browse(java_script_enabled=False).new_page()
    page.goto(f"{service.newspaper}/_operator")
    expect(page.locator(".figures dd")).to_have_count(2)
    page.get_by_role("link", name="Refresh").click()
    expect(page.locator(".figures dd")).to_have_count(2)
