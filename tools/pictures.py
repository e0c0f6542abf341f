"""Takes the README's picture: an article of the demo newspaper with the bar, in a real browser."""

from pathlib import Path

from playwright.sync_api import sync_playwright

from local.engine import ROOT
from local.service import service
from tests.browser.chromium import launched

PICTURE = ROOT / "docs" / "images" / "bar.png"


def take(picture: Path) -> None:
    with service(0, 0) as running, sync_playwright() as playwright, launched(playwright) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(running.newspaper_url)
        page.locator("main article a, main h2 a").first.click()
        page.get_by_text("You have 4 free articles remaining.").wait_for()
        picture.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=picture)


if __name__ == "__main__":
    take(PICTURE)
    print(PICTURE.relative_to(ROOT))
