"""A reader looks at what counted, and erases it: on the demo newspaper's page, and on the one of docs/readers.md."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, Route, expect

from tests.browser.publisher import Sent, serving
from tests.browser.reader import Reader
from tests.conftest import Running
from tests.support.api import Api, fresh_id, site_document

SITE = "rio-courier"
ARTICLES = ["/city/clouds-on-the-corcovado", "/science/fireflies-are-green", "/ar/arts/al-asad-wal-thawr"]
DATE = re.compile(r"^The count starts again on \w+, \w+ 1, \d{4}\.$")
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


class FreeArticles:
    """The page "Your free articles", of any edition, as a reader sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.titles = page.locator("[data-part=titles] a")
        self.erase = page.locator("[data-part=ask]")
        self.dialog = page.get_by_role("dialog")

    def says(self, figures: list[str]) -> None:
        """Waits until it shows what is read, what is left, and how many there are."""
        expect(self.page.locator("dd")).to_have_text(figures)

    def tells(self, sentence: str | re.Pattern[str]) -> None:
        expect(self.page.locator("[role=status] > :visible")).to_have_text(sentence)

    def part(self, name: str) -> Any:
        return self.page.locator(f"[data-part={name}]:visible")


def read(page: Page, address: str) -> str:
    """Opens an article until it is counted; answers its title."""
    page.goto(address)
    expect(Reader(page).status).not_to_be_empty()
    return page.locator("h1").inner_text()


def kept(page: Page) -> Any:
    """What the snippet keeps."""
    return json.loads(page.evaluate(f"localStorage['readmeter:{SITE}']"))


@pytest.fixture
def reading(service: Running, page: Page) -> tuple[FreeArticles, list[str]]:
    """A reader of three articles, one of them in Arabic, at the page that tells of them; and the titles."""
    titles = [read(page, service.newspaper + article) for article in ARTICLES]
    page.goto(service.newspaper)
    page.get_by_role("contentinfo").get_by_role("link", name="Your free articles").click()
    shown = FreeArticles(page)
    shown.says(["3", "2", "5"])
    return shown, titles


def test_a_reader_sees_what_counted_and_erases_it(
    reading: tuple[FreeArticles, list[str]],
    service: Running,
    axe: Callable[[Page], None],
    keep: Callable[[Page, str], None],
) -> None:
    shown, titles = reading
    page = shown.page
    expect(shown.titles).to_have_text(titles)
    expect(shown.part("resets")).to_have_text(DATE)
    expect(shown.part("untitled").or_(shown.part("erased"))).to_have_count(0)
    axe(page)
    keep(page, "free-articles")

    shown.erase.press("Enter")
    expect(shown.dialog).to_contain_text("stays counted until the count starts again")
    axe(page)
    keep(page, "free-articles-erase")
    page.keyboard.press("Escape")
    expect(shown.erase).to_be_focused()
    expect(shown.titles).to_have_count(3)

    before = kept(page)
    shown.erase.press("Enter")
    page.get_by_role("button", name="Erase it").press("Enter")
    shown.tells(re.compile("^Erased. What you read is no longer kept"))
    expect(shown.erase).to_be_focused()
    expect(shown.titles).to_have_count(0)
    shown.says(["3", "2", "5"])
    expect(shown.part("erased")).to_have_text("3 erased articles, which count until the count starts again")
    after = kept(page)
    assert [after[name] for name in ("reader", "seed")] == [before[name] for name in ("reader", "seed")]
    assert before["state"]
    assert [after[name] for name in ("state", "granted", "wall", "events")] == [None, [], None, []]
    assert page.evaluate(f"localStorage['{SITE}:titles']") == "{}"
    axe(page)
    keep(page, "free-articles-erased")

    page.goto(service.newspaper + "/opinion/ships-in-the-basin")
    Reader(page).reads("You have 1 free article remaining. Subscribe for unlimited access.")
    page.goto(service.newspaper + "/free-articles")
    shown.says(["4", "1", "5"])
    expect(shown.titles).to_have_count(1)


def test_it_fits_a_phone_in_the_dark_and_turns_for_arabic(
    reading: tuple[FreeArticles, list[str]],
    service: Running,
    browse: Callable[..., BrowserContext],
    axe: Callable[[Page], None],
    keep: Callable[[Page, str], None],
) -> None:
    """And names no article that this browser knows no title of."""
    storage = reading[0].page.context.storage_state()
    phone = browse(**PHONE, color_scheme="dark", storage_state=storage).new_page()
    phone.goto(service.newspaper + "/ar/free-articles")
    shown = FreeArticles(phone)
    expect(shown.titles).to_have_count(3)
    assert len({round(link["right"]) for link in shown.titles.evaluate_all(BOXES)}) == 1
    phone.evaluate(f"localStorage['{SITE}:titles'] = 'damaged'")
    phone.reload()
    expect(shown.part("untitled")).to_have_text(re.compile("^و3 مقالات أخرى"))
    expect(shown.part("resets")).to_have_text(re.compile(r" 1 .+ \d{4}\.$"))
    assert not re.search(r"[\w-]{22}", phone.locator("main").inner_text())
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe(phone)
    shown.erase.scroll_into_view_if_needed()
    keep(phone, "free-articles-phone-dark-ar")
    shown.erase.tap()
    axe(phone)
    phone.get_by_role("button").last.tap()
    expect(shown.dialog).to_be_hidden()
    shown.says(["3", "2", "5"])


BOXES = "links => links.map(link => link.firstChild.getBoundingClientRect().toJSON())"


def test_a_newcomer_is_told_that_nothing_has_counted_and_nobody_is_asked(page: Page, service: Running) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/reader" in request.url else None)
    page.goto(service.newspaper + "/pt/free-articles")
    FreeArticles(page).tells("Nada contou ainda. Abra um artigo e volte aqui.")
    assert asked == []


def test_without_javascript_it_says_so_and_promises_no_number(
    service: Running, browse: Callable[..., BrowserContext], keep: Callable[[Page, str], None]
) -> None:
    page = browse(java_script_enabled=False).new_page()
    page.goto(service.newspaper + "/free-articles")
    main = page.get_by_role("main").inner_text()
    assert "Without JavaScript nothing is counted" in main
    assert not re.search(r"\d", main)
    keep(page, "free-articles-without-javascript")


def test_where_the_browser_keeps_nothing_it_says_so(page: Page, service: Running) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})"
    )
    page.goto(service.newspaper + "/free-articles")
    FreeArticles(page).tells("Your browser keeps nothing for this paper, so there is no list to show.")


def test_when_the_service_is_down_it_says_so_and_asks_again(
    reading: tuple[FreeArticles, list[str]], axe: Callable[[Page], None], keep: Callable[[Page, str], None]
) -> None:
    shown, titles = reading
    page = shown.page
    page.route("**/v1/reader?*", lambda route: route.abort())
    shown.erase.click()
    page.get_by_role("button", name="Erase it").click()
    shown.tells(re.compile("^The service did not answer, so the list may not be erased yet."))
    expect(shown.titles).to_have_text(titles)

    page.reload()
    shown.tells("The service that counts cannot be reached just now. Nothing is lost.")
    assert not re.search(r"\d", page.get_by_role("main").inner_text())
    axe(page)
    keep(page, "free-articles-down")
    page.unroute("**/v1/reader?*")
    page.get_by_role("button", name="Try again").press("Enter")
    expect(page.locator("h1")).to_be_focused()
    expect(shown.titles).to_have_text(titles)


def test_on_the_papers_own_path_the_cookie_does_and_only_for_the_paper(page: Page, service: Running) -> None:
    """With nothing in the script's storage, and under a strict policy. No other origin's page reads or erases it."""
    own = f"{service.newspaper}/_free/v1/reader?site={SITE}"
    page.goto(service.newspaper)
    seen = page.evaluate(VIEW, [f"{service.newspaper}/_free/v1/views", {"site": SITE, "article": "a"}])
    assert seen["used"] == 1

    neighbour = service.newspaper.replace("localhost", "127.0.0.1")
    for elsewhere in (f"{service.api}/v1/health", f"{neighbour}/about"):
        page.goto(elsewhere)
        for request in ({"method": "DELETE"}, {"method": "GET"}, {"method": "GET", "mode": "no-cors"}):
            assert page.evaluate(ASK, [own, {**request, "credentials": "include"}]) == ""

    page.route("**/free-articles", on_the_own_path)
    page.goto(service.newspaper + "/free-articles")
    shown = FreeArticles(page)
    shown.says(["1", "4", "5"])
    expect(shown.part("untitled")).to_have_text("1 more article, read before this list began")
    shown.erase.click()
    page.get_by_role("button", name="Erase it").click()
    shown.tells(re.compile("^Erased"))
    expect(shown.part("erased")).to_have_text("1 erased article, which counts until the count starts again")
    page.reload()
    shown.says(["1", "4", "5"])


VIEW = "async ([address, body]) => (await fetch(address, {method: 'POST', body: JSON.stringify(body)})).json()"
ASK = "async ([address, request]) => fetch(address, request).then(a => a.text()).catch(() => '')"
STRICT = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'"


def on_the_own_path(route: Route) -> None:
    """The page as a publisher would serve it whose API is below a path of the site."""
    answer = route.fetch()
    html = answer.text().replace(f'data-site="{SITE}"', f'data-site="{SITE}" data-api="/_free"')
    route.fulfill(response=answer, body=html, headers={**answer.headers, "content-security-policy": STRICT})


def test_what_the_guide_has_publishers_paste_works(page: Page, service: Running) -> None:
    """docs/readers.md, on a site of its own: two titles, the date, and after the erasure what stays."""
    guide = (Path(__file__).parents[2] / "docs" / "readers.md").read_text("utf-8")
    with serving() as server:
        document = site_document(fresh_id(), server.url, timezone="America/Sao_Paulo")
        Api(service.api).publish(document)
        on_articles, the_page = (
            block.replace("riotimes", document["site"]).replace("https://YOUR-API", service.api)
            for block in re.findall(r"```html\n(.*?)```", guide, re.DOTALL)
        )
        tag = f'<script async src="{service.api}/v1/snippet.js" data-site="{document["site"]}"></script>'
        scripts = {"/one": on_articles, "/two": on_articles, "/yours": the_page}

        def page_of(sent: Sent) -> tuple[int, dict[str, str], bytes]:
            name, about = sent.path[1:], 'property="og:type" content="article"' if sent.path != "/yours" else "name=x"
            head = f'<html lang="en"><meta charset=utf-8><title>{name}</title><meta {about}>{tag}'
            content = f"<!doctype html>{head}<body><article><h1>{name}</h1><p>Text.</p></article>"
            return 200, {"content-type": "text/html"}, (content + scripts.get(sent.path, "")).encode()

        server.reply = page_of
        page.goto(server.url + "/yours")
        said = page.locator("#said")
        expect(said).to_have_text("Nothing has counted yet.")
        for path in ("/one", "/two"):
            read(page, server.url + path)
        page.goto(server.url + "/yours")
        expect(said).to_have_text(re.compile(r"^Read: 2 of 5\. Left: 3\. The count starts again on \w+ 1, \d{4}\.$"))
        expect(page.locator("#counted a")).to_have_text(["one", "two"])
        page.on("dialog", Dialog.accept)
        page.get_by_role("button", name="Erase the list").click()
        expect(said).to_have_text(re.compile(r"^Read: 2 of 5\. Left: 3\. Not in this list: 2\. The count starts"))
        expect(page.locator("#counted a")).to_have_count(0)
        read(page, server.url + "/one")
        assert page.evaluate("readmeter.decision.used") == 3
