"""The service is down, slow, or answers nonsense: the page stays as it is, and nothing is promised."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.publisher import JSON_HEADERS, SITE, Api, Paper, Sent, denied, granted, prompt, reply, unmetered
from tests.browser.reader import Reader, settle

FOUR = "You have 4 free articles remaining. Subscribe for unlimited access."
WALL = "You have read your 5 free articles this month."
PROMISE = re.compile(r"You have (?!\w+ free article)[^.]*free article|article\(s\)")
LISTEN = """
    window.heard = [];
    for (const name of ['decision', 'shown', 'dismissed', 'clicked', 'miss'])
        document.addEventListener('readmeter:' + name, () => heard.push(name));
"""


@pytest.fixture
def page(page: Page) -> Page:
    page.add_init_script(LISTEN)
    return page


@dataclass
class Held:
    """An answer that waits until it is let go."""

    answer: dict[str, Any]
    let_go: Event = field(default_factory=Event)

    def __call__(self, _: Sent) -> dict[str, Any]:
        self.let_go.wait(20)
        return self.answer


@pytest.fixture
def held() -> Iterator[Callable[[dict[str, Any]], Held]]:
    made: list[Held] = []

    def hold(answer: dict[str, Any]) -> Held:
        made.append(Held(answer))
        return made[-1]

    yield hold
    for each in made:
        each.let_go.set()


def after_patience(page: Page, *, without_part: bool = False) -> None:
    """Moves the page's clock over the time that a reader is kept waiting, once the second part waits with them."""
    if not without_part:
        page.wait_for_function("Boolean(window.readmeter?.gift)")
    page.clock.fast_forward(1600)
    settle_frames(page)


def settle_frames(page: Page) -> None:
    page.evaluate("() => new Promise(done => setTimeout(done, 150))")


def misses(page: Page) -> None:
    """Waits for the miss, and looks that nothing else happened."""
    page.wait_for_function("heard.includes('miss')")
    settle(page)
    assert page.evaluate("heard") == ["miss"]
    assert page.evaluate("readmeter.decision") is None
    reader = Reader(page)
    reader.sees_no_bar()
    reader.sees_the_article()
    assert not PROMISE.search(page.inner_text("body"))


NUMBERLESS = {"limit": None, "used": None, "remaining": None}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(500, '{"message":"Internal Server Error"}'), id="500"),
        pytest.param(reply(503, '{"title":"Service Unavailable","status":503,"detail":"Busy"}'), id="503"),
        pytest.param(reply(404, '{"message":"Not Found"}'), id="404"),
        pytest.param((500, JSON_HEADERS, b'{"message":"Internal Server Error"}'), id="gateway-without-cors"),
        pytest.param(reply(200, "<html>"), id="not-json"),
        pytest.param(reply(200, ""), id="empty"),
        pytest.param(reply(200, "null"), id="null"),
        pytest.param(reply(200, "[]"), id="list"),
        pytest.param(reply(200, "{}"), id="object"),
        pytest.param(reply(201, json.dumps(granted())), id="another-status"),
        pytest.param(granted() | NUMBERLESS, id="prompt-without-numbers"),
        pytest.param(granted() | {"remaining": "4"}, id="number-as-text"),
        pytest.param(granted() | {"remaining": 3.5}, id="broken-number"),
        pytest.param(denied() | {"prompt": None}, id="denied-without-prompt"),
        pytest.param(unmetered("exempt") | {"access": "maybe"}, id="unknown-access"),
        pytest.param(granted(prompt=prompt(message=" ")), id="blank-message"),
        pytest.param(granted(prompt=prompt(message=None)), id="no-message"),
        pytest.param(granted(prompt=prompt(message=4)), id="message-of-another-type"),
    ],
)
def test_anything_but_a_whole_answer_is_a_miss(page: Page, api: Api, paper: Paper, answer: Any) -> None:
    api.answer = answer
    page.goto(paper.page())
    misses(page)


def test_no_service_at_all_is_a_miss(page: Page, paper: Paper) -> None:
    page.goto(paper.page(api="http://127.0.0.1:9"))
    misses(page)


def test_a_foreign_origin_is_told_to_the_engineer(page: Page, api: Api, paper: Paper) -> None:
    detail = f"{paper.server.url} is not in `origins` of site riotimes. Nothing was counted."
    api.answer = reply(403, json.dumps({"type": "about:blank", "title": "Forbidden", "status": 403, "detail": detail}))
    with page.expect_console_message(lambda message: message.text == f"Readmeter: {detail}") as told:
        page.goto(paper.page())
    assert told.value.type == "error"
    misses(page)


def test_a_blocked_script_leaves_the_page_alone(page: Page, paper: Paper) -> None:
    page.route("**/v1/**", lambda route: route.abort())
    page.goto(paper.page())
    settle(page)
    Reader(page).sees_the_article()
    assert not PROMISE.search(page.inner_text("body"))


@pytest.mark.parametrize("answer", [denied() | NUMBERLESS, granted() | {"access": "maybe"}])
def test_no_wall_stands_on_half_an_answer(page: Page, api: Api, paper: Paper, answer: Any) -> None:
    api.answer = answer
    page.goto(paper.page())
    page.wait_for_function("heard.includes('decision')")
    settle(page)
    reader = Reader(page)
    reader.sees_the_article()
    reader.sees_no_bar()


def test_a_blocked_part_leaves_the_page_alone(page: Page, api: Api, paper: Paper) -> None:
    page.route("**/v1/more-*", lambda route: route.abort())
    api.answer = denied()
    page.goto(paper.page())
    page.wait_for_function("heard.includes('decision')")
    settle(page)
    Reader(page).sees_the_article()


def test_whoever_pins_the_snippet_pins_its_other_part_too(page: Page, api: Api, paper: Paper) -> None:
    about = json.loads(api.assets({"requestContext": {"http": {"path": "/v1/snippet.json"}}}, None)["body"])
    pins = {f"{api.url}/v1/{name}": integrity for name, integrity in about["imports"].items()}
    script = (
        f'<script type="importmap">{json.dumps({"integrity": pins})}</script><script async src="{api.url}/v1/'
        f'{about["file"]}" integrity="{about["integrity"]}" crossorigin data-site="{SITE}"></script>'
    )
    api.answer = denied()
    address = paper.page(script=script)
    page.goto(address)
    Reader(page).meets_the_wall(WALL)
    headers = {"content-type": "text/javascript", "access-control-allow-origin": "*"}
    page.route("**/v1/more-*", lambda route: route.fulfill(body="document.title = 'taken'", headers=headers))
    with page.expect_console_message(lambda message: "integrity" in message.text):
        page.goto(address)
    Reader(page).sees_the_article()
    assert page.title() == "A page"


# Slow


def test_a_late_grant_still_shows_the_bar(page: Page, api: Api, paper: Paper, held: Callable[..., Held]) -> None:
    api.answer = held(granted())
    page.clock.install()
    page.goto(paper.page())
    after_patience(page)
    reader = Reader(page)
    reader.sees_the_article()
    assert page.evaluate("heard") == [], "an answer may still come"
    api.answer.let_go.set()
    reader.reads(FOUR)
    assert page.evaluate("heard") == ["decision", "shown"]


def test_a_late_denial_does_not_take_the_article_away(
    page: Page, api: Api, paper: Paper, held: Callable[..., Held]
) -> None:
    api.answer = held(denied())
    page.clock.install()
    page.goto(paper.page())
    after_patience(page)
    api.answer.let_go.set()
    page.wait_for_function("heard.includes('decision')")
    settle(page)
    reader = Reader(page)
    reader.sees_the_article()
    reader.sees_no_bar()
    assert page.evaluate("readmeter.decision.access") == "denied"


def test_a_denial_in_time_is_a_wall(page: Page, api: Api, paper: Paper, held: Callable[..., Held]) -> None:
    """By a clock that stands still: a slow machine must not make it late."""
    api.answer = held(denied())
    page.clock.set_fixed_time(0)
    page.goto(paper.page())
    page.clock.set_fixed_time(1)  # second
    api.answer.let_go.set()
    Reader(page).meets_the_wall(WALL)


@pytest.mark.parametrize("is_known", [True, False])
def test_no_wall_comes_with_a_part_that_was_late(page: Page, api: Api, paper: Paper, is_known: bool) -> None:
    api.answer = denied()
    page.clock.install()
    if is_known:
        page.goto(paper.page("/known"))
        Reader(page).meets_the_wall(WALL)
        api.answer = reply(503, "{}")
    routes: list[Route] = []
    page.route("**/v1/more-*", lambda route: routes.append(route))
    with page.expect_request("**/v1/more-*"):
        page.goto(paper.page())
    page.wait_for_function("heard.length")
    after_patience(page, without_part=True)
    assert len(routes) == 1
    routes[0].continue_()
    settle(page)
    Reader(page).sees_the_article()


def test_a_slow_failure_is_one_miss(page: Page, api: Api, paper: Paper, held: Callable[..., Held]) -> None:
    api.answer = held(granted(prompt=prompt(message="")))
    page.clock.install()
    page.goto(paper.page())
    after_patience(page)
    assert page.evaluate("heard") == []
    api.answer.let_go.set()
    misses(page)


# What holds when nobody answers


@pytest.fixture
def down() -> tuple[int, dict[str, str], bytes]:
    return reply(503, '{"detail":"Busy"}')


def meets_a_wall(page: Page, api: Api, address: str, **changes: Any) -> None:
    api.answer = denied(**changes)
    page.goto(address)
    expect(Reader(page).wall).to_be_visible()


@pytest.mark.parametrize("path", ["/a", "/never-seen"])
def test_an_unexpired_wall_holds(page: Page, api: Api, paper: Paper, down: Any, path: str) -> None:
    meets_a_wall(page, api, paper.page("/a"))
    api.answer = down
    page.goto(paper.page(path))
    Reader(page).meets_the_wall(WALL)


def test_an_article_that_was_read_before_shows(page: Page, api: Api, paper: Paper, down: Any) -> None:
    page.goto(paper.page("/read"))
    Reader(page).reads(FOUR)
    meets_a_wall(page, api, paper.page("/a"))
    api.answer = down
    page.goto(paper.page("/read"))
    page.wait_for_function("heard.includes('miss')")
    Reader(page).sees_the_article()


def test_a_locked_article_says_nothing_of_others(page: Page, api: Api, paper: Paper, down: Any) -> None:
    meets_a_wall(page, api, paper.page("/a"), reason="locked")
    api.answer = down
    page.goto(paper.page("/other"))
    page.wait_for_function("heard.includes('miss')")
    Reader(page).sees_the_article()
    page.goto(paper.page("/a"))
    Reader(page).meets_the_wall(WALL)


@pytest.mark.parametrize("minutes", [11, 60])
def test_a_wall_holds_ten_minutes_and_no_longer(page: Page, api: Api, paper: Paper, down: Any, minutes: int) -> None:
    page.clock.install()
    meets_a_wall(page, api, paper.page())
    api.answer = down
    page.clock.fast_forward(minutes * 60_000)
    page.goto(paper.page())
    misses(page)


def test_a_wall_ends_with_its_period(page: Page, api: Api, paper: Paper, down: Any) -> None:
    meets_a_wall(page, api, paper.page(), resets_at="2020-01-01T00:00:00Z")
    api.answer = down
    page.goto(paper.page())
    misses(page)


@pytest.mark.parametrize(("reason", "holds"), [("subscriber", False), ("metered", False), ("repeat", True)])
def test_a_reader_who_gets_on_has_no_wall_behind_him(
    page: Page, api: Api, paper: Paper, down: Any, reason: str, holds: bool
) -> None:
    meets_a_wall(page, api, paper.page("/a"))
    api.answer = granted(0, reason)
    page.goto(paper.page("/b"))
    expect(Reader(page).bar).to_be_visible()
    api.answer = down
    page.goto(paper.page("/c"))
    page.wait_for_function("heard.includes('miss')")
    settle(page)
    expect(Reader(page).wall).to_have_count(int(holds))


def test_a_wall_that_held_goes_when_a_late_grant_comes(
    page: Page, api: Api, paper: Paper, held: Callable[..., Held]
) -> None:
    meets_a_wall(page, api, paper.page("/a"))
    api.answer = held(granted(4))
    page.clock.install()
    page.goto(paper.page("/b"))
    after_patience(page)
    reader = Reader(page)
    reader.meets_the_wall(WALL)
    api.answer.let_go.set()
    reader.reads(FOUR)
    reader.sees_the_article()


def test_a_publisher_may_prefer_to_show(page: Page, api: Api, paper: Paper, down: Any) -> None:
    address = paper.page(failure="show")
    meets_a_wall(page, api, address)
    api.answer = down
    page.goto(address)
    misses(page)


@pytest.mark.parametrize(
    ("lang", "heading", "button"),
    [
        ("en-GB", "This article cannot be opened just now.", "Try again"),
        ("pt-BR", "Este artigo não pode ser aberto agora.", "Tentar novamente"),
        ("zh-TW", "暫時無法開啟這篇文章。", "重試"),
        ("iw", "לא ניתן לפתוח את הכתבה כרגע.", "לנסות שוב"),
        ("fi", "This article cannot be opened just now.", "Try again"),
    ],
)
def test_a_publisher_may_prefer_to_hide(
    page: Page,
    api: Api,
    paper: Paper,
    down: Any,
    lang: str,
    heading: str,
    button: str,
    axe: Callable[[Page], None],
    keep: Callable[[Page, str], None],
) -> None:
    api.answer = down
    page.goto(paper.page(html=f'lang="{lang}"', failure="hide"))
    reader = Reader(page)
    reader.meets_the_wall(heading)
    axe(page)
    keep(page, "wall-unknown")
    api.answer = granted()
    reader.wall.get_by_role("button", name=button).click()
    reader.reads(FOUR)
    reader.sees_the_article()


def test_where_nothing_can_be_kept_the_page_says_so(
    browse: Callable[..., BrowserContext], api: Api, paper: Paper
) -> None:
    page = browse().new_page()
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})"
    )
    page.goto(paper.page())
    reader = Reader(page)
    reader.reads(FOUR)
    page.evaluate("readmeter.refresh()")
    settle(page)
    first, second = api.views
    assert first["storage"] == second["storage"] == "none"
    assert re.fullmatch(r"[\w-]{22}", first["seed"])
    assert (second["seed"], second["reader"]) == (first["seed"], "reader-token"), "kept for this page"
    reader.close.click()
    page.evaluate("readmeter.refresh()")
    reader.sees_no_bar()


@pytest.mark.parametrize("kept", ["not json", "null", "5", '{"seed": null}'])
def test_damaged_storage_is_replaced(page: Page, api: Api, paper: Paper, kept: str) -> None:
    address = paper.page()
    page.goto(paper.page("/front", head=""))
    page.evaluate("kept => { localStorage['readmeter:riotimes'] = kept }", kept)
    page.goto(address)
    Reader(page).reads(FOUR)
    assert "storage" not in api.views[0]
    assert page.evaluate("JSON.parse(localStorage['readmeter:riotimes']).seed") == api.views[0]["seed"]
