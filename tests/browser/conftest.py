"""Chromium on two origins: the demo newspaper with the real service, or a page of our own with a scripted API."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chromium import launched
from tests.browser.live import Live, living
from tests.browser.publisher import Api, Paper, serving

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
DESK = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
PHONE = {"viewport": {"width": 375, "height": 740}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright, launched(playwright) as browser:
        yield browser


@pytest.fixture
def browse(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes a reader's browser: fresh storage, anything but loopback refused. Options are Playwright's."""
    contexts = []

    def make(**options: object) -> BrowserContext:
        context = chromium.new_context(**{**DESK, **options})  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(browse: Callable[..., BrowserContext]) -> Page:
    """A page of a new reader. An uncaught error on it is an error of the test."""
    page = browse().new_page()
    page.on("pageerror", lambda error: pytest.fail(f"uncaught on the page: {error}"))
    return page


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as server:
        yield Api(server)


@pytest.fixture
def paper(api: Api) -> Iterator[Paper]:
    with serving() as server:
        yield Paper(server, api)


@pytest.fixture
def keep() -> Callable[[Page, str], None]:
    """Keeps a screenshot under build/screenshots."""

    def shoot(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")

    return shoot


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    """Fails with axe's report unless the whole page, shadow roots included, is free of violations."""
    runner = Axe()

    def check(page: Page) -> None:
        violations = runner.run(page).response["violations"]
        found = [(v["id"], node["target"], node["failureSummary"]) for v in violations for node in v["nodes"]]
        assert not found, "\n".join(map(str, found))

    return check


@pytest.fixture(scope="module")
def _living() -> Iterator[Live]:
    with living() as live:
        yield live


@pytest.fixture
def live(_living: Live) -> Live:
    """The service's own handlers on one origin, a publisher's pages on another; one service for a module."""
    _living.start_anew()
    return _living
