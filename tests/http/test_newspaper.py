"""The demonstration newspaper: its pages, what each article tells the snippet, and what the grey strip does."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from threading import Thread
from urllib.parse import urljoin, urlsplit

import pytest
from werkzeug import Request, Response
from werkzeug.serving import make_server
from werkzeug.test import Client, TestResponse

from local.newspaper.app import EDITIONS, newspaper
from local.newspaper.articles import read_articles

API = "http://localhost:8080"
HOST = "localhost:8081"
NOVEMBER_22 = 1_795_359_600.0  # noon in Rio
MONTH = 31 * 86_400
VOID = {"meta", "link", "input", "br", "img", "hr"}


@dataclass
class FakeControl:
    offset: float = 0

    def now(self) -> float:
        return NOVEMBER_22 + self.offset

    def move_clock_to_next_month(self) -> None:
        self.offset += MONTH

    def reset_clock(self) -> None:
        self.offset = 0


@dataclass
class Paper:
    api: str = API
    control: FakeControl = field(default_factory=FakeControl)
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        app = newspaper(self.api, "rio-courier", self.control, clock=lambda: NOVEMBER_22, sleep=self.waits.append)
        self.client = Client(app)

    def get(self, path: str, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, base_url=f"http://{HOST}", headers=named, buffered=True)

    def post(self, path: str, **form: str) -> TestResponse:
        return self.client.post(path, base_url=f"http://{HOST}", data=form)

    def press(self, wish: str, back: str = "/") -> TestResponse:
        return self.post("/_try", do=wish, back=back)

    def page(self, path: str) -> "Page":
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status)
        return Page(answer.text)


class Page(HTMLParser):
    """A page's elements, in order, as (tag, attributes, text inside)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[tuple[str, dict[str, str], list[str]]] = []
        self.feed(html)
        assert not self._open, f"never closed: {[tag for tag, _, _ in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = (tag, {name: value or "" for name, value in attrs}, [])
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop()[0] == tag, f"</{tag}> closes another element"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_data(self, data: str) -> None:
        for _, _, text in self._open:
            text.append(data)

    def all(self, tag: str, **wanted: str) -> list[tuple[dict[str, str], str]]:
        wanted = {name.strip("_").replace("_", "-"): value for name, value in wanted.items()}
        return [
            (attributes, " ".join("".join(text).split()))
            for name, attributes, text in self.elements
            if name == tag and wanted.items() <= attributes.items()
        ]

    def one(self, tag: str, **wanted: str) -> tuple[dict[str, str], str]:
        (found,) = self.all(tag, **wanted)
        return found

    def meta(self, name: str) -> list[str]:
        return [attributes["content"] for attributes, _ in self.all("meta", property=name)]

    @property
    def script(self) -> dict[str, str]:
        return self.one("script", src=f"{API}/v1/snippet.js")[0]

    @property
    def strip(self) -> str:
        return self.one("aside", class_="strip")[1]


@pytest.fixture
def paper() -> Paper:
    return Paper()


def crawl(paper: Paper) -> dict[str, Page]:
    """Every page that links lead to, from the front page on; all must answer 200."""
    pages: dict[str, Page] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in pages:
            continue
        pages[path] = page = paper.page(path)
        for attributes, _ in page.all("a"):
            if not attributes["href"].startswith("#"):
                waiting.append(urlsplit(urljoin(f"http://{HOST}{path}", attributes["href"])).path)
    return pages


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    return crawl(Paper())


@pytest.fixture(scope="module")
def articles(pages: dict[str, Page]) -> dict[str, Page]:
    return {path: page for path, page in pages.items() if page.meta("og:type") == ["article"]}


# The paper


def test_links_lead_to_pages_of_three_editions(pages):
    assert {"/", "/about", "/subscribe", "/sign-in", "/pt/", "/ar/", "/ar/subscribe"} <= pages.keys()


def test_an_edition_says_its_language_and_direction(pages):
    for path, page in pages.items():
        attributes, _ = page.one("html")
        expected = {"pt": ("pt-BR", "ltr"), "ar": ("ar", "rtl")}.get(path.split("/")[1], ("en", "ltr"))
        assert (attributes["lang"], attributes["dir"]) == expected, path


def test_there_is_enough_to_read(articles):
    long_enough = [path for path, page in articles.items() if len(body_of(page)) >= 5]
    assert len(long_enough) >= 12
    assert len({path.split("/")[1] for path in long_enough}) >= 5
    assert sum(path.startswith("/pt/") for path in articles) >= 1
    assert sum(path.startswith("/ar/") for path in articles) >= 2


def body_of(page: Page) -> list[str]:
    body = page.html.split('itemprop="articleBody"')[1].split("</div>")[0]
    return re.findall(r"<p>(.+?)</p>", body, re.DOTALL)


def test_an_article_tells_the_snippet_what_it_is(articles):
    for path, page in articles.items():
        section = path.split("/")[-2]
        address = f"http://{HOST}{path}"
        assert page.one("link", rel="canonical")[0]["href"] == address
        assert page.meta("article:section") == [section]
        assert page.meta("article:tag")
        assert page.one("div", class_="article-body", itemprop="articleBody")
        data = json.loads(page.one("script", type="application/ld+json")[1])
        assert data["@type"] == "NewsArticle"
        assert data["mainEntityOfPage"] == address
        assert data["articleSection"] == section
        assert data["keywords"] == page.meta("article:tag")
        assert data["isAccessibleForFree"] is False
        assert data["hasPart"]["cssSelector"] == ".article-body"


def test_the_script_tag_is_the_one_of_the_readme(pages):
    tag = f'<script async src="{API}/v1/snippet.js" data-site="rio-courier"></script>'
    others = {path for path, page in pages.items() if page.html.count(tag) != 1}
    assert others == {path for path in pages if re.fullmatch(r"/pt/\w+/[\w-]+", path)}, "whose text is withheld"


def test_the_portuguese_edition_keeps_its_text_until_a_grant_is_there(articles, paper):
    withheld = {path: page for path, page in articles.items() if path.startswith("/pt/")}
    assert len(withheld) == 2
    for path, page in withheld.items():
        assert page.script["data-body"] == f"{path}/text"
        assert len(body_of(page)) == 2
        assert "fica o começo" in page.one("noscript")[1]
        answer = paper.get(f"{path}/text")
        assert (answer.status_code, answer.json["reason"]) == (403, "missing")
        text = next(article for article in read_articles(date.max) if path.endswith(article.slug)).paragraphs
        assert not any(paragraph in page.html for paragraph in text[2:])


@pytest.mark.parametrize("path", ["/pt/arts/nothing/text", "/arts/o-delirio/text", "/pt/city/o-delirio/text"])
def test_what_is_no_article_has_no_text(paper, path):
    assert paper.get(path).status_code == 404


def test_only_an_article_says_that_it_is_one(pages, articles):
    assert all(page.meta("og:type") == ["website"] for path, page in pages.items() if path not in articles)


def test_an_article_names_its_source_with_a_year(articles):
    for path, page in articles.items():
        assert re.search(r"\d{3,4}", page.one("footer", class_="source")[1]), path


def test_without_javascript_an_article_promises_no_number(articles):
    assert all(not re.search(r"\d", page.one("noscript")[1]) for page in articles.values())


def test_no_id_is_used_twice(pages):
    for path, page in pages.items():
        ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids)), path


def test_no_page_asks_another_host_for_anything(pages, paper):
    addresses = [
        value
        for page in pages.values()
        for _, attributes, _ in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "action", "srcset", "poster", "data")
    ]
    hosts = {urlsplit(address).netloc for address in addresses}
    assert hosts == {"", HOST, urlsplit(API).netloc}
    assert "//" not in paper.get("/static/paper.css").text


def test_a_page_has_its_landmarks_and_one_heading_of_the_first_level(pages):
    for path, page in pages.items():
        assert len(page.all("h1")) == 1, path
        assert page.one("main")[0]["id"] == "paper"
        assert page.all("a", class_="skip")[0][0]["href"] == "#paper"
        assert all(attributes["aria-label"] for attributes, _ in page.all("nav"))


@pytest.mark.parametrize(("path", "says"), [("/nowhere", "No such page"), ("/ar/nowhere", "لا توجد هذه الصفحة")])
def test_an_unknown_page_is_404_in_its_edition(paper, path, says):
    answer = paper.get(path)
    assert answer.status_code == 404
    assert says in answer.text


@pytest.mark.parametrize("path", ["/city/lunch-above-the-clouds", "/ar/science/", "/static/../app.py", "/ar/city/x"])
def test_what_the_paper_does_not_have_is_404(paper, path):
    assert paper.get(path).status_code == 404


def test_a_foreign_host_is_refused(paper):
    assert paper.client.get("/", base_url="http://rebound.example").status_code == 400


# Subscribe and sign in


@pytest.mark.parametrize("desk", ["/subscribe", "/sign-in", "/ar/subscribe"])
@pytest.mark.parametrize("given", ["/city/clouds-on-the-corcovado", f"http://{HOST}/city/clouds-on-the-corcovado"])
def test_a_desk_leads_back_to_the_article(paper, desk, given):
    for answer in (paper.get(f"{desk}?return={given}"), paper.post(desk, **{"return": given})):
        links = [attributes["href"] for attributes, _ in Page(answer.text).all("a")]
        assert "/city/clouds-on-the-corcovado" in links


FOREIGN = ["http://evil.example/x", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)"]
FOREIGN += ["http:evil.example", f"https://{HOST}/x", f"http://{HOST}@evil.example/", "evil.example", "///evil.example"]


@pytest.mark.parametrize("given", FOREIGN)
def test_a_return_address_never_leads_elsewhere(paper, given):
    """A browser that follows the address stays on the paper."""
    back = paper.press("today", back=given).headers["Location"]
    links = [attributes["href"] for attributes, _ in Page(paper.post("/subscribe", **{"return": given}).text).all("a")]
    for address in [back, *links]:
        assert urlsplit(urljoin(f"http://{HOST}/", address)).netloc == HOST
        assert "javascript:" not in address


def test_a_desk_takes_no_money_and_says_so(paper):
    assert "There is no payment" in paper.get("/subscribe").text
    assert "nothing was charged" in paper.post("/subscribe", plan="yearly").text
    assert "nobody was signed in" in paper.post("/sign-in").text


# Your free articles


def test_every_edition_tells_a_reader_of_every_state_and_no_number_by_itself(pages):
    """What the page's script picks from: the same messages, and a plural form for any number."""
    told = {path: pages[f"{path}/free-articles"] for path in EDITIONS.values()}
    messages = [[a["data-message"] for _, a, _ in page.elements if "data-message" in a] for page in told.values()]
    assert messages[0]
    assert messages == [messages[0]] * len(EDITIONS)
    for page in told.values():
        forms = [json.loads(a["data-forms"]) for _, a, _ in page.elements if "data-forms" in a]
        assert ["other" in each for each in forms] == [True, True]
        assert page.one("p", data_part="resets")[0]["data-text"].count("{date}") == 1
        assert not re.search(r"\d", page.one("main")[1])


# The strip


def test_a_new_reader_loses_cookies_and_storage_and_stays_on_the_page(paper):
    answer = paper.press("new-reader", back="/city/clouds-on-the-corcovado")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/city/clouds-on-the-corcovado"
    assert answer.headers["Clear-Site-Data"] == '"cookies", "storage"'


def test_next_month_moves_the_service_and_the_masthead_but_not_an_article_s_date(paper):
    before = paper.page("/city/clouds-on-the-corcovado")
    assert "Back to today" not in before.strip
    paper.press("next-month")
    after = paper.page("/city/clouds-on-the-corcovado")
    assert "2026-11-22" in before.strip
    assert "2026-12-23" in after.strip
    assert "Wednesday, December 23, 2026" in after.html
    assert after.meta("article:published_time") == before.meta("article:published_time") == ["2026-11-22"]
    paper.press("today")
    assert "Back to today" not in paper.page("/").strip


@pytest.mark.parametrize(
    ("mode", "says", "data_api"),
    [
        ("down", "The service cannot be reached", "http://127.0.0.1:65533"),
        ("slow", "The service takes 3 seconds", "/_slow"),
        ("blocked", "The browser blocks the script", None),
    ],
)
def test_a_mode_changes_this_visitor_s_pages_until_it_is_pressed_again(paper, mode, says, data_api):
    paper.press(mode)
    page = paper.page("/")
    assert says in page.strip
    assert page.one("button", value=mode)[0]["aria-pressed"] == "true"
    assert page.script.get("data-api") == data_api
    assert says not in Paper().page("/").strip

    paper.press(mode)
    page = paper.page("/")
    assert "Everything works" in page.strip
    assert [attributes["aria-pressed"] for attributes, _ in page.all("button") if "aria-pressed" in attributes] == [
        "false",
        "false",
        "false",
    ]
    assert page.script.keys() == {"async", "src", "data-site"}


def test_one_mode_takes_the_place_of_another(paper):
    paper.press("down")
    paper.press("slow")
    assert [a["value"] for a, _ in paper.page("/").all("button", aria_pressed="true")] == ["slow"]


def test_only_the_blocked_mode_forbids_the_script(paper):
    assert "Content-Security-Policy" not in paper.get("/").headers
    paper.press("blocked")
    assert paper.get("/").headers["Content-Security-Policy"] == "script-src 'self'"


@pytest.mark.parametrize("wish", ["", "everything", "<script>"])
def test_an_unknown_wish_changes_nothing(paper, wish):
    answer = paper.press(wish)
    assert answer.headers["Location"] == "/"
    assert "Set-Cookie" not in answer.headers
    assert paper.control.offset == 0


def test_a_get_tries_nothing(paper):
    assert paper.get("/_try").status_code == 405


def test_arabic_is_one_press_away_and_one_press_back(paper):
    assert ("/ar/", "العربية") in [(a["href"], text) for a, text in paper.page("/").all("a", hreflang="ar", lang="ar")]
    assert ("/", "English") in [(a["href"], text) for a, text in paper.page("/ar/").all("a", hreflang="en")]


# The publisher's own path


@dataclass
class Upstream:
    """An API that remembers what it was asked."""

    url: str = ""
    asked: list[Request] = field(default_factory=list)

    @Request.application
    def __call__(self, request: Request) -> Response:
        request.get_data()
        self.asked.append(request)
        answer = Response('{"access": "granted"}', 200, mimetype="application/json")
        answer.headers.add("Set-Cookie", "reader=abc; HttpOnly; SameSite=Lax")
        answer.headers.add("Set-Cookie", "other=def")
        return answer


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    api = Upstream()
    server = make_server("127.0.0.1", 0, lambda environ, start: api(environ, start))
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    yield api
    server.shutdown()
    thread.join()
    server.server_close()


SENT = {
    "Sec_Fetch_Site": "same-origin",
    "Sec_Fetch_Mode": "cors",
    "Origin": f"http://{HOST}",
    "Authorization": "Bearer a-readers-token",
    "X-Forwarded-Host": "evil.example",
    "Content_Type": "text/plain",
}


def test_the_own_path_passes_on_what_the_api_decides_by(upstream):
    paper = Paper(upstream.url)
    headers = {name.replace("_", "-"): value for name, value in SENT.items()}
    paper.client.set_cookie("reader", "xyz", domain="localhost")
    answer = paper.client.post("/_free/v1/views?a=b", base_url=f"http://{HOST}", data=b'{"site": "x"}', headers=headers)
    (asked,) = upstream.asked
    assert (asked.method, asked.path, asked.query_string) == ("POST", "/v1/views", b"a=b")
    assert asked.get_data() == b'{"site": "x"}'
    for name in ("Sec-Fetch-Site", "Sec-Fetch-Mode", "Origin", "Content-Type", "Authorization"):
        assert asked.headers[name] == headers[name]
    assert asked.cookies.to_dict() == {"reader": "xyz"}
    assert "X-Forwarded-Host" not in asked.headers
    assert answer.json == {"access": "granted"}
    assert answer.headers.getlist("Set-Cookie") == ["reader=abc; HttpOnly; SameSite=Lax", "other=def"]
    assert paper.waits == []


def test_the_slow_path_waits_three_seconds_first(upstream):
    paper = Paper(upstream.url)
    assert paper.post("/_slow/v1/views").status_code == 200
    assert paper.waits == [3.0]


@pytest.mark.parametrize(
    "path",
    ["/_free/", "/_free/admin", "/_free/v2/views", "/_free/v1/admin/sites", "/_slow/v1/%61dmin/sites", "/_slow/"],
)
def test_the_own_path_leads_to_what_readers_ask_only(upstream, path):
    assert Paper(upstream.url).get(path).status_code == 404
    assert upstream.asked == []


def test_an_api_that_is_away_is_a_502():
    assert Paper("http://127.0.0.1:65533").post("/_free/v1/views").status_code == 502
