"""The newsroom changes a rule of the demo newspaper: open tabs follow, without a reload."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.courier import SIXTH, STORMY, Courier
from tests.conftest import Running

LOOKED_AT = """
    let isHidden = false;
    Object.defineProperty(document, 'hidden', {get: () => isHidden});
    window.look = (there) => { isHidden = !there; document.dispatchEvent(new Event('visibilitychange')) };
"""


@pytest.fixture
def person(page: Page, service: Running) -> Courier:
    return Courier(page, service.newspaper)


@pytest.fixture
def newsroom(person: Courier) -> Iterator[Courier]:
    """Another tab of the same browser; what is pressed there is pressed again in the end."""
    tab = Courier(person.page.context.new_page(), person.url)
    tab.page.goto(tab.url)
    yield tab
    for name in ("Storm", "Observe only"):
        button = tab.page.get_by_role("button", name=name)
        if button.get_attribute("aria-pressed") == "true":
            button.click()
            expect(button).to_have_attribute("aria-pressed", "false")


def test_a_storm_opens_a_walled_tab_without_a_reload(
    person: Courier, newsroom: Courier, axe: Callable[[Page], None], keep: Callable[[Page, str], None]
) -> None:
    person.page.add_init_script(LOOKED_AT)
    person.page.clock.install()
    person.page.bring_to_front()
    person.reads_all_five()
    assert person.opens(STORMY)["access"] == "denied"
    expect(person.reader.wall).to_be_visible()
    person.page.evaluate("window.same = true")
    newsroom.presses("Storm")
    expect(newsroom.page.locator(".strip")).to_contain_text("A storm: for a day")
    axe(newsroom.page)
    keep(newsroom.page, "newspaper-storm")

    person.page.evaluate("look(false)")
    person.page.clock.fast_forward(11_000)
    person.page.evaluate("look(true)")
    person.reader.sees_the_article()
    assert person.page.evaluate("[same, readmeter.decision.reason]") == [True, "open"]
    assert person.opens(SIXTH)["access"] == "denied", "no storm there"


def test_a_newsroom_that_only_observes_shows_no_wall(person: Courier, newsroom: Courier) -> None:
    person.page.bring_to_front()
    person.reads_all_five()
    assert person.opens(SIXTH)["access"] == "denied"
    newsroom.presses("Observe only")
    expect(newsroom.page.locator(".strip")).to_contain_text("Observing")
    assert person.opens(SIXTH)["reason"] == "open"
    person.reader.sees_the_article()
    person.reader.sees_no_bar()
