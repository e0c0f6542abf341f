"""The monthly report in a browser: read by everyone, on any screen, in light and dark, from right to left, on paper."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from readmeter.usage.report import render
from tests.support.report_sample import sample

LINE = "To invoice: 184,200 = 184,203 counted − 3 corrections from October"


@pytest.fixture
def opened(browse: Callable[..., BrowserContext], tmp_path: Path) -> Callable[..., Page]:
    """Opens the report of a sample month as a file; any request is an error."""

    def open_(data: dict[str, Any], **options: Any) -> Page:
        file = tmp_path / "report.html"
        file.write_text(render(data), encoding="utf-8")
        page = browse(**options).new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: pytest.fail(f"said on the console: {message.text}"))
        page.goto(file.as_uri())
        assert asked == [file.as_uri()]
        return page

    return open_


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en", "ar"])
def test_it_is_free_of_violations(
    opened: Callable[..., Page],
    axe: Callable[[Page], None],
    keep: Callable[[Page, str], None],
    scheme: str,
    locale: str,
) -> None:
    page = opened(sample(locale=locale), color_scheme=scheme)
    axe(page)
    keep(page, f"report-{locale}-{scheme}")


def test_it_begins_with_the_invoice_line(opened: Callable[..., Page]) -> None:
    page = opened(sample())
    expect(page.get_by_role("heading", level=1)).to_have_text(LINE)
    expect(page.get_by_text("November 2026", exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="Counted articles and readers, each day of November 2026")).to_be_visible()
    assert page.inner_text("body").replace("\n", " ").startswith("To invoice: 184,200")


@pytest.mark.parametrize("locale", ["en", "de", "ru", "ar"])
def test_nothing_is_wider_than_a_small_phone(
    opened: Callable[..., Page], keep: Callable[[Page, str], None], locale: str
) -> None:
    page = opened(sample(locale=locale), viewport={"width": 320, "height": 640})
    assert fits(page)
    keep(page, f"report-{locale}-phone")


def test_long_names_do_not_break_out(opened: Callable[..., Page]) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitänswitwe" * 3
    sections = [{"section": long[:64], "counted": 5, "articles": 1}]
    articles = [{**sample()["articles"][0], "title": long}]
    page = opened(
        sample(site_name=long[:100], sections=sections, articles=articles), viewport={"width": 320, "height": 640}
    )
    assert fits(page)


def test_arabic_runs_from_right_to_left_and_so_do_its_days(opened: Callable[..., Page]) -> None:
    page = opened(sample(locale="ar", site_name="الأهرام الجديد"))
    first, last = (page.get_by_text(day, exact=True).first.bounding_box() for day in ("1", "29"))
    assert first is not None
    assert last is not None
    assert first["x"] > last["x"]
    bars = "[...document.querySelectorAll('.plot rect.counted')].map(bar => bar.getBoundingClientRect().x)"
    places = page.evaluate(bars)
    assert places == sorted(places, reverse=True)


def test_wide_tables_can_be_scrolled_by_keyboard(opened: Callable[..., Page]) -> None:
    page = opened(sample(), viewport={"width": 320, "height": 640})
    region = page.get_by_role("region", name="Most read articles").last
    region.focus()
    page.keyboard.press("ArrowRight")
    expect(region).to_be_focused()
    page.wait_for_function("document.activeElement.scrollLeft > 0")


def test_on_paper_it_is_light_and_whole(opened: Callable[..., Page], keep: Callable[[Page, str], None]) -> None:
    page = opened(sample(), color_scheme="dark", viewport={"width": 690, "height": 980})
    page.emulate_media(media="print")
    colors = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    assert page.evaluate(colors) == ["rgb(255, 255, 255)", "rgb(27, 27, 25)"]
    assert fits(page)
    keep(page, "report-print")
    assert page.pdf(format="A4").startswith(b"%PDF")
