"""Readers come back: from a checkout whose payment is still on its way, or from another tab to a lifted wall."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from werkzeug.test import Client

from tests.browser.conftest import PHONE
from tests.browser.live import SITE, Live
from tests.browser.publisher import Api, Paper, denied, granted, prompt, reply, unmetered
from tests.browser.reader import Reader, settle
from tests.support.api import site_document
from tests.support.in_process import ADMIN

WALL = "You have read your 5 free articles this month."
ENTRY = "JSON.parse(localStorage['readmeter:riotimes'])"
HELP = {"kind": "help", "label": "Get help", "url": "https://www.example.com/help"}
STRICT = "default-src 'none'; script-src {api}; connect-src {api} 'self'; frame-ancestors 'none'"
WATCHED = """
    window.heard = [];
    for (const name of ['decision', 'shown', 'miss'])
        document.addEventListener('readmeter:' + name, () => heard.push(name));
    let isHidden = false;
    Object.defineProperty(document, 'hidden', {get: () => isHidden});
    window.look = (there) => { isHidden = !there; document.dispatchEvent(new Event('visibilitychange')) };
    window.violations = [];
    document.addEventListener('securitypolicyviolation', event => violations.push(event.violatedDirective));
"""


def walled(**changes: Any) -> dict[str, Any]:
    """The wall of a site that names where to turn."""
    actions = [*prompt("wall")["actions"], HELP]
    return denied(prompt=prompt("wall", actions=actions, **changes))


@pytest.fixture
def page(page: Page, api: Api) -> Page:
    api.answer = walled()
    page.add_init_script(WATCHED)
    page.clock.install()
    return page


def answered(page: Page, times: int) -> None:
    """Waits until so many questions have been answered."""
    page.wait_for_function(f"heard.filter(name => name != 'shown').length >= {times}")


def wait_on(page: Page, first: int = 2, last: int = 8) -> None:
    """Lets time pass, from one question to the next."""
    for times in range(first, last + 1):
        page.clock.fast_forward(2100)
        answered(page, times)


# From a checkout


def thanked(page: Page, address: str) -> Reader:
    page.goto(address + "#readmeter-thanks")
    reader = Reader(page)
    reader.meets_the_wall("Thank you.")
    expect(reader.wall.get_by_role("paragraph")).to_have_text("Opening your article…")
    return reader


def test_an_article_opens_as_soon_as_the_payment_is_there(page: Page, api: Api, paper: Paper) -> None:
    reader = thanked(page, paper.page() + "?page=2")
    expect(reader.wall.get_by_role("link")).to_have_count(0)
    assert page.evaluate("heard") == ["decision"], "that is not the prompt of a wall"
    page.clock.fast_forward(2100)
    answered(page, 2)
    reader.meets_the_wall("Thank you.")
    api.answer = unmetered("subscriber")
    page.clock.fast_forward(2100)
    reader.sees_the_article()
    assert page.url == f"{paper.server.url}/a?page=2", "what is copied from now on is the article's own address"
    first, *others = api.views
    assert [sent["state"] for sent in others] == [None, None], "each question goes past what was answered before"
    assert {sent["view"] for sent in others} == {first["view"]}
    page.clock.fast_forward(20_000)
    settle(page)
    assert len(api.views) == 3


def test_who_reads_is_asked_anew_each_time(page: Page, api: Api, paper: Paper) -> None:
    paper.pages["/who"] = 200, {}, b"anna.reads.free"
    reader = thanked(page, paper.page(identity_url="/who"))
    paper.pages["/who"] = 200, {}, b"anna.has.paid"
    api.answer = lambda sent: unmetered("subscriber") if sent.json["identity"] == "anna.has.paid" else walled()
    page.clock.fast_forward(2100)
    reader.sees_the_article()
    assert [sent["identity"] for sent in api.views] == ["anna.reads.free", "anna.has.paid"]


def test_after_fifteen_seconds_the_reader_is_told_and_can_get_help(
    page: Page, api: Api, paper: Paper, axe: Callable[[Page], None], keep: Callable[[Page, str], None]
) -> None:
    reader = thanked(page, paper.page())
    axe(page)
    wait_on(page)
    reader.meets_the_wall("Your article is not open yet.")
    expect(reader.wall.get_by_role("paragraph")).to_have_text("This can take a minute.")
    assert reader.wall.get_by_role("button").all_inner_texts() == ["Try again"]
    assert reader.wall.get_by_role("link").all_inner_texts() == ["Get help", "Subscribe", "Sign in"]
    axe(page)
    keep(page, "wall-not-open")
    page.clock.fast_forward(30_000)
    settle(page)
    assert len(api.views) == 8, "nothing is asked for ever"
    assert page.evaluate(f"[{ENTRY}.state, {ENTRY}.wall]") == [None, None], "nothing is held against who has paid"
    reader.wall.get_by_role("button").click()
    reader.meets_the_wall("Thank you.")
    answered(page, 9)
    api.answer = unmetered("subscriber")
    page.clock.fast_forward(2100)
    reader.sees_the_article()
    assert len(api.views) == 10


def test_help_is_told_to_the_tag_manager_and_not_to_the_service(page: Page, paper: Paper) -> None:
    page.add_init_script("window.dataLayer = []")
    reader = thanked(page, paper.page())
    wait_on(page)
    page.evaluate("document.addEventListener('click', event => event.preventDefault())")
    reader.wall.get_by_role("link", name="Get help").click()
    assert page.evaluate("dataLayer.at(-1).event") == "readmeter_help_clicked"
    assert page.evaluate(f"{ENTRY}.events") == []


def test_a_service_that_fails_meanwhile_is_asked_on(page: Page, api: Api, paper: Paper) -> None:
    reader = thanked(page, paper.page())
    api.answer = reply(503, "{}")
    wait_on(page, last=3)
    reader.meets_the_wall("Thank you.")
    api.answer = unmetered("subscriber")
    page.clock.fast_forward(2100)
    reader.sees_the_article()


def test_to_a_hidden_page_nothing_is_asked(page: Page, api: Api, paper: Paper) -> None:
    reader = thanked(page, paper.page())
    page.evaluate("look(false)")
    for _ in range(5):
        page.clock.fast_forward(2100)
    settle(page)
    assert len(api.views) == 1
    api.answer = unmetered("subscriber")
    page.evaluate("look(true)")
    reader.sees_the_article()
    settle(page)
    assert len(api.views) == 2


def test_another_article_of_a_single_page_site_is_not_waited_for(page: Page, api: Api, paper: Paper) -> None:
    thanked(page, paper.page())
    api.answer = granted()
    page.evaluate("history.pushState(null, '', '/b'); readmeter.view({url: '/b'})")
    answered(page, 2)
    page.clock.fast_forward(10_000)
    settle(page)
    assert len(api.views) == 2


def test_a_reader_who_was_let_in_at_once_sees_the_article(page: Page, api: Api, paper: Paper) -> None:
    api.answer = unmetered("subscriber")
    page.goto(paper.page() + "#readmeter-thanks")
    page.wait_for_url(paper.server.url + "/a")
    Reader(page).sees_the_article()


def test_nobody_is_sent_away_from_thanks(page: Page, api: Api, paper: Paper) -> None:
    offers = paper.page("/offers", head="", body="<h1>Offers</h1>")
    api.answer = denied(prompt=prompt("wall", redirect_url=offers))
    thanked(page, paper.page())


def test_it_needs_no_leave_of_a_strict_policy(page: Page, api: Api, paper: Paper) -> None:
    policy = {"content-security-policy": STRICT.format(api=api.url)}
    thanked(page, paper.page(headers=policy))
    for _ in range(7):
        with page.expect_response("**/v1/views"):
            page.clock.fast_forward(2100)
    Reader(page).meets_the_wall("Your article is not open yet.")
    assert page.evaluate("violations") == []


@pytest.mark.parametrize(
    ("lang", "heading"), [("ar", "شكرًا لك."), ("he", "תודה רבה."), ("ja", "ありがとうございます。")]
)
def test_it_thanks_in_the_language_of_the_answer_on_a_phone(
    browse: Callable[..., BrowserContext],
    api: Api,
    paper: Paper,
    lang: str,
    heading: str,
    axe: Callable[[Page], None],
    keep: Callable[[Page, str], None],
) -> None:
    page = browse(**PHONE).new_page()
    page.add_init_script(WATCHED)
    page.clock.install()
    direction = "rtl" if lang in ("ar", "he") else "ltr"
    api.answer = walled(lang=lang, dir=direction)
    page.goto(paper.page(html=f'lang="en" dir="{direction}"') + "#readmeter-thanks")
    reader = Reader(page)
    reader.meets_the_wall(heading)
    assert reader.wall.evaluate("wall => [wall.lang, getComputedStyle(wall).direction]") == [lang, direction]
    wait_on(page)
    for target in [*reader.wall.get_by_role("link").all(), reader.wall.get_by_role("button")]:
        box = target.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
    axe(page)
    reader.wall.scroll_into_view_if_needed()
    keep(page, f"wall-not-open-{lang}")


CHECKOUT = "<script>location.replace(new URLSearchParams(location.search).get('return'))</script>"


def test_the_real_service_sends_a_reader_to_the_checkout_and_back(page: Page, live: Live) -> None:
    """A lift stands for the payment: it opens the article from one question to the next."""
    document = site_document(SITE, live.paper.url, meters=[{"name": "default", "limits": {"anonymous": 0}}])
    document["prompt"]["subscribe_url"] = f"{live.paper.url}/checkout?return={{return_url}}"
    lifted = document | {"lift": [{"until": "2099-01-01T00:00:00Z", "match": {"paths": ["/paid"]}}]}
    publish = lambda each: Client(live.app).put(f"/v1/admin/sites/{SITE}", json=each, headers=ADMIN)  # noqa: E731
    assert publish(document).status_code == 200
    live.page("/checkout", html=CHECKOUT)
    page.goto(live.page("/paid"))
    reader = Reader(page)
    reader.wall.get_by_role("link", name="Subscribe").click()
    reader.meets_the_wall("Thank you.")
    assert page.url == f"{live.paper.url}/paid#readmeter-thanks"
    assert publish(lifted).status_code == 200
    page.clock.fast_forward(2100)
    reader.sees_the_article()
    assert page.url == f"{live.paper.url}/paid"
    assert page.evaluate("readmeter.decision.reason") == "open"


# What a click means for what was kept


@pytest.mark.parametrize("name", ["Subscribe", "Sign in"])
@pytest.mark.parametrize("place", ["wall", "bar"])
def test_whoever_goes_to_subscribe_or_sign_in_is_not_walled_by_what_was_true_before(
    page: Page, api: Api, paper: Paper, name: str, place: str
) -> None:
    page.goto(paper.page("/a"))
    reader = Reader(page)
    reader.meets_the_wall(WALL)
    if place == "bar":
        api.answer = granted(1, "repeat")
        page.goto(paper.page("/b"))
        expect(reader.bar).to_be_visible()
        settle(page)
    page.evaluate("document.addEventListener('click', event => event.preventDefault())")
    (reader.wall if place == "wall" else reader.bar).get_by_role("link", name=name).click()
    assert page.evaluate(f"[{ENTRY}.state, {ENTRY}.wall, {ENTRY}.reader]") == [None, None, "reader-token"]
    page.goto(paper.page("/c"))
    answered(page, 1)
    assert api.views[-1]["state"] is None


# From another tab


@pytest.fixture
def wall(page: Page, paper: Paper) -> Reader:
    """A reader before the wall."""
    page.goto(paper.page())
    reader = Reader(page)
    reader.meets_the_wall(WALL)
    return reader


def away(page: Page, milliseconds: int) -> None:
    page.evaluate("look(false)")
    page.clock.fast_forward(milliseconds)
    page.evaluate("look(true)")


def test_a_lifted_wall_opens_without_a_reload(page: Page, api: Api, wall: Reader) -> None:
    page.evaluate("window.same = true")
    api.answer = unmetered("open")
    away(page, 11_000)
    wall.sees_the_article()
    assert page.evaluate("same")
    first, second = api.views
    assert (second["view"], second["state"]) == (first["view"], None)


def test_a_wall_that_still_stands_is_not_shown_anew(page: Page, api: Api, wall: Reader) -> None:
    page.evaluate("document.querySelector('readmeter-wall').same = true")
    away(page, 11_000)
    answered(page, 2)
    settle(page)
    assert page.evaluate("document.querySelector('readmeter-wall').same")
    assert page.evaluate("heard") == ["decision", "shown", "decision"]
    assert page.evaluate(f"{ENTRY}.wall.prompt.kind") == "wall", "it holds where the service fails"


def test_a_glance_at_another_tab_asks_nothing(page: Page, api: Api, wall: Reader) -> None:
    for _ in range(5):
        away(page, 1000)
    settle(page)
    assert len(api.views) == 1


def test_after_a_minute_before_the_wall_a_glance_is_enough(page: Page, api: Api, wall: Reader) -> None:
    page.clock.fast_forward(61_000)
    away(page, 100)
    answered(page, 2)
    away(page, 100)
    settle(page)
    assert len(api.views) == 2


def test_another_window_is_another_place_too(page: Page, api: Api, wall: Reader) -> None:
    """A sign-in in a pop-up leaves the page in sight."""
    api.answer = unmetered("subscriber")
    page.evaluate("dispatchEvent(new Event('blur'))")
    page.clock.fast_forward(11_000)
    page.evaluate("dispatchEvent(new Event('focus'))")
    wall.sees_the_article()


def test_an_open_article_is_not_asked_about_again(page: Page, api: Api, paper: Paper) -> None:
    api.answer = granted()
    page.goto(paper.page())
    expect(Reader(page).bar).to_be_visible()
    settle(page)
    away(page, 100_000)
    page.evaluate("dispatchEvent(new Event('focus'))")
    settle(page)
    assert len(api.views) == 1


def test_a_wall_is_said_once_in_the_reports(page: Page, api: Api, paper: Paper, wall: Reader) -> None:
    for times in (2, 3):
        away(page, 11_000)
        answered(page, times)
    assert page.evaluate(f"{ENTRY}.events.map(event => event.kind)") == []
    assert [[event["kind"] for event in sent.get("events", [])] for sent in api.views] == [[], ["prompt_shown"], []]
    assert re.fullmatch(r"[\w-]{22}", page.evaluate(f"{ENTRY}.seed"))
