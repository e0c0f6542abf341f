"""Ways past the wall of the demo newspaper: a gift, a university's network, the newsletter."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.courier import FIVE, LOCKED, SIXTH, Courier
from tests.conftest import Running
from tests.support.api import fresh_id


@pytest.fixture
def person(page: Page, service: Running) -> Courier:
    return Courier(page, service.newspaper)


@pytest.fixture
def friend(browse: Callable[..., BrowserContext], service: Running) -> Courier:
    """Somebody else, in a browser of their own."""
    return Courier(browse().new_page(), service.newspaper)


def test_a_gift_opens_its_article_in_another_browser_and_is_not_counted(
    person: Courier, friend: Courier, axe: Callable[[Page], None], keep: Callable[[Page, str], None]
) -> None:
    friend.reads_all_five()
    assert friend.opens(SIXTH)["access"] == "denied"
    person.signs_in(fresh_id())
    person.opens(SIXTH)
    person.page.get_by_role("button", name="Give this article").click()
    expect(person.page.locator(".give")).to_contain_text("You can give 9 more articles this month.")
    axe(person.page)
    person.page.locator(".give").scroll_into_view_if_needed()
    keep(person.page, "newspaper-gift")
    link = person.page.get_by_label("The link to give").input_value()

    friend.page.goto(link)
    assert friend.decision()["reason"] == "gift"
    friend.reader.sees_the_article()
    expect(friend.page.locator(".strip")).to_contain_text("You came by a gift link")
    token = link.partition("?")[2]
    assert friend.opens(f"/world/some-french-at-marseilles?{token}")["access"] == "denied", "that article alone"
    assert friend.opens(FIVE[0])["used"] == 5
    friend.page.goto(f"{friend.url}/_operator")
    expect(friend.page.get_by_role("rowheader", name="gift").first).to_be_visible(timeout=20_000)


def test_who_has_given_all_is_told_so_and_the_same_article_is_given_once(person: Courier) -> None:
    person.signs_in(fresh_id())
    person.opens(SIXTH)
    give = person.page.get_by_role("button", name="Give this article")
    for _ in range(2):
        with person.page.expect_response("**/v1/gifts"):
            give.click()
        expect(person.page.locator(".give")).to_contain_text("You can give 9 more articles this month.")
    refusal = {"status": 409, "json": {"status": 409, "detail": "All gifts of this month are given."}}
    person.page.route("**/v1/gifts", lambda route: route.fulfill(**refusal))  # type: ignore[arg-type]
    give.click()
    expect(person.page.locator(".give")).to_contain_text("You have given all your articles of this month.")


def test_who_is_not_signed_in_gives_nothing(person: Courier) -> None:
    person.opens(SIXTH)
    expect(person.page.get_by_role("button", name="Give this article")).to_have_count(0)


def test_a_university_reads_everything_from_its_first_visit_on(
    person: Courier, axe: Callable[[Page], None], keep: Callable[[Page, str], None]
) -> None:
    assert person.opens(LOCKED)["reason"] == "locked"
    person.presses("From a university")
    assert person.decision()["reason"] == "institution"
    person.reader.sees_the_article()
    person.reader.sees_no_bar()
    axe(person.page)
    keep(person.page, "newspaper-university")
    person.presses("From a university")
    assert person.decision()["reason"] == "locked", "and nowhere else"


def test_a_first_visit_from_a_university_needs_nothing_before(person: Courier) -> None:
    person.page.goto(person.url)
    person.presses("From a university")
    assert person.opens("/pt/arts/o-delirio")["reason"] == "institution"
    expect(person.page.locator(".article-body")).to_contain_text("Logo depois, senti-me transformado")


def test_the_newsletters_link_opens_a_walled_article_but_none_for_subscribers(person: Courier) -> None:
    newsletter = person.page.get_by_role("link", name="By the newsletter")
    person.reads_all_five()
    assert person.opens(SIXTH)["access"] == "denied"
    newsletter.click()
    person.page.wait_for_url("**?utm_campaign=newsletter")
    assert person.decision()["reason"] == "campaign"
    person.reader.sees_the_article()
    person.opens(LOCKED)
    newsletter.click()
    person.page.wait_for_url("**?utm_campaign=newsletter")
    assert person.decision()["reason"] == "locked"
    person.reader.meets_the_wall(re.compile("for subscribers"))
