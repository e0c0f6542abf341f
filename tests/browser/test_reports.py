"""What happens on a page rides with the next view, from the browser into the store, and nothing is lost or doubled."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live import Live
from tests.browser.publisher import Api, Paper, denied, granted
from tests.browser.reader import Reader, settle

ENTRY = "JSON.parse(localStorage['readmeter:riotimes'])"
FOUR = "You have 4 free articles remaining. Subscribe for unlimited access."


def queued(page: Page) -> list[str]:
    return [event["kind"] for event in page.evaluate(f"{ENTRY}.events || []")]


# Against the service


def test_what_happened_is_stored_with_the_next_view_and_no_request_of_its_own(page: Page, live: Live) -> None:
    first, second, third, fourth = (live.page(f"/told-{n}") for n in range(4))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method) if request.method != "GET" else None)
    paths = [f"/told-{n}" for n in range(4)]
    reader = Reader(page)
    page.goto(first)
    reader.reads(FOUR)
    assert live.stored(*paths) == []
    page.goto(second)
    reader.reads("You have 3 free articles remaining. Subscribe for unlimited access.")
    settle(page)
    assert live.stored(*paths) == [("prompt_shown", "/told-0")]
    assert queued(page) == ["prompt_shown"], "the second bar's own"
    page.route(f"{live.paper.url}/subscribe*", lambda route: route.fulfill(body="offers"))
    reader.bar.get_by_role("link", name="Subscribe").click()
    page.wait_for_url("**/subscribe*")
    page.goto(third)
    expect(reader.bar).to_be_visible()
    reader.close.click()
    page.goto(fourth)
    expect(reader.bar).to_be_visible()
    settle(page)
    assert live.stored(*paths) == [
        ("prompt_dismissed", "/told-2"),
        ("prompt_shown", "/told-0"),
        ("prompt_shown", "/told-1"),
        ("prompt_shown", "/told-2"),
        ("subscribe_clicked", "/told-1"),
    ]
    assert asked == ["POST"] * 4


def test_a_miss_is_stored_once_the_service_is_back(page: Page, live: Live) -> None:
    live.is_down = True
    page.goto(live.page("/down"))
    page.wait_for_function("localStorage['readmeter:riotimes'].includes('fail_open')")
    Reader(page).sees_the_article()
    live.is_down = False
    page.goto(live.page("/up"))
    Reader(page).reads(FOUR)
    settle(page)
    page.goto(live.page("/up-too"))
    expect(Reader(page).bar).to_be_visible()
    settle(page)
    assert live.stored("/down", "/up").count(("fail_open", "/down")) == 1
    assert queued(page) == ["prompt_shown"], "of the last page"


def test_what_two_tabs_send_is_stored_once(page: Page, live: Live) -> None:
    page.goto(live.page("/twice"))
    Reader(page).reads(FOUR)
    kept = page.evaluate("localStorage['readmeter:riotimes']")
    for path in ("/tab-1", "/tab-2"):
        page.evaluate("kept => { localStorage['readmeter:riotimes'] = kept }", kept)
        page.goto(live.page(path))
        expect(Reader(page).bar).to_be_visible()
        settle(page)
    assert live.bodies[1]["events"] == live.bodies[2]["events"]
    assert live.stored("/twice").count(("prompt_shown", "/twice")) == 1


# The queue


def keep(page: Page, paper: Paper, **entry: Any) -> None:
    page.goto(paper.page("/front", head=""))
    text = json.dumps({"seed": "A" * 22, "reader": "reader-token"} | entry)
    page.evaluate("text => { localStorage['readmeter:riotimes'] = text }", text)


def report(n: int, article: str = "a") -> dict[str, Any]:
    return {"kind": "prompt_shown", "article": article, "at": 1_795_348_800_000 + n}


def test_what_no_answer_took_stays(page: Page, api: Api, paper: Paper) -> None:
    keep(page, paper, events=[report(1)])
    api.answer = (503, {"access-control-allow-origin": "*"}, b"{}")
    page.goto(paper.page())
    page.wait_for_function("localStorage['readmeter:riotimes'].includes('fail_open')")
    assert api.views[0]["events"] == [report(1)]
    assert queued(page) == ["prompt_shown", "fail_open"]
    api.answer = granted()
    page.goto(paper.page("/b"))
    Reader(page).reads(FOUR)
    settle(page)
    assert [event["kind"] for event in api.views[1]["events"]] == ["prompt_shown", "fail_open"]
    assert queued(page) == ["prompt_shown"]


def test_what_happens_while_a_view_is_out_is_not_taken_for_sent(page: Page, api: Api, paper: Paper) -> None:
    keep(page, paper, events=[report(1)])

    page.route(
        "**/v1/views",
        lambda route: (
            page.evaluate(
                f"event => {{ const kept = {ENTRY}; kept.events.push(event);"
                "localStorage['readmeter:riotimes'] = JSON.stringify(kept) }",
                report(2, "other"),
            ),
            route.continue_(),
        ),
    )
    page.goto(paper.page())
    Reader(page).reads(FOUR)
    settle(page)
    assert api.views[0]["events"] == [report(1)]
    assert [event["article"] for event in page.evaluate(f"{ENTRY}.events")][:1] == ["other"]


@pytest.mark.parametrize(
    ("events", "left"),
    [
        pytest.param([report(n) for n in range(30)], 20, id="too-many"),
        pytest.param([report(n, f"{n}{'é' * 240}") for n in range(20)], 3, id="too-long"),
        pytest.param([{**report(1), "kind": "view"}, report(2)], 1, id="unknown-kind"),
        pytest.param([report(1, "x" * 513), {**report(1), "at": "now"}, 5, None, report(2)], 1, id="damaged"),
        pytest.param(7, 0, id="no-list"),
    ],
)
def test_a_queue_that_would_cost_a_view_its_answer_is_put_right(
    page: Page, api: Api, paper: Paper, events: Any, left: int
) -> None:
    keep(page, paper, events=events)
    api.answer = (422, {"access-control-allow-origin": "*"}, b"{}")
    page.goto(paper.page("/" + "long" * 200))
    settle(page)
    page.wait_for_function(f"Array.isArray({ENTRY}.events)")
    assert len(queued(page)) == left
    kept = page.evaluate(f"{ENTRY}.events")
    assert len(json.dumps(kept, ensure_ascii=False).encode()) < 2100
    if left:
        assert kept[-1]["at"] == (events[-1]["at"])


def test_a_blocked_part_lets_no_queue_grow(page: Page, api: Api, paper: Paper) -> None:
    page.route("**/v1/more-*", lambda route: route.abort())
    for n in range(8):
        page.goto(paper.page(f"/{n}" + "long" * 100))
        Reader(page).reads(FOUR)
    assert len(json.dumps(api.views[-1])) < 2000


def test_a_wall_that_holds_is_no_open_page(page: Page, api: Api, paper: Paper) -> None:
    api.answer = denied()
    page.goto(paper.page())
    reader = Reader(page)
    expect(reader.wall).to_be_visible()
    api.answer = (503, {"access-control-allow-origin": "*"}, b"{}")
    page.goto(paper.page("/b"))
    expect(reader.wall).to_be_visible()
    settle(page)
    assert queued(page) == ["prompt_shown", "prompt_shown"]
