"""A reader signs in at the demo newspaper: the count goes on, on every device, and stays when they sign out."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PHONE
from tests.browser.courier import FIVE, SIXTH, Courier
from tests.conftest import Running
from tests.support.api import fresh_id

REGISTRATION = "You have read your 5 free articles."


@pytest.fixture
def person(page: Page, service: Running) -> Courier:
    return Courier(page, service.newspaper)


def test_the_count_goes_on_where_a_reader_signs_in_and_stays_where_they_sign_out(
    person: Courier, axe: Callable[[Page], None], keep: Callable[[Page, str], None]
) -> None:
    name = fresh_id()
    person.opens(FIVE[0])
    person.opens(FIVE[1])
    person.reader.reads("You have 3 free articles remaining. Subscribe for unlimited access.")
    person.reader.bar.get_by_role("link", name="Sign in").click()
    axe(person.page)
    keep(person.page, "newspaper-sign-in")
    person.gives_the_name(name)
    assert person.page.url == person.url + FIVE[1], "back at the article"
    person.reader.reads("You have 8 free articles remaining. Subscribe for unlimited access.")
    decision = person.decision()
    assert [decision[key] for key in ("reason", "used", "limit", "warnings")] == ["repeat", 2, 10, []]
    axe(person.page)

    person.signs_out()
    person.reader.reads("You have 3 free articles remaining. Subscribe for unlimited access.")
    assert person.opens(FIVE[2])["used"] == 3, "the same meter, by the limit of who is not signed in"


def test_an_account_is_one_reader_on_two_devices(person: Courier, browse: Callable[..., BrowserContext]) -> None:
    name = fresh_id()
    person.signs_in(name)
    person.opens(FIVE[0])
    person.opens(FIVE[1])
    other = Courier(browse(**PHONE).new_page(), person.url)
    other.opens(FIVE[2])
    other.signs_in(name, FIVE[0])
    assert [other.decision()[key] for key in ("reason", "used")] == ["repeat", 3], "what both had read, once"
    assert person.opens(FIVE[3])["used"] == 4


def test_the_wall_of_who_has_no_account_opens_with_one(
    person: Courier, axe: Callable[[Page], None], keep: Callable[[Page, str], None]
) -> None:
    person.reads_all_five()
    assert person.opens(SIXTH)["reason"] == "registration_required"
    person.reader.meets_the_wall(re.compile(re.escape(REGISTRATION)))
    axe(person.page)
    person.reader.wall.scroll_into_view_if_needed()
    keep(person.page, "newspaper-registration")
    person.reader.wall.get_by_role("link", name="Create a free account").click()
    person.gives_the_name(fresh_id())
    person.reader.sees_the_article()
    person.reader.reads("You have 4 free articles remaining. Subscribe for unlimited access.")


@pytest.mark.parametrize("path", ["/pt/arts/o-delirio", "/ar/arts/al-asad-wal-thawr"])
def test_other_editions_know_who_reads_too(person: Courier, path: str) -> None:
    """One carries the identity in its pages, and withholds its text; one names an address that knows it."""
    person.signs_in(fresh_id())
    decision = person.opens(path)
    assert [decision[key] for key in ("reason", "limit", "used", "warnings")] == ["metered", 10, 1, []]
    person.reader.sees_the_article()


def test_what_counted_is_shown_to_the_account_and_not_to_who_signed_out(person: Courier) -> None:
    person.signs_in(fresh_id())
    for path in (FIVE[0], "/ar/arts/al-asad-wal-thawr"):
        person.opens(path)
    figures = person.page.locator("dd")
    for edition in ("", "/ar"):
        person.page.goto(f"{person.url}{edition}/free-articles")
        expect(figures).to_have_text(["2", "8", "10"])
    person.page.goto(f"{person.url}/free-articles")
    person.signs_out()
    expect(person.page.locator("main [role=status] > :visible")).to_have_text(
        re.compile("What you read while you were signed in is shown when you sign in again")
    )
