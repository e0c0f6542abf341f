"""What counts as a view, and what is asked: once, without a preflight, and only when a person sees an article."""

import json
import re
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.publisher import SITE, Api, Paper, Sent, denied, granted
from tests.browser.reader import Reader, settle

FOUR = "You have 4 free articles remaining. Subscribe for unlimited access."
ARTICLE = '<meta property="og:type" content="article">'


def linked(document: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps(document)}</script>'


def view(page: Page, api: Api, address: str) -> Any:
    """Opens the page and answers what it asked."""
    page.goto(address)
    Reader(page).reads(FOUR)
    assert len(api.views) == 1
    return api.views[0]


def test_it_sends_what_the_contract_names_and_no_more(page: Page, api: Api, paper: Paper) -> None:
    sent = view(page, api, paper.page("/story") + "?utm_source=mail#part-2")
    assert re.fullmatch(r"[\w-]{22}", sent.pop("seed"))
    assert re.fullmatch(r"[\w-]{36}", sent.pop("view"))
    address = f"{paper.server.url}/story"
    assert sent == {"site": SITE, "url": address, "sections": [], "tags": [], "locale": "en", "referrer": ""}
    request = next(sent for sent in api.server.requests if sent.method == "POST")
    assert request.path == "/v1/views"
    assert request.headers["content-type"].startswith("text/plain")
    assert "cookie" not in request.headers
    assert api.methods() == ["POST"], "no preflight"
    assert len(paper.server.requests) - len([r for r in paper.server.requests if r.path == "/favicon.ico"]) == 1


def test_it_brings_back_what_it_was_given(page: Page, api: Api, paper: Paper) -> None:
    first = view(page, api, paper.page())
    page.goto(paper.page("/b"))
    Reader(page).reads(FOUR)
    second = api.views[1]
    assert (second["reader"], second["state"], second["seed"]) == ("reader-token", "state-token", first["seed"])
    assert second["view"] != first["view"]


def test_the_seed_is_stored_before_the_first_request(page: Page, api: Api, paper: Paper) -> None:
    page.route("**/v1/views", lambda route: route.abort())
    page.goto(paper.page())
    page.wait_for_function("localStorage['readmeter:riotimes']")
    assert re.fullmatch(r"[\w-]{22}", page.evaluate("JSON.parse(localStorage['readmeter:riotimes']).seed"))


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(ARTICLE, id="open-graph"),
        pytest.param(linked({"@type": "NewsArticle"}), id="linked-data"),
        pytest.param(linked([{"@type": "Organization"}, {"@type": ["Thing", "BlogPosting"]}]), id="list"),
        pytest.param(linked({"@graph": [{"@type": "WebPage"}, {"@type": "OpinionNewsArticle"}]}), id="graph"),
        pytest.param('<script type="application/ld+json">{broken</script>' + linked({"@type": "Article"}), id="broken"),
    ],
)
def test_a_page_that_says_it_is_an_article_counts(page: Page, api: Api, paper: Paper, head: str) -> None:
    view(page, api, paper.page(head=head))


@pytest.mark.parametrize(
    "head",
    [
        pytest.param("", id="nothing"),
        pytest.param('<meta property="og:type" content="website">', id="website"),
        pytest.param(linked({"@type": "WebPage"}), id="web-page"),
        pytest.param(
            linked({"@type": "ItemList", "itemListElement": [{"item": {"@type": "NewsArticle"}}]}),
            id="list-of-articles",
        ),
        pytest.param(linked({"@type": "Blog", "blogPost": [{"@type": "BlogPosting"}]}), id="blog"),
        pytest.param('<script type="application/ld+json">null</script>', id="null"),
    ],
)
def test_other_pages_ask_nothing(page: Page, api: Api, paper: Paper, head: str) -> None:
    page.goto(paper.page(head=head))
    settle(page)
    assert page.evaluate("readmeter.decision") is None
    assert api.methods() == []
    assert api.fetched("") == ["/v1/snippet.js"]


def test_an_id_makes_a_page_an_article(page: Page, api: Api, paper: Paper) -> None:
    assert view(page, api, paper.page(head="", article="story-17"))["article"] == "story-17"


@pytest.mark.parametrize(
    ("head", "attributes", "sections", "tags"),
    [
        pytest.param(
            '<meta property="article:section" content="Business"><meta property="article:tag" content="Oil">'
            '<meta property="article:tag" content="Rio">',
            {},
            ["Business"],
            ["Oil", "Rio"],
            id="open-graph",
        ),
        pytest.param(
            linked({"@type": "NewsArticle", "articleSection": ["World", "Asia"], "keywords": "sea, trade , "}),
            {},
            ["World", "Asia"],
            ["sea", "trade"],
            id="linked-data",
        ),
        pytest.param(
            '<meta property="article:section" content="Business">',
            {"sections": "Markets, Economy", "tags": ""},
            ["Markets", "Economy"],
            [],
            id="attributes",
        ),
        pytest.param(
            "".join(f'<meta property="article:tag" content="{n}{"x" * 80}">' for n in range(30)),
            {},
            [],
            [f"{n}{'x' * 80}"[:64] for n in range(20)],
            id="too-many-and-too-long",
        ),
        pytest.param(
            f'<meta property="article:tag" content="{"x" * 63}😀 party">',
            {},
            [],
            ["x" * 63 + "😀"],
            id="cut-at-an-emoji",
        ),
        pytest.param(
            "".join(f'<meta property="article:tag" content="{n}">' for n in range(12))
            + linked({"@type": "NewsArticle", "keywords": [*map(str, range(12)), "premium"]}),
            {},
            [],
            [*map(str, range(12)), "premium"],
            id="said-twice",
        ),
    ],
)
def test_sections_and_tags_come_from_the_page(
    page: Page,
    api: Api,
    paper: Paper,
    head: str,
    attributes: dict[str, str],
    sections: list[str],
    tags: list[str],
) -> None:
    sent = view(page, api, paper.page(head=ARTICLE + head, **attributes))
    assert (sent["sections"], sent["tags"]) == (sections, tags)


@pytest.mark.parametrize(
    ("canonical", "path"),
    [("/canonical?page=2#x", "/canonical"), ("https://www.example.com/syndicated", "/a"), ("", "/a")],
)
def test_a_canonical_address_of_the_same_origin_names_the_article(
    page: Page, api: Api, paper: Paper, canonical: str, path: str
) -> None:
    sent = view(page, api, paper.page("/a", head=f'{ARTICLE}<link rel="canonical" href="{canonical}">'))
    assert sent["url"] == paper.server.url + path


def test_the_publisher_can_name_the_language(page: Page, api: Api, paper: Paper) -> None:
    assert view(page, api, paper.page(locale="pt-BR"))["locale"] == "pt-BR"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param('<script async src="{api}/v1/snippet.js?site=riotimes&ver=6.1"></script>', id="address"),
        pytest.param(
            '<script>readmeterConfig = {{site: "riotimes"}}</script><script src="{api}/v1/snippet.js"></script>',
            id="configuration",
        ),
        pytest.param(
            '<script data-site="ABC" src="/other.js"></script>'
            '<script defer src="{api}/v1/snippet.js" data-site="riotimes"></script>',
            id="beside-another-vendor",
        ),
        pytest.param(
            '<script src="/v1/snippets/other.js"></script>'
            '<script src="{api}/v1/snippet.js" data-site="riotimes"></script>',
            id="behind-another-vendors-of-that-name",
        ),
        pytest.param(
            '<script src="/v1/snippets/other.js"></script>'
            "<script>readmeterConfig = {{site: 'riotimes', api: '{api}'}}</script>"
            '<script src="{api}/v1/snippet.js"></script>',
            id="configured-behind-another-vendors-of-that-name",
        ),
        pytest.param(
            '<script src="{api}/v1/snippet.js" data-site="riotimes"></script><p id="readmeter">Progress</p>',
            id="beside-an-element-of-its-name",
        ),
        pytest.param(
            "<script>readmeterConfig = {{site: 'riotimes', api: '{api}'}};"
            "fetch('{api}/v1/snippet.js').then(r => r.text()).then(text => (0, eval)(text))</script>",
            id="inlined-by-an-optimizer",
        ),
        pytest.param(
            "<script>addEventListener('load', () => {{ const tag = document.createElement('script');"
            "tag.src = '{api}/v1/snippet.js?site=riotimes'; document.head.append(tag) }})</script>",
            id="tag-manager",
        ),
        pytest.param(
            '<script src="{api}/v1/snippet.js" data-site="riotimes"></script>'
            '<script src="{api}/v1/snippet.js" data-site="riotimes"></script>',
            id="twice",
        ),
    ],
)
def test_it_finds_its_settings_however_it_was_loaded(page: Page, api: Api, paper: Paper, script: str) -> None:
    sent = view(page, api, paper.page(script=script.format(api=api.url)))
    assert sent["site"] == SITE
    settle(page)
    assert api.methods() == ["POST"], "one view, also when it is loaded twice"
    assert len(api.fetched("more")) == 1


def test_lists_can_be_configured(page: Page, api: Api, paper: Paper) -> None:
    configuration = 'readmeterConfig = {site: "riotimes", sections: ["A", "B"], article: "x"}'
    script = f'<script>{configuration}</script><script src="{api.url}/v1/snippet.js"></script>'
    sent = view(page, api, paper.page(head="", script=script))
    assert (sent["sections"], sent["article"]) == (["A", "B"], "x")


@pytest.mark.parametrize("own", ["/_free", "/_free/", "/_free/v1/"])
def test_it_asks_on_the_publishers_own_path(page: Page, api: Api, paper: Paper, own: str) -> None:
    answer = json.dumps(granted()).encode()
    paper.pages["/_free/v1/views"] = 200, {"content-type": "application/json"}, answer
    page.goto(paper.page(api=own))
    Reader(page).reads(FOUR)
    assert api.methods() == []
    request = next(sent for sent in paper.server.requests if sent.method == "POST")
    assert request.headers["sec-fetch-site"] == "same-origin"


def test_an_immutable_copy_of_its_hash_works_too(page: Page, api: Api, paper: Paper) -> None:
    about = json.loads(api.assets({"requestContext": {"http": {"path": "/v1/snippet.json"}}}, None)["body"])
    script = (
        f'<script async src="{api.url}/v1/{about["file"]}" integrity="{about["integrity"]}" crossorigin'
        f' data-site="{SITE}"></script>'
    )
    view(page, api, paper.page(script=script))


# When a page is really shown

UNSEEN = """
    let is = true;
    Object.defineProperty(document, 'hidden', {get: () => is});
    window.showUp = () => { is = false; document.dispatchEvent(new Event('visibilitychange', {bubbles: true})) };
"""


def test_a_page_that_nobody_sees_waits(page: Page, api: Api, paper: Paper) -> None:
    page.add_init_script(UNSEEN)
    page.goto(paper.page())
    settle(page)
    assert api.methods() == []
    page.evaluate("showUp()")
    Reader(page).reads(FOUR)
    assert api.methods() == ["POST"]


def test_a_page_that_the_browser_fetches_ahead_counts_when_it_is_opened(page: Page, api: Api, paper: Paper) -> None:
    paper.page("/next")
    rules = json.dumps({"prerender": [{"urls": ["/next"], "eagerness": "immediate"}]})
    head = f'<script type="speculationrules">{rules}</script>'
    page.goto(paper.page("/front", head=head, body="<a href=/next>Next</a>"))
    while not any(sent.path == "/next" for sent in paper.server.requests):
        settle(page)
    settle(page)
    assert api.methods() == []
    page.get_by_role("link", name="Next").click()
    Reader(page).reads(FOUR)
    assert api.methods() == ["POST"]
    assert [sent.path for sent in paper.server.requests].count("/next") == 1, "it was opened from what was fetched"


def test_a_restored_page_is_a_new_display(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page("/a"))
    Reader(page).reads(FOUR)
    page.evaluate("window.same = true")
    page.goto(paper.page("/front", head="", body="<h1>Front</h1>"))
    api.answer = granted(2, "repeat")
    page.evaluate("history.back()")
    expect(page).to_have_url(f"{paper.server.url}/a")
    page.wait_for_function("window.same && readmeter.decision && readmeter.decision.remaining == 2")
    first, second = api.views
    assert second["view"] != first["view"]


def test_a_restored_page_does_not_show_the_former_number(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page("/a"))
    reader = Reader(page)
    reader.reads(FOUR)
    page.evaluate("""() => {
        const said = document.querySelector('readmeter-bar').shadowRoot.querySelector('output');
        window.same = true;
        addEventListener('pageshow', () => { window.seen = said.textContent });
    }""")
    page.goto(paper.page("/front", head="", body="<h1>Front</h1>"))
    page.evaluate("history.back()")
    page.wait_for_function("window.same && 'seen' in window")
    assert page.evaluate("seen") == ""
    reader.reads(FOUR)


def test_a_page_of_its_own_can_listen(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page(head="", body="<main><h1>App</h1><article><p>Text</p></article></main>"))
    settle(page)
    page.evaluate("""() => {
        window.heard = [];
        readmeter.on('decision', decision => heard.push(['decision', decision.remaining]));
        readmeter.on('shown', prompt => heard.push(['shown', prompt.kind]));
        readmeter.on('dismissed', prompt => heard.push(['dismissed', prompt.kind]));
        readmeter.on('clicked', action => heard.push(['clicked', action.kind]));
        window.addEventListener('readmeter:decision', event => heard.push(['event', event.detail.access]));
        return readmeter.view({article: 'a'}).then(() => heard.push(['kept', readmeter.decision.remaining]));
    }""")
    reader = Reader(page)
    reader.reads(FOUR)
    page.evaluate("document.addEventListener('click', event => event.preventDefault())")
    reader.bar.get_by_role("link", name="Sign in").click()
    reader.close.click()
    assert page.evaluate("heard") == [
        ["decision", 4],
        ["event", "granted"],
        ["shown", "countdown"],
        ["kept", 4],
        ["clicked", "sign_in"],
        ["dismissed", "countdown"],
    ]


def test_a_view_without_an_address_is_of_the_pages_own_not_of_a_stale_canonical(
    page: Page, api: Api, paper: Paper
) -> None:
    page.goto(paper.page("/a", head='<link rel="canonical" href="/stale">'))
    settle(page)
    page.evaluate("readmeter.view({article: 'b'})")
    Reader(page).reads(FOUR)
    assert api.views[0]["url"] == f"{paper.server.url}/a"


def test_only_the_newest_view_counts(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page(head=""))
    settle(page)
    api.answer = lambda sent: granted(4 if sent.json["article"] == "b" else 2)
    page.evaluate("readmeter.view({article: 'a'}); readmeter.view({article: 'b'})")
    Reader(page).reads(FOUR)
    settle(page)
    assert sorted(sent["article"] for sent in api.views) == ["a", "b"]
    assert api.views[0]["seed"] == api.views[1]["seed"]
    assert page.evaluate("readmeter.decision.remaining") == 4


def test_the_older_of_two_answers_to_one_display_is_dropped(page: Page, api: Api, paper: Paper) -> None:
    let_go = Event()

    def answer(_: Sent) -> dict[str, Any]:
        if len(api.views) > 1:
            return granted()
        let_go.wait(20)
        return granted(2)

    api.answer = answer
    page.goto(paper.page())
    wait_for_views(page, api, 1)
    page.evaluate("readmeter.refresh()")
    reader = Reader(page)
    reader.reads(FOUR)
    let_go.set()
    settle(page)
    reader.reads(FOUR)
    assert page.evaluate("readmeter.decision.remaining") == 4


def wait_for_views(page: Page, api: Api, number: int) -> None:
    while len(api.views) < number:
        page.evaluate("() => new Promise(requestAnimationFrame)")


def test_leaving_the_article_of_a_single_page_site_takes_the_bar_away(page: Page, api: Api, paper: Paper) -> None:
    page.goto(paper.page(head=""))
    settle(page)
    page.evaluate("readmeter.view({article: 'a'})")
    reader = Reader(page)
    reader.reads(FOUR)
    page.evaluate("readmeter.view()")
    reader.sees_no_bar()
    assert len(api.views) == 1


# Strict policies


@pytest.mark.parametrize(
    ("policy", "script"),
    [
        pytest.param("script-src {api}; style-src 'self'; connect-src {api}", None, id="by-host"),
        pytest.param(
            "default-src 'none'; script-src 'nonce-abc'; connect-src {api}; require-trusted-types-for 'script'; "
            "trusted-types 'none'; base-uri 'none'",
            '<script nonce="abc" async src="{api}/v1/snippet.js" data-site="riotimes"></script>',
            id="by-nonce-and-trusted-types",
        ),
        pytest.param(
            "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; connect-src {api}",
            '<script nonce="abc" async src="{api}/v1/snippet.js" data-site="riotimes" data-nonce="abc"></script>',
            id="strict-dynamic",
        ),
    ],
)
@pytest.mark.parametrize("access", ["granted", "denied"])
def test_a_strict_policy_is_kept(
    page: Page, api: Api, paper: Paper, policy: str, script: str | None, access: str
) -> None:
    violations: list[str] = []
    page.on(
        "console",
        lambda message: (
            violations.append(message.text) if "Content Security" in message.text or "Trusted" in message.text else None
        ),
    )
    api.answer = granted() if access == "granted" else denied()
    headers = {"content-security-policy": policy.format(api=api.url)}
    page.goto(paper.page(headers=headers, script=script and script.format(api=api.url)))
    reader = Reader(page)
    if access == "granted":
        reader.reads(FOUR)
        assert reader.bar.evaluate("bar => getComputedStyle(bar).backgroundColor") == "rgb(204, 0, 0)"
    else:
        expect(reader.wall).to_be_visible()
    assert violations == []
