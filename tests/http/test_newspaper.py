"""The demonstration newspaper: its pages, what each article tells the snippet, and what the grey strip does."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import jwt
import pytest
import yaml
from werkzeug import Request, Response
from werkzeug.serving import make_server
from werkzeug.test import Client, TestResponse

from local.newspaper.accounts import ISSUER, Account, Sessions, account_named
from local.newspaper.app import EDITIONS, HERE, newspaper
from local.newspaper.articles import read_articles
from local.newspaper.newsroom import SWITCHES, Newsroom
from local.newspaper.publisher import Publisher
from readmeter.web.stripe import is_signed

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
        self.publisher = Publisher.of(self.api, "rio-courier", self.control.now, "of-the-origin")
        app = newspaper(
            self.api,
            "rio-courier",
            self.control,
            clock=lambda: NOVEMBER_22,
            sleep=self.waits.append,
            publisher=self.publisher,
        )
        self.client = Client(app)

    def get(self, path: str, **given: Any) -> TestResponse:
        return self.client.get(path, base_url=f"http://{HOST}", buffered=True, **given)

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


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """The address at which `app` answers."""
    server = make_server("127.0.0.1", 0, app)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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
    assert others == {
        *(path for path in pages if re.fullmatch(r"/pt/\w+/[\w-]+", path)),  # whose text is withheld
        *(path for path in pages if path.startswith("/ar/")),  # which name an address that knows who reads
    }


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


def test_every_edition_has_every_word():
    """And of each sentence with a number the forms that its language has."""
    words = yaml.safe_load((HERE / "words.yaml").read_text("utf-8"))
    assert shape(words["en"]) == shape(words["pt"]) == shape(words["ar"])
    assert words.keys() == EDITIONS.keys()


PLURALS = {"zero", "one", "two", "few", "many", "other"}


def shape(words: Any) -> Any:
    """The keys of it, at any depth; plural forms are one sentence."""
    if not isinstance(words, dict) or words.keys() <= PLURALS:
        return None
    return {key: shape(value) for key, value in words.items()}


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


# Who reads

ARTICLE = "/city/clouds-on-the-corcovado"
THANKS = "#readmeter-thanks"


def claims_of(paper: Paper, identity: str) -> dict[str, Any]:
    """What an identity says, once it is proven by the key that the site document has."""
    key = paper.publisher.key.public
    assert jwt.get_unverified_header(identity)["kid"] == key["kid"]
    claims: dict[str, Any] = jwt.decode(
        identity,
        jwt.PyJWK(key["jwk"], key["alg"]),
        [key["alg"]],
        audience="rio-courier",
        issuer=ISSUER,
        options={"verify_exp": False, "verify_iat": False},  # the paper's clock is not ours
    )
    return claims


def test_who_signs_in_is_sent_back_and_named_on_every_page_until_they_sign_out(paper):
    answer = paper.post("/sign-in", name="  Ana   Maria ", **{"return": ARTICLE})
    assert (answer.status_code, answer.headers["Location"]) == (303, ARTICLE)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = paper.page(ARTICLE)
    assert "Ana Maria Sign out" in page.one("div", class_="reader")[1]
    assert paper.post("/sign-out", **{"return": ARTICLE}).headers["Location"] == ARTICLE
    assert "Ana Maria" not in paper.page(ARTICLE).html
    assert "data-identity" not in paper.page(ARTICLE).script


def test_a_page_of_who_is_signed_in_proves_it_for_ten_minutes_and_is_kept_by_nobody(paper):
    paper.post("/sign-in", name="Ana")
    for path in ("/", ARTICLE, "/pt/arts/o-delirio", "/free-articles"):
        claims = claims_of(paper, paper.page(path).script["data-identity"])
        assert claims["exp"] - claims["iat"] == 600
        assert claims["iat"] == NOVEMBER_22
        assert "ana" not in claims["sub"].replace("account", "").lower()
        assert paper.get(path).headers["Cache-Control"] == "private, no-store"
    paper.press("next-month")
    assert claims_of(paper, paper.page("/").script["data-identity"])["iat"] == NOVEMBER_22 + MONTH


def test_the_arabic_edition_s_pages_name_the_address_that_knows_who_reads(paper):
    page = paper.page("/ar/arts/al-asad-wal-thawr")
    assert page.script["data-identity-url"] == "/identity"
    assert paper.get("/identity").json == {"identity": None}
    paper.post("/sign-in", name="Ana")
    assert "data-identity" not in paper.page("/ar/").script
    answer = paper.get("/identity")
    assert claims_of(paper, answer.json["identity"])["sub"] == account_named("ana").subject
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_an_account_is_the_same_after_every_start_and_another_name_is_another(paper):
    assert account_named("Ana").subject == account_named(" ANA ").subject != account_named("Bento").subject
    assert account_named(" \t ") is None


@pytest.mark.parametrize("cookie", ["", "forged", "Ana"])
def test_a_cookie_that_the_paper_did_not_give_is_nobody(paper, cookie):
    paper.client.set_cookie("session", cookie, domain="localhost")
    assert "data-identity" not in paper.page("/").script


def test_without_a_name_nobody_is_signed_in(paper):
    answer = paper.post("/sign-in?return=/about", name=" ", **{"return": "/about"})
    assert urlsplit(answer.headers["Location"]).path == "/sign-in"
    assert "Set-Cookie" not in answer.headers


def test_a_thousand_sessions_are_kept_and_no_more():
    sessions = Sessions()
    first, *_, last = [sessions.begin(Account(f"reader {n}")) for n in range(1001)]
    assert sessions.account(first) is None
    assert sessions.account(last) == Account("reader 1000")


# Subscribe


@pytest.mark.parametrize("desk", ["/subscribe", "/sign-in", "/ar/subscribe"])
@pytest.mark.parametrize("given", [ARTICLE, f"http://{HOST}{ARTICLE}", f"{ARTICLE}%23readmeter-thanks"])
def test_a_desk_leads_back_to_the_article(paper, desk, given):
    page = Page(paper.get(f"{desk}?return={given}").text)
    assert ARTICLE in [attributes["href"] for attributes, _ in page.all("a")], "to who turns back"
    assert {a["value"].partition("#")[0] for a, _ in page.all("input", type="hidden", name="return")} == {ARTICLE}


@pytest.mark.parametrize("desk", ["sign-in", "subscribe"])
def test_a_desk_speaks_the_language_of_the_page_that_led_there(paper, desk):
    """The site document has one address of it for all editions."""
    answer = paper.get(f"/{desk}?return=http://{HOST}/ar/arts/al-asad-wal-thawr%23readmeter-thanks")
    there = urlsplit(answer.headers["Location"])
    assert (answer.status_code, there.path) == (303, f"/ar/{desk}")
    assert parse_qs(there.query) == {"return": [f"/ar/arts/al-asad-wal-thawr{THANKS}"]}


def test_who_subscribes_signs_in_first_and_comes_back_to_the_desk(paper):
    page = paper.page(f"/subscribe?return={ARTICLE}")
    assert "Sign in first" in page.one("main")[1]
    answer = paper.post("/subscribe", plan="monthly", **{"return": ARTICLE + THANKS})
    sign_in = urlsplit(answer.headers["Location"])
    [back] = parse_qs(sign_in.query)["return"]
    assert (answer.status_code, sign_in.path, urlsplit(back).path) == (303, "/sign-in", "/subscribe")
    assert parse_qs(urlsplit(back).query) == {"return": [ARTICLE + THANKS]}
    answer = paper.post("/sign-in", name="Ana", **{"return": back})
    assert "There is no payment" in paper.page(answer.headers["Location"]).one("main")[1]


@dataclass
class Stripes:
    """A service that keeps what it is told of subscriptions."""

    url: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    signed: list[tuple[bytes, str]] = field(default_factory=list)

    @Request.application
    def __call__(self, request: Request) -> Response:
        if request.path.startswith("/v1/webhooks/stripe/rio-courier"):
            self.signed.append((request.get_data(), request.headers["Stripe-Signature"]))
            self.told.append(json.loads(request.get_data()))
            return Response(status=200)
        events = [(each["type"], each["data"]["object"]) for each in self.told]
        held = {about["id"]: about for kind, about in events if kind.startswith("customer.subscription")}
        subscriptions = [
            {"id": name, "status": about["status"], "plan": about["items"]["data"][0]["price"]["lookup_key"]}
            for name, about in held.items()
        ]
        return Response(json.dumps({"subscriptions": subscriptions}), mimetype="application/json")


def test_a_subscription_is_told_as_stripe_tells_it_and_so_is_its_end():
    stripes = Stripes()
    with serving(stripes) as url:
        paper = Paper(url)
        paper.post("/sign-in", name="Ana")
        answer = paper.post("/subscribe", plan="yearly", **{"return": ARTICLE + THANKS})
        assert (answer.status_code, answer.headers["Location"]) == (303, ARTICLE + THANKS)
        assert "By the year" in paper.page("/sign-in").one("main")[1]
        assert "By the year" in paper.page("/subscribe").one("main")[1]
        paper.post("/subscribe", plan="monthly")
        paper.post("/cancel")
        assert "By the year" not in paper.page("/sign-in").one("main")[1]
    kinds = ["checkout.session.completed", "customer.subscription.created", "customer.subscription.deleted"]
    assert [each["type"] for each in stripes.told] == kinds, "who subscribes already is not asked to pay again"
    session, begun, ended = (each["data"]["object"] for each in stripes.told)
    assert session["client_reference_id"] == account_named("Ana").subject
    assert session["customer"] == begun["customer"] == ended["customer"]
    assert session["subscription"] == begun["id"] == ended["id"]
    assert begun["items"]["data"][0]["current_period_end"] == NOVEMBER_22 + 365 * 86_400
    for content, header in stripes.signed:
        assert is_signed(content, header, paper.publisher.payments.secret, NOVEMBER_22)


@pytest.mark.parametrize("plan", ["", "for-ever"])
def test_what_is_no_plan_subscribes_nobody(plan):
    stripes = Stripes()
    with serving(stripes) as url:
        paper = Paper(url)
        paper.post("/sign-in", name="Ana")
        paper.post("/subscribe", plan=plan)
    assert stripes.told == []


def test_where_the_service_is_away_nobody_subscribes_and_pages_stand():
    paper = Paper("http://127.0.0.1:65533")
    paper.post("/sign-in", name="Ana")
    assert paper.post("/subscribe", plan="monthly").status_code == 502
    assert paper.press("storm").status_code == 502
    assert "Ana" in paper.get("/sign-in").text
    assert 'aria-pressed="true"' not in paper.get("/").text


FOREIGN = ["http://evil.example/x", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)"]
FOREIGN += ["http:evil.example", f"https://{HOST}/x", f"http://{HOST}@evil.example/", "evil.example", "///evil.example"]


@pytest.mark.parametrize("given", FOREIGN)
def test_a_return_address_never_leads_elsewhere(paper, given):
    """A browser that follows the address stays on the paper."""
    pressed = [paper.press("today", back=given), paper.post("/sign-in", name="Ana", **{"return": given})]
    page = Page(paper.get("/subscribe", query_string={"return": given}).text)
    links = [attributes["href"] for attributes, _ in page.all("a")]
    kept = [attributes["value"] for attributes, _ in page.all("input", name="return")]
    for address in [*(answer.headers["Location"] for answer in pressed), *links, *kept]:
        assert urlsplit(urljoin(f"http://{HOST}/", address)).netloc == HOST
        assert "javascript:" not in address


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
        ("campus", "You read from the network of the University of the Bay", "/_campus"),
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
    assert {attributes["aria-pressed"] for attributes, _ in page.all("button") if "aria-pressed" in attributes} == {
        "false"
    }
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


@dataclass
class Rules:
    """A site document to change, as the admin API keeps it."""

    kept: dict[str, Any]

    def document(self) -> dict[str, Any]:
        return self.kept

    def publish(self, document: dict[str, Any]) -> None:
        self.kept = document


@pytest.fixture
def newsroom(paper) -> tuple[Rules, Newsroom]:
    rules = Rules({"site": "rio-courier", "mode": "live", "lift": []})
    return rules, Newsroom(rules, paper.control.now)


STORM, OBSERVE = SWITCHES


def test_a_storm_lifts_what_is_tagged_so_for_a_day_and_leaves_other_lifts_alone(newsroom, paper):
    rules, switches = newsroom
    other = {"until": "2027-01-01T00:00:00Z", "match": {"tags": ["flood"]}, "note": "another"}
    rules.kept["lift"] = [other]
    switches.turn(STORM)
    assert switches.is_on(STORM)
    kept, storm = rules.kept["lift"]
    assert (kept, storm["match"], storm["until"]) == (other, {"tags": ["storm"]}, "2026-11-23T15:00:00+00:00")
    paper.control.offset = 86_400
    assert not switches.is_on(STORM), "it is over by itself"
    switches.turn(STORM)
    assert len(rules.kept["lift"]) == 2
    switches.turn(STORM)
    assert rules.kept["lift"] == [other]


def test_observing_is_a_mode_that_is_turned_on_and_off(newsroom):
    rules, switches = newsroom
    assert not switches.is_on(OBSERVE)
    for mode in ("observe", "live"):
        switches.turn(OBSERVE)
        assert (rules.kept["mode"], switches.is_on(OBSERVE)) == (mode, mode == "observe")


def test_the_strip_says_which_rules_are_on(paper):
    paper.publisher.newsroom.knows({"mode": "observe"})
    page = paper.page("/")
    assert [a["value"] for a, _ in page.all("button", aria_pressed="true")] == ["observe"]
    assert "Observing" in page.strip
    assert "Everything works" not in page.strip


@pytest.mark.parametrize(
    ("here", "there"), [("/", ARTICLE), ("/science/fireflies-are-green", "/science/fireflies-are-green")]
)
def test_the_newsletters_link_leads_to_an_article_and_says_what_it_is_worth(paper, here, there):
    [link] = [a["href"] for a, text in paper.page(here).all("a") if text == "By the newsletter"]
    assert link == f"{there}?utm_campaign=newsletter"
    assert "You came by the newsletter" in paper.page(link).strip
    assert "You came by a gift link" in paper.page(f"{ARTICLE}?gift=token").strip


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
    with serving(api) as api.url:
        yield api


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


def test_the_universitys_path_tells_and_proves_where_its_reader_is(upstream):
    headers = {"X-Readmeter-Origin": "forged", "CloudFront-Viewer-Address": "198.51.100.1:1"}
    paper = Paper(upstream.url)
    assert paper.client.post("/_campus/v1/views", base_url=f"http://{HOST}", headers=headers).status_code == 200
    assert paper.client.post("/_free/v1/views", base_url=f"http://{HOST}", headers=headers).status_code == 200
    by_campus, by_own_path = upstream.asked
    told = ("X-Readmeter-Origin", "CloudFront-Viewer-Address")
    assert [by_campus.headers.get(name) for name in told] == ["of-the-origin", "192.0.2.7:50000"]
    assert [by_own_path.headers.get(name) for name in told] == [None, None]


def test_the_slow_path_waits_three_seconds_first(upstream):
    paper = Paper(upstream.url)
    assert paper.post("/_slow/v1/views").status_code == 200
    assert paper.waits == [3.0]


@pytest.mark.parametrize(
    "path",
    [
        "/_free/",
        "/_campus/v1/admin/sites",
        "/_free/admin",
        "/_free/v2/views",
        "/_free/v1/admin/sites",
        "/_slow/v1/%61dmin/sites",
        "/_slow/",
    ],
)
def test_the_own_path_leads_to_what_readers_ask_only(upstream, path):
    assert Paper(upstream.url).get(path).status_code == 404
    assert upstream.asked == []


def test_an_api_that_is_away_is_a_502():
    assert Paper("http://127.0.0.1:65533").post("/_free/v1/views").status_code == 502
