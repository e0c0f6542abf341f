"""The first five minutes of docs/publisher.md, done as they are told there."""

from playwright.sync_api import Page, expect

from local.engine import ROOT
from tests.browser.publisher import Sent, serving
from tests.browser.reader import Reader
from tests.conftest import Running
from tests.support.api import Api
from tests.support.documents import block

GUIDE = "publisher.md"
API, PAGES = "http://localhost:8080", "http://localhost:8000"
PROMISED = [
    ("one", "You have 2 free articles remaining."),
    ("one", "You have 2 free articles remaining."),
    ("two", "You have 1 free article remaining."),
    ("three", "This is the last of your 3 free articles this month."),
]


def test_a_newcomer_sees_what_the_guide_promises(page: Page, service: Running) -> None:
    document, article = block(GUIDE, "yaml", "site: times"), block(GUIDE, "html", "<h1>One</h1>")
    with serving() as server:
        origin = server.url.replace("127.0.0.1", "localhost")
        content = article.replace(API, service.api).encode()
        server.reply = lambda sent: (200, {"content-type": "text/html"}, content) if is_page(sent) else (404, {}, b"")
        written = Api(service.api).call(
            "PUT",
            "/v1/admin/sites/times",
            document.replace(PAGES, origin).encode(),
            {"authorization": "Bearer local-admin", "content-type": "application/yaml"},
        )
        assert (written.status, written.json["version"]) == (201, 1)
        reader = Reader(page)
        for name, sentence in PROMISED:
            page.goto(f"{origin}/{name}.html")
            expect(reader.status).to_contain_text(sentence)
        page.goto(f"{origin}/four.html")
        reader.meets_the_wall("You have read your 3 free articles this month.")
        expect(page.locator("article > p:visible")).to_have_count(2)
        page.goto(f"{origin}/one.html")
        reader.sees_the_article()


def test_what_the_console_says_of_a_page_elsewhere_is_in_the_guide(page: Page, service: Running) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    article = block(GUIDE, "html", "<h1>One</h1>").replace(API, service.api).replace("times", "rio-courier").encode()
    with serving() as server:
        server.reply = lambda sent: (200, {"content-type": "text/html"}, article) if is_page(sent) else (404, {}, b"")
        page.goto(f"{server.url}/one.html")
        page.wait_for_function("readmeter")
        page.wait_for_load_state("networkidle")
    [line] = [each for each in said if each.startswith("Readmeter:")]
    told = line.replace(server.url, "https://…").replace("rio-courier", "…")
    assert f"| ``{told}``" in (ROOT / "docs" / GUIDE).read_text()


def is_page(sent: Sent) -> bool:
    return sent.path.endswith(".html")
