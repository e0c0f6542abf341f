"""What a person sees and does on a page: the bar, the wall, the article."""

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect


@dataclass(frozen=True)
class Reader:
    """One person at one page."""

    page: Page

    @property
    def bar(self) -> Locator:
        return self.page.locator("readmeter-bar section")

    @property
    def status(self) -> Locator:
        return self.page.get_by_role("status")

    @property
    def close(self) -> Locator:
        return self.bar.get_by_role("button")

    @property
    def wall(self) -> Locator:
        return self.page.locator("readmeter-wall section")

    def reads(self, text: str) -> None:
        """Waits until the bar says so."""
        expect(self.status).to_have_text(text)
        expect(self.bar).to_be_visible()

    def sees_no_bar(self) -> None:
        settle(self.page)
        expect(self.page.locator("readmeter-bar [role=status]:not(:empty)")).to_have_count(0)

    def sees_the_article(self) -> None:
        expect(self.wall).to_have_count(0)
        expect(self.page.locator("article p, .article-body p").last).to_be_visible()

    def meets_the_wall(self, heading: str | re.Pattern[str]) -> None:
        expect(self.wall.get_by_role("heading")).to_have_text(heading)


def settle(page: Page) -> None:
    """Waits until what was asked for has been answered and shown, or would have been."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
