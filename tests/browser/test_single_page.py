"""A site of one page: articles come and go by the history, and only what is on the page counts."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live import HEAD, SITE, Live
from tests.browser.publisher import PARAGRAPHS
from tests.browser.reader import Reader, settle

# A router as frameworks have them: it writes the address and the text, and tells the snippet.
APP = """<main><nav><a href="/app/one">One</a> <a href="/app/two">Two</a> <a href="/app/about">About</a></nav>
<article id=view></article></main>
<script>
    const render = () => {
        const name = location.pathname.split('/').pop();
        const isArticle = name != 'about' && name != 'app';
        document.querySelector('#view').innerHTML = `<h1>${name}</h1>{text}`;
        readmeter.view(isArticle ? {article: name, url: location.pathname} : undefined);
    };
    document.addEventListener('click', event => {
        if (!event.target.matches('nav a')) return;
        event.preventDefault();
        history.pushState({}, '', event.target.href);
        render();
    });
    addEventListener('popstate', render);
</script>""".replace("{text}", PARAGRAPHS)


@pytest.fixture
def app(page: Page, live: Live) -> Page:
    head = HEAD.replace("article", "website")
    for name in ("", "/one", "/two", "/about"):
        live.page(f"/app{name}", head=head, body=APP)
    page.goto(live.paper.url + "/app")
    page.wait_for_function("window.readmeter")
    settle(page)
    assert live.bodies == []
    return page


def says(page: Page, remaining: int) -> None:
    sentence = f"You have {remaining} free articles remaining. Subscribe for unlimited access."
    expect(Reader(page).status).to_have_text(sentence)


def test_each_article_counts_once_by_links_and_by_history(app: Page, live: Live) -> None:
    app.get_by_role("link", name="One").click()
    says(app, 4)
    app.get_by_role("link", name="Two").click()
    says(app, 3)
    app.get_by_role("link", name="About").click()
    Reader(app).sees_no_bar()
    app.go_back()
    says(app, 3)
    app.go_back()
    says(app, 3)
    settle(app)
    assert [body["article"] for body in live.bodies] == ["one", "two", "two", "one"]
    assert [body["url"] for body in live.bodies[:2]] == [f"{live.paper.url}/app/one", f"{live.paper.url}/app/two"]
    assert len({body["view"] for body in live.bodies}) == 4


def test_only_the_newest_of_a_race_shows(app: Page, live: Live) -> None:
    app.evaluate("for (const n of [1, 2, 3]) readmeter.view({article: `race-${n}`}); readmeter.view()")
    settle(app)
    Reader(app).sees_no_bar()
    assert app.evaluate("readmeter.decision") is None
    app.evaluate("Promise.all([readmeter.view({article: 'race-1'}), readmeter.view({article: 'race-2'})])")
    expect(Reader(app).bar).to_be_visible()
    settle(app)
    events = app.evaluate("JSON.parse(localStorage['readmeter:riotimes']).events.map(({article}) => article)")
    assert events[-1] == "race-2", "what is reported is of what was shown"


def test_the_wall_goes_with_its_article_and_opens_after_a_sign_in(app: Page, live: Live) -> None:
    reader = Reader(app)
    for n in range(6):
        app.evaluate("n => readmeter.view({article: `many-${n}`})", n)
        settle(app)
    expect(reader.wall).to_be_visible()
    app.get_by_role("link", name="About").click()
    expect(reader.wall).to_have_count(0)
    app.evaluate("readmeter.view({article: 'many-9'})")
    expect(reader.wall).to_be_visible()
    # What a sign-in changes is the answer: here the reader's own, of an article that was read.
    app.route("**/v1/views", lambda route: route.continue_(post_data=_reread(route.request.post_data_json)))
    app.evaluate("readmeter.refresh()")
    reader.sees_the_article()
    assert app.evaluate("readmeter.decision.access") == "granted"


def _reread(body: dict[str, object]) -> str:
    return json.dumps({**body, "site": SITE, "article": "many-0"})
