"""The text withheld: it is in no page and no answer until the publisher's server has a grant for that very page."""

import json
import re
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from werkzeug.test import Client

from readmeter.verify.readmeter_verify import Keys, ReadmeterMiddleware
from readmeter.verify.readmeter_verify import Page as Described
from tests.browser.live import SITE, Live
from tests.browser.publisher import Paper, Sent, denied, granted
from tests.browser.reader import Reader, settle
from tests.conftest import Running
from tests.support.documents import block
from tests.support.endpoint import NOW
from tests.support.in_process import ADMIN

WITHHELD = "/pt/arts/o-delirio"
LEAD_IN = "Que me conste, ainda ninguém relatou o seu próprio delírio"
REST = "Logo depois, senti-me transformado"
FOUR = "Você ainda tem 4 artigos gratuitos."
CANNOT = "This article cannot be opened just now."
ENGLISH = re.compile(r"/(city|world|science|business|arts|opinion)/[\w-]+$")


@pytest.fixture
def answers(page: Page) -> list[str]:
    """The text of every answer that the page gets."""
    seen: list[str] = []
    page.on("requestfinished", lambda request: seen.append(_text(request.response())))
    return seen


def _text(response: Any) -> str:
    try:
        return str(response.text())
    except Exception:  # a redirect has none
        return ""


# The demo newspaper's Portuguese edition


def test_a_granted_reader_sees_the_whole_text(
    page: Page, service: Running, axe: Callable[[Page], None], keep: Callable[[Page, str], None]
) -> None:
    page.goto(service.newspaper + WITHHELD)
    body = page.locator(".article-body")
    expect(body).to_contain_text(REST)
    expect(body.locator("p").first).to_contain_text(LEAD_IN)
    expect(Reader(page).status).to_contain_text(FOUR)
    assert body.locator("p").count() > 5
    axe(page)
    keep(page, "withheld-granted")


def test_without_a_grant_there_is_no_text_in_the_source(page: Page, service: Running) -> None:
    source = page.request.get(service.newspaper + WITHHELD).text()
    assert LEAD_IN in source
    assert REST not in source
    refused = page.request.get(f"{service.newspaper}{WITHHELD}/text")
    assert (refused.status, refused.json()["reason"]) == (403, "missing")


def test_with_javascript_off_there_are_the_beginning_and_a_sentence(
    browse: Callable[..., BrowserContext], service: Running, keep: Callable[[Page, str], None]
) -> None:
    page = browse(java_script_enabled=False).new_page()
    page.goto(service.newspaper + WITHHELD)
    expect(page.locator(".article-body")).to_contain_text(LEAD_IN)
    expect(page.locator("noscript p")).to_be_visible()
    assert "fica o começo" in page.locator("noscript").inner_text()
    assert REST not in page.content()
    keep(page, "withheld-no-javascript")


def test_a_blocked_script_gets_the_beginning(page: Page, service: Running, answers: list[str]) -> None:
    page.goto(service.newspaper + "/pt/")
    page.get_by_role("button", name="Script blocked").click()
    page.goto(service.newspaper + WITHHELD)
    settle(page)
    expect(page.locator(".article-body")).to_contain_text(LEAD_IN)
    assert not any(REST in answer for answer in answers)


def test_at_the_limit_the_text_is_in_no_answer(
    page: Page, service: Running, answers: list[str], axe: Callable[[Page], None], keep: Callable[[Page, str], None]
) -> None:
    page.goto(service.newspaper)
    links = page.locator("main a").evaluate_all("links => links.map(link => link.href)")
    for article in [link for link in dict.fromkeys(links) if ENGLISH.search(link)][:5]:
        page.goto(article)
        expect(Reader(page).bar).to_be_visible()
    answers.clear()
    page.goto(service.newspaper + WITHHELD)
    expect(Reader(page).wall).to_be_visible()
    settle(page)
    assert page.evaluate("readmeter.decision.access") == "denied"
    assert any(LEAD_IN in answer for answer in answers)
    assert not any(REST in answer for answer in answers)
    expect(page.locator(".article-body > p:visible")).to_have_count(2)
    axe(page)
    Reader(page).wall.scroll_into_view_if_needed()
    keep(page, "withheld-wall")


def test_a_reader_who_edits_the_sections_gets_a_grant_that_the_paper_refuses(
    page: Page, service: Running, answers: list[str]
) -> None:
    def edit(route: Route) -> None:
        body = json.loads(route.request.post_data or "")
        route.continue_(post_data=json.dumps({**body, "sections": ["obituaries"]}))

    page.route("**/v1/views", edit)
    with page.expect_response("**/text") as asked:
        page.goto(service.newspaper + WITHHELD)
    assert page.evaluate("readmeter.decision.access") == "granted"
    assert (asked.value.status, asked.value.json()["reason"]) == (403, "wrong_page")
    expect(Reader(page).wall).to_be_visible()
    settle(page)
    assert not any(REST in answer for answer in answers)


def test_the_grant_of_one_article_does_not_open_another(page: Page, service: Running) -> None:
    page.goto(service.newspaper + WITHHELD)
    expect(page.locator(".article-body")).to_contain_text(REST)
    brought = {"Authorization": f"Readmeter {page.evaluate('readmeter.decision.grant')}"}
    other = page.request.get(f"{service.newspaper}/pt/city/nasci-em-outubro/text", headers=brought)
    assert (other.status, other.json()["reason"]) == (403, "wrong_article")
    again = page.request.get(f"{service.newspaper}{WITHHELD}/text", headers=brought)
    assert (again.status, again.headers["cache-control"]) == (200, "private, no-store")


def test_the_service_down_says_that_the_article_cannot_be_opened(page: Page, service: Running) -> None:
    page.goto(service.newspaper + "/pt/")
    page.get_by_role("button", name="Service down").click()
    page.goto(service.newspaper + WITHHELD)
    wall = Reader(page).wall
    expect(wall.get_by_role("heading")).to_be_visible()
    expect(page.locator(".article-body > p:visible")).to_have_count(2)


# Any page


@pytest.fixture
def guarded(live: Live) -> Iterator[dict[str, Described]]:
    """The publisher's texts behind the verifier: what each path's page is."""
    told: dict[str, Described] = {}
    client = Client(live.app)

    def read() -> bytes:
        return client.get(f"/v1/admin/sites/{SITE}/grant-keys", headers=ADMIN).data

    def texts(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [b"<p id=rest>The <b>rest</b>.</p><script>window.ran = true</script><img src=/x onerror='ran=true'>"]

    middleware = ReadmeterMiddleware(
        texts, keys=Keys(read), page=lambda environ: told.get(environ["PATH_INFO"]), clock=lambda: NOW
    )
    verified = Client(middleware)

    def reply(sent: Sent) -> tuple[int, dict[str, str], bytes]:
        path = sent.path.split("?")[0]
        if path not in told:
            return live.pages.get(path, (404, {}, b"no such page"))
        answer = verified.get(path, headers={"Authorization": sent.headers.get("authorization", "")})
        return answer.status_code, dict(answer.headers), answer.data

    before, live.paper.reply = live.paper.reply, reply
    yield told
    live.paper.reply = before


STRICT = (
    "default-src 'none'; script-src {api}; connect-src 'self' {api}; require-trusted-types-for 'script'; trusted-types"
)


def test_the_guides_page_gets_its_text_under_a_strict_policy(
    page: Page, live: Live, guarded: dict[str, Described]
) -> None:
    html = block("body-withheld.md", "html", "data-body").replace("https://YOUR-API", "{api}")
    html = html.replace("https://www.riotimesonline.com", live.paper.url)
    address = live.page("/markets/coffee", html=html)
    status, headers, content = live.pages["/markets/coffee"]
    policy = {"content-security-policy": STRICT.replace("{api}", live.url)}
    live.pages["/markets/coffee"] = status, {**headers, **policy}, content
    guarded["/markets/coffee/text"] = Described(address, ["Markets"], ["coffee"], "A-1")
    page.goto(address)
    expect(page.locator(".article-body #rest")).to_have_text("The rest.")
    settle(page)
    assert page.evaluate("window.ran") is None, "no script of the text has run"


@pytest.mark.parametrize("named", [True, False], ids=["by-id", "by-address"])
def test_script_and_verifier_agree_on_what_a_page_says(
    page: Page, live: Live, guarded: dict[str, Described], named: bool
) -> None:
    """Names that are long, many, joined, strangely spelled; an address that is not ASCII."""
    strange = ["Rio, Brazil", "ß", "İstanbul", "ΣΊΣΥΦΟΣ", "ﬁn", "Co\u0301rdoba", "😀" * 70, "a'b&c"]
    tags = [*strange, *(f"t{n}" for n in range(20))]
    metas = "".join(f'<meta property="article:tag" content="{tag.replace("&", "&amp;")}">' for tag in tags)
    head = f'<meta charset=utf-8><title>x</title><meta property="og:type" content="article">{metas}'
    by_id = ' data-article="№ 1 / é"' if named else ""
    said = f'data-site="{SITE}" data-sections="World, ÉCONOMIE" data-body="/text"{by_id}'
    script = f'<script async src="{{api}}/v1/snippet.js" {said}></script>'
    live.page("/caf%C3%A9", head=head, script=script, body="<article><p>The beginning.</p></article>")
    guarded["/text"] = Described(f"{live.paper.url}/café", ["World", "ÉCONOMIE"], tags, "№ 1 / é" if named else None)
    page.goto(f"{live.paper.url}/café?utm_source=x#top")
    expect(page.locator("article #rest")).to_be_visible()


BEGINNING = "<article><p>One.</p><p>Two.</p></article>"
TEXT = 200, {"content-type": "text/html"}, b"<p id=rest>The rest.</p>"
REFUSAL = 403, {"content-type": "application/problem+json"}, b'{"reason": "wrong_page"}'


@pytest.fixture
def beginning(paper: Paper) -> str:
    """A page with the beginning only; its API is scripted, its text given out whatever is brought."""
    paper.pages["/text"] = TEXT
    tag = f'<script async src="{paper.api.url}/v1/snippet.js" data-site="{SITE}" data-body="/text"></script>'
    return paper.page(body=BEGINNING, script=tag)


def asked_for(paper: Paper) -> list[str | None]:
    """What was brought each time that the text was asked for."""
    return [sent.headers.get("authorization") for sent in paper.server.requests if sent.path == "/text"]


def test_the_text_is_asked_for_once_with_the_grant_and_put_behind_the_beginning(
    page: Page, paper: Paper, beginning: str
) -> None:
    page.add_init_script("document.addEventListener('readmeter:body', () => (window.heard = true))")
    page.goto(beginning)
    expect(page.locator("article > p")).to_have_text(["One.", "Two.", "The rest."])
    page.evaluate("readmeter.refresh()")
    settle(page)
    assert asked_for(paper) == ["Readmeter grant-token"]
    assert page.evaluate("heard")


def test_nothing_is_asked_for_without_a_grant_and_the_whole_beginning_stays(
    page: Page, paper: Paper, beginning: str
) -> None:
    paper.api.answer = denied()
    page.goto(beginning)
    Reader(page).meets_the_wall("You have read your 5 free articles this month.")
    expect(page.locator("article > p:visible")).to_have_text(["One.", "Two."])
    settle(page)
    assert asked_for(paper) == []


def test_a_server_that_refuses_leaves_a_wall_to_try_again_at(page: Page, paper: Paper, beginning: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    paper.pages["/text"] = REFUSAL
    page.goto(beginning)
    reader = Reader(page)
    reader.meets_the_wall(CANNOT)
    assert "Readmeter: /text gave out no text (403)." in said
    paper.pages["/text"] = TEXT
    reader.wall.get_by_role("button", name="Try again").click()
    expect(page.locator("#rest")).to_be_visible()
    reader.sees_the_article()
    assert len(asked_for(paper)) == 2


@pytest.mark.parametrize("answer", [(200, {}, b""), (200, {"content-type": "application/json"}, b"{}"), (500, {}, b"")])
def test_what_is_no_text_is_none(page: Page, paper: Paper, beginning: str, answer: Any) -> None:
    paper.pages["/text"] = answer
    page.goto(beginning)
    Reader(page).meets_the_wall(CANNOT)


def test_without_an_answer_nobody_is_left_with_half_an_article_and_no_word(
    page: Page, paper: Paper, beginning: str
) -> None:
    paper.api.answer = 503, {}, b""
    page.goto(beginning)
    Reader(page).meets_the_wall(CANNOT)
    expect(page.locator("article > p:visible")).to_have_text(["One.", "Two."])
    assert not page.evaluate(f"JSON.parse(localStorage['readmeter:{SITE}']).events?.length"), "the article did not open"


def test_a_wall_may_come_late_where_there_is_nothing_to_take_away(page: Page, paper: Paper, beginning: str) -> None:
    let_go = Event()
    paper.api.answer = lambda _: let_go.wait(20) and denied()
    page.add_init_script("document.addEventListener('readmeter:loaded', () => (window.loaded = true))")
    page.clock.install()
    page.goto(beginning)
    page.wait_for_function("window.loaded")
    page.clock.fast_forward(1600)
    Reader(page).meets_the_wall(CANNOT)
    let_go.set()
    Reader(page).meets_the_wall("You have read your 5 free articles this month.")


def test_a_miss_is_told_however_late_it_is(page: Page, paper: Paper, beginning: str) -> None:
    """Where the rare part of the script comes after the time that a wall has, on a full page."""
    page.route("**/more-*.js", lambda route: page.clock.fast_forward(1600) or route.continue_())
    paper.api.answer = 503, {}, b""
    page.clock.install()
    page.goto(beginning)
    Reader(page).meets_the_wall(CANNOT)


def test_another_articles_text_is_the_business_of_who_brings_it(page: Page, paper: Paper, beginning: str) -> None:
    paper.api.answer = denied()
    page.goto(beginning)
    Reader(page).meets_the_wall("You have read your 5 free articles this month.")
    paper.api.answer = granted()
    page.evaluate("readmeter.view({article: 'another'})")
    settle(page)
    assert asked_for(paper) == []
    assert page.evaluate("readmeter.decision.grant") == "grant-token"
