"""`readmeter doctor`: what is wrong with a page is found, what is right left alone, and little asked of a site."""

import gzip
import html
import json
from typing import Any

import pytest

from readmeter.command.client import Request, Response
from readmeter.command.doctor.markup import tree
from readmeter.command.doctor.selector import compiled
from readmeter.command.doctor.visit import MOST_BYTES, MOST_GETS
from tests.support.command import Typist, ends
from tests.support.fake_service import FakeService
from tests.support.web import API, HTML, ORIGIN, TEXT, URL, Web, article

RULES = {"site": "riotimes", "origins": [ORIGIN], "mode": "live"}
SITE = "/v1/admin/sites/riotimes"
TAG = f'<script async src="{API}/v1/snippet.js" data-site="riotimes"></script>'
JAVASCRIPT = "text/javascript"


class Doctor:
    """Looks at a page, and tells each check's outcome and sentence by its name."""

    def __init__(self, run: Typist, web: Web, service: FakeService) -> None:
        self.run, self.web, self.service = run, web, service
        self.service.answers["GET", SITE] = (200, RULES)
        self.web.put(f"{API}/v1/snippet.js", "readmeter", JAVASCRIPT, cache_control="max-age=3600")
        self.web.put(f"{URL}?print=1", "", status=404)

    def transport(self, request: Request) -> Response:
        return self.service(request) if "/v1/admin/" in request.url else self.web(request)

    def looks(self, page: str | None = None, url: str = URL, **headers: str) -> dict[str, tuple[str, str]]:
        if page is not None:
            self.web.put(url, page, **headers)
        result = self.run("doctor", url, "--site", "riotimes", "--json", transport=self.transport)
        told = json.loads(result.stdout)
        failed = any(each["outcome"] == "failed" for each in told["checks"])
        assert (result.exit_code, told["fine"]) == (int(failed), not failed)
        return {each["check"]: (each["outcome"], each["detail"]) for each in told["checks"]}


@pytest.fixture
def doctor(run: Typist, service: FakeService) -> Doctor:
    return Doctor(run, Web(), service)


def test_a_page_with_nothing_wrong_is_clean(doctor: Doctor) -> None:
    found = doctor.looks(article())
    assert {outcome for outcome, _ in found.values()} == {"ok"}, found
    assert found["gate"][1] == "At the wall 2 of 5 paragraphs stay, in div.story-text."


def test_people_get_a_table_and_a_line(doctor: Doctor) -> None:
    doctor.web.put(URL, article(canonical=f"{ORIGIN}/"))
    result = doctor.run("doctor", URL, "--site", "riotimes", transport=doctor.transport)
    ends(result, 1, "FAILED  canonical", "ok      snippet", "One check failed.")


def test_nothing_of_a_page_moves_the_cursor(doctor: Doctor) -> None:
    doctor.web.put(URL, article(tag=f'<script src="{API}/v1/snippet.js" data-site="\x1b[2J"></script>'))
    result = doctor.run("doctor", URL, "--site", "riotimes", transport=doctor.transport)
    assert "\x1b" not in result.output


# the page


@pytest.mark.parametrize(("status", "kind"), [(404, HTML), (500, HTML), (200, "application/pdf")])
def test_what_is_no_page_is_not_looked_at(doctor: Doctor, status: int, kind: str) -> None:
    doctor.web.put(URL, "", kind, status)
    found = doctor.looks()
    assert list(found) == ["page"]
    assert found["page"][0] == "failed"


def test_redirects_are_told(doctor: Doctor) -> None:
    doctor.web.put(f"{ORIGIN}/old", "", status=301, location="/markets/coffee")
    doctor.web.put(URL, article())
    assert doctor.looks(url=f"{ORIGIN}/old")["page"] == ("ok", f"{URL} answers (by way of {ORIGIN}/old).")


def test_redirects_without_an_end_end(doctor: Doctor) -> None:
    doctor.web.put(URL, "", status=302, location=URL)
    assert doctor.looks()["page"] == ("failed", f"{URL} leads from one address to the next without an end.")
    assert len(doctor.web.asked) == 6


@pytest.mark.parametrize("url", ["http://www.riotimesonline.com/", "ftp://x", "riotimesonline.com"])
def test_an_address_that_is_not_safe_is_not_fetched(doctor: Doctor, url: str) -> None:
    result, said = doctor.looks(url=url)["page"]
    assert (result, said[-1], said[-2] == ".") == ("failed", ".", False)
    assert doctor.web.asked == []


def test_a_page_is_bounded_in_size(doctor: Doctor) -> None:
    doctor.web.put(URL, b" " * (MOST_BYTES + 1))
    assert doctor.looks()["page"] == ("failed", f"{URL} is larger than 4 MB.")


def test_a_page_is_bounded_in_time(doctor: Doctor) -> None:
    class Slow:
        def read(self, _: int = -1, /) -> bytes:
            doctor.run.now += 6
            return b"x"

        def close(self) -> None:
            pass

    result = doctor.run("doctor", URL, "--site", "riotimes", transport=lambda _: Response(200, Slow()))
    ends(result, 1, "was not there after 10 s")


def test_a_page_that_nobody_serves_fails(doctor: Doctor) -> None:
    def refused(_: Request) -> Response:
        raise ConnectionRefusedError(111, "Connection refused")

    ends(doctor.run("doctor", URL, "--site", "riotimes", transport=refused), 1, "does not answer")


def test_pages_are_asked_for_without_what_proves_who_asks(doctor: Doctor) -> None:
    doctor.looks(article())
    assert {request.method for request in doctor.web.asked} == {"GET"}
    assert not any({"authorization", "cookie"} & {name.lower() for name in each.headers} for each in doctor.web.asked)


def test_what_is_compressed_unasked_is_read(doctor: Doctor) -> None:
    doctor.web.put(URL, gzip.compress(article().encode()), content_encoding="gzip")
    assert doctor.looks()["gate"][0] == "ok"


# the tag


@pytest.mark.parametrize(
    ("tag", "way"),
    [
        (TAG, "data-site"),
        (f'<script src="{API}/v1/snippet-0a1b.js" data-site=riotimes></script>', "data-site"),
        (f'<script src="{API}/v1/snippet.js?site=riotimes"></script>', "?site="),
        (f'<script>window.readmeterConfig = {{site: "riotimes", api: "{API}"}};</script>', "window.readmeterConfig"),
        (
            "<script>self.readmeterConfig={'site':'riotimes', gate: '.story-text'}</script>"
            f'<script src="{API}/v1/snippet.js" data-site="other"></script>',
            "window.readmeterConfig",
        ),
        (f'<script src="https://other.test/v1/snippet.js"></script>{TAG}', "data-site"),
    ],
)
def test_every_way_of_embedding_is_found(doctor: Doctor, tag: str, way: str) -> None:
    doctor.web.put(f"{API}/v1/snippet-0a1b.js", "readmeter", JAVASCRIPT, cache_control="max-age=31536000, immutable")
    doctor.web.put(f"{API}/v1/snippet.js?site=riotimes", "readmeter", JAVASCRIPT)
    found = doctor.looks(article(tag=tag))
    assert found["snippet"] == ("ok", f"The tag is there, by {way}.")
    assert found["site"] == ("ok", "The tag names riotimes.")
    assert {outcome for outcome, _ in found.values()} == {"ok"}


@pytest.mark.parametrize(
    ("tag", "headers", "outcome", "said"),
    [
        ("", {}, "failed", "paste it into the head"),
        (f"<!-- {TAG} -->", {}, "failed", "paste it"),
        (f"<template>{TAG}</template>", {}, "failed", "paste it"),
        ("", {"age": "7200"}, "failed", "7200 s old: clear the page cache"),
        (TAG.replace("src=", "data-rocket-src="), {}, "failed", "An optimizer holds the tag back"),
        ('<script>j.src="https://www.googletagmanager.com/gtm.js"</script>', {}, "warning", "only a browser shows"),
    ],
)
def test_a_tag_that_is_not_there_says_why(
    doctor: Doctor, tag: str, headers: dict[str, str], outcome: str, said: str
) -> None:
    found = doctor.looks(article(tag=tag), **headers)
    assert found["snippet"][0] == outcome
    assert said in found["snippet"][1]


@pytest.mark.parametrize("site", ["folha", ""])
def test_another_site_in_the_tag_fails(doctor: Doctor, site: str) -> None:
    found = doctor.looks(article(tag=TAG.replace("riotimes", site)))
    assert found["site"][0] == "failed"


@pytest.mark.parametrize(
    ("body", "kind", "status", "headers", "outcome"),
    [
        ("", HTML, 404, {}, "failed"),
        ("<html>a front page", HTML, 200, {}, "failed"),
        ("other()", JAVASCRIPT, 200, {}, "failed"),
        ("readmeter", JAVASCRIPT, 200, {"cache_control": "public, max-age=31536000"}, "warning"),
        ("readmeter", JAVASCRIPT, 200, {"age": "900000"}, "warning"),
    ],
)
def test_the_tags_address_has_to_be_a_fresh_snippet(
    doctor: Doctor, body: str, kind: str, status: int, headers: dict[str, str], outcome: str
) -> None:
    doctor.web.put(f"{API}/v1/snippet.js", body, kind, status, **headers)
    assert doctor.looks(article())["snippet's file"][0] == outcome


# the site's rules


def test_an_origin_that_is_not_listed_fails(doctor: Doctor) -> None:
    doctor.service.answers["GET", SITE] = (200, {**RULES, "origins": ["https://riotimesonline.com"]})
    assert doctor.looks(article())["origin"] == (
        "failed",
        f"Add {ORIGIN} to `origins` and apply the document: from here every view is refused.",
    )


def test_a_site_that_shows_nothing_is_told(doctor: Doctor) -> None:
    doctor.service.answers["GET", SITE] = (200, {**RULES, "mode": "observe"})
    assert doctor.looks(article())["origin"][0] == "warning"


def test_a_site_that_is_not_there_is_told_and_the_rest_is_looked_at(doctor: Doctor) -> None:
    doctor.service.answers["GET", SITE] = (404, {"detail": "There is no such site."})
    found = doctor.looks(article())
    assert found["origin"] == ("not checked", "There is no such site.")
    assert found["gate"][0] == "ok"


# canonical, article, gate, structured data


@pytest.mark.parametrize(
    ("canonical", "tag", "outcome"),
    [
        ("/markets/coffee", None, "ok"),
        ("", None, "ok"),  # an empty address is the page's own
        ("https://riotimesonline.com/markets/coffee", None, "warning"),
        (f"{ORIGIN}/", None, "failed"),
        (f"{ORIGIN}/", TAG.replace("data-site", 'data-article="42" data-site'), "ok"),
    ],
)
def test_the_canonical_address_has_to_be_the_articles(
    doctor: Doctor, canonical: str, tag: str | None, outcome: str
) -> None:
    assert doctor.looks(article(canonical=canonical, tag=tag))["canonical"][0] == outcome


def test_a_page_without_a_canonical_address_is_told(doctor: Doctor) -> None:
    assert doctor.looks(article().replace('rel="canonical"', 'rel="shortlink"'))["canonical"][0] == "warning"


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ('<meta property="og:type" content="article">', "ok"),
        ('<script type="application/ld+json">[{"@graph": [{"@type": ["BlogPosting"]}]}]</script>', "ok"),
        ('<script type="application/ld+json">{"@type": "WebPage", "about": {"@type": "Article"}}</script>', "failed"),
        ('<script type="application/ld+json">{nonsense</script>', "failed"),
        ('<meta property="og:type" content="website">', "failed"),
    ],
)
def test_the_page_has_to_say_that_it_is_an_article(doctor: Doctor, said: str, outcome: str) -> None:
    page = f"<html><head>{TAG}{said}</head><article><p>a<p>b<p>c</article>"
    assert doctor.looks(page)["article"][0] == outcome


PARAGRAPHS = "".join(f"<p>{each}" for each in TEXT)


@pytest.mark.parametrize(
    ("gate", "text", "outcome", "said"),
    [
        (
            "",
            f"<div class='x entry-content'>{PARAGRAPHS}</div>",
            "ok",
            "2 of 5 paragraphs stay, in div.x.entry-content",
        ),
        ("", f"<div>{PARAGRAPHS}</div>", "ok", "in <article>"),
        (
            ".text",
            f"<div class=text>{PARAGRAPHS}<aside><p>x</aside></div>",
            "ok",
            "2 of 5 paragraphs stay, in div.text",
        ),
        (".text", f"<div>{PARAGRAPHS}</div>", "warning", "Nothing matches `data-gate` .text"),
        ("main > .text", f"<div class=text>{PARAGRAPHS}</div>", "not checked", "only a browser can judge"),
        (".text", "<div class=text></div>", "warning", "is empty"),
    ],
)
def test_the_gate_has_to_hold_the_text(doctor: Doctor, gate: str, text: str, outcome: str, said: str) -> None:
    tag = TAG.replace("data-site", f'data-gate="{gate}" data-site')
    found = doctor.looks(article(tag=tag, text=text))["gate"]
    assert found[0] == outcome
    assert said in found[1]


def test_a_page_without_a_gate_fails(doctor: Doctor) -> None:
    assert doctor.looks(f"<html>{TAG}<div><p>a<p>b</div>")["gate"][0] == "failed"


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ((".story-text", ".story"), "failed"),
        ((".story-text", "div > p"), "not checked"),
        (('"cssSelector"', '"selector"'), "warning"),
        (('"isAccessibleForFree": false, "hasPart"', '"isAccessibleForFree": true, "hasPart"'), "warning"),
        (('"isAccessibleForFree": false', '"isAccessibleForFree": "False"'), "ok"),
    ],
)
def test_structured_data_has_to_name_what_the_wall_cuts(doctor: Doctor, change: tuple[str, str], outcome: str) -> None:
    head, separator, body = article().partition("<body>")
    assert doctor.looks(head.replace(*change) + separator + body)["structured data"][0] == outcome


# policy, caches


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [
        (f"script-src {API}; connect-src {API}", "ok"),
        ("default-src https:", "ok"),
        ("default-src *", "ok"),
        ("script-src 'nonce-abc' 'strict-dynamic'; connect-src *.readmeter.test", "ok"),
        (f"script-src 'unsafe-inline' {API}/v1/; connect-src https://api.readmeter.test:443", "ok"),
        ("img-src 'none'", "ok"),
        (f"script-src 'self'; connect-src {API}", "failed"),
        (f"script-src {API}", "ok"),
        (f"script-src {API}; default-src 'self'", "failed"),
        (f"script-src 'strict-dynamic' {API}; connect-src {API}", "failed"),
        (f"script-src {API}/v2/; connect-src {API}", "failed"),
        (f"script-src {API}; connect-src http://api.readmeter.test:8443", "failed"),
        (f"default-src {API}, default-src 'self'", "failed"),
    ],
)
def test_the_policy_has_to_let_the_snippet_run_and_ask(doctor: Doctor, policy: str, outcome: str) -> None:
    tag = TAG.replace("async", 'nonce="abc"') if "nonce" in policy else None
    assert doctor.looks(article(tag=tag), content_security_policy=policy)["security policy"][0] == outcome
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    if "," not in policy:
        assert doctor.looks(article(meta, tag=tag))["security policy"][0] == outcome


def test_a_path_of_ones_own_is_self(doctor: Doctor) -> None:
    tag = '<script src="/_free/v1/snippet.js" data-site="riotimes" data-api="/_free"></script>'
    doctor.web.put(f"{ORIGIN}/_free/v1/snippet.js", "readmeter", JAVASCRIPT)
    found = doctor.looks(article(tag=tag), content_security_policy="default-src 'self'")
    assert {outcome for outcome, _ in found.values()} == {"ok"}


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({"cache_control": "public, max-age=600"}, "ok"),
        ({"cache_control": "private, max-age=600", "set_cookie": "a=1"}, "ok"),
        ({"set_cookie": "a=1"}, "ok"),
        ({"cache_control": "public, max-age=600", "set_cookie": "a=1"}, "failed"),
        ({"age": "12", "set_cookie": "a=1"}, "failed"),
        ({"cache_control": "s-maxage=600", "vary": "Accept-Encoding, Cookie"}, "warning"),
        ({"cache_control": "max-age=604800"}, "warning"),
        ({"age": "604800"}, "warning"),
    ],
)
def test_caches_may_not_share_what_is_one_readers(doctor: Doctor, headers: dict[str, str], outcome: str) -> None:
    assert doctor.looks(article(), **headers)["caching"][0] == outcome


# copies

WHOLE = "".join(f"<p>{html.escape(each)}</p>" for each in TEXT)
FEED = f"{ORIGIN}/feed/"
REST = f"{ORIGIN}/wp-json/wp/v2/posts/7"
AMP = f"{URL}/amp/"
PAPER = f"{ORIGIN}/print/coffee"


def rss(text: str) -> str:
    return f"<rss><channel><item><description>{text}</description></item></channel></rss>"


LINKS = {
    "feed": f'<link rel="alternate" type="application/rss+xml" href="{FEED}">',
    "REST API": f'<link rel="alternate" type="application/json" href="{REST}">',
    "AMP": f'<link rel="amphtml" href="{AMP}">',
    "print view": f'<link rel="alternate" media="print" href="{PAPER}">',
}


@pytest.mark.parametrize(
    ("name", "url", "kind", "body"),
    [
        ("feed", FEED, "application/rss+xml", rss(f"<![CDATA[{WHOLE}]]>")),
        ("feed", FEED, "text/xml", rss(html.escape(WHOLE))),
        ("REST API", REST, "application/json", json.dumps({"content": {"rendered": WHOLE}})),
        ("AMP", AMP, HTML, f"<html amp><article>{WHOLE}{TAG}</article>"),
        ("print view", PAPER, HTML, f"<html><article>{WHOLE}</article>"),
        ("print view", f"{URL}?print=1", HTML, f"<html><article>{WHOLE}</article>"),
    ],
)
def test_a_copy_of_the_hidden_text_is_found(doctor: Doctor, name: str, url: str, kind: str, body: str) -> None:
    doctor.web.put(url, body, kind)
    outcome, said = doctor.looks(article(LINKS[name]))[name]
    assert (outcome, said.partition(": ")[0]) == ("failed", f"{url} gives 3 of 3 hidden paragraphs")


@pytest.mark.parametrize(
    ("name", "url", "kind", "body"),
    [
        ("feed", FEED, "application/rss+xml", rss(html.escape("".join(f"<p>{each}</p>" for each in TEXT[:2])))),
        ("REST API", REST, "application/json", '{"content": {"rendered": "<p>An excerpt.</p>"}}'),
        ("REST API", REST, "application/json", "no JSON"),
        ("AMP", AMP, HTML, f"<html amp><p>{TEXT[0]}</p>"),
        ("print view", PAPER, HTML, article()),
    ],
)
def test_a_copy_that_gives_no_more_is_fine(doctor: Doctor, name: str, url: str, kind: str, body: str) -> None:
    doctor.web.put(url, body, kind)
    assert doctor.looks(article(LINKS[name]))[name][0] == "ok"


def test_wordpress_is_asked_by_the_slug_where_no_post_is_linked(doctor: Doctor) -> None:
    posts = f"{ORIGIN}/wp-json/wp/v2/posts?slug=coffee"
    doctor.web.put(posts, json.dumps([{"content": {"rendered": WHOLE}}]), "application/json")
    found = doctor.looks(article(f'<link rel="https://api.w.org/" href="{ORIGIN}/wp-json/">'))
    assert found["REST API"][0] == "failed"
    assert doctor.looks(article('<meta name="generator" content="WordPress 7.0">'))["REST API"][0] == "failed"


def test_copies_elsewhere_are_not_fetched(doctor: Doctor) -> None:
    far = '<link rel="alternate" type="application/atom+xml" href="https://feeds.test/riotimes">'
    assert doctor.looks(article(far))["feed"] == ("not checked", f"https://feeds.test/riotimes is not at {ORIGIN}.")
    doctor.web.put(FEED, "", status=302, location="https://feeds.test/riotimes")
    assert doctor.looks(article(LINKS["feed"]))["feed"][0] == "not checked"
    assert not any("feeds.test" in request.url for request in doctor.web.asked)


def test_where_nothing_is_hidden_nothing_can_be_looked_for(doctor: Doctor) -> None:
    doctor.web.put(FEED, rss(html.escape(WHOLE)))
    text = f'<div class="story-text"><p>{TEXT[0]}</p><p>Subscribe.</p></div>'
    assert doctor.looks(article(LINKS["feed"], text))["feed"][0] == "not checked"


WITHHELD = TAG.replace("data-site", 'data-body="/markets/coffee/text" data-site')


@pytest.mark.parametrize(
    ("status", "outcome", "said"),
    [
        (403, "ok", "gives nothing without a grant"),
        (401, "ok", "gives nothing without a grant"),
        (200, "failed", "gives the text without a grant"),
        (404, "failed", "answers 404"),
    ],
)
def test_a_text_that_is_withheld_has_to_be(doctor: Doctor, status: int, outcome: str, said: str) -> None:
    doctor.web.put(f"{URL}/text", WHOLE, status=status)
    found = doctor.looks(article(tag=WITHHELD))
    assert found["withheld text"][0] == outcome
    assert said in found["withheld text"][1]
    assert found["gate"] == ("ok", "The wall stands after the 5 paragraphs of div.story-text.")


def test_of_a_withheld_text_a_beginning_is_no_leak_but_a_page_that_has_all_of_it_is_looked_at(doctor: Doctor) -> None:
    doctor.web.put(f"{URL}/text", "", status=403)
    doctor.web.put(PAPER, article(tag=WITHHELD))
    assert doctor.looks(article(LINKS["print view"], tag=WITHHELD))["print view"][0] == "ok"
    doctor.web.put(PAPER, article())
    assert doctor.looks(article(LINKS["print view"], tag=WITHHELD))["print view"][0] == "not checked"


def test_a_dozen_addresses_are_the_most(doctor: Doctor) -> None:
    chain = [f"{ORIGIN}/{n}" for n in range(5)]
    for here, there in zip(chain, [*chain[1:], URL], strict=True):
        doctor.web.put(here, "", status=302, location=there)
    links = "".join(LINKS.values()) + LINKS["feed"].replace("/feed/", "/feed/2")
    doctor.web.put(f"{ORIGIN}/feed/2", "", status=302, location="/feed/3")
    doctor.web.put(f"{ORIGIN}/feed/3", "", status=302, location="/feed/4")
    doctor.web.put(URL, article(links))
    found = doctor.looks(url=chain[0])
    assert len(doctor.web.asked) == MOST_GETS
    assert found["print view"][0] == "not checked"


# HTML and selectors


@pytest.mark.parametrize(
    ("markup", "texts"),
    [
        ("<p>one<p>two<div>three</div>", ["one", "two"]),
        ("<ul><li><p>one<li><p>two</ul><p>three", ["one", "two", "three"]),
        ("<p>a &amp; b<br>c<script>no</script><img><b>d</p>", ["a & bcd"]),
        ("</p><p>one</div></p><p", ["one"]),
    ],
)
def test_paragraphs_end_where_browsers_end_them(markup: str, texts: list[str]) -> None:
    assert [each.text() for each in tree(markup).named("p")] == texts


def test_a_page_of_any_depth_is_read() -> None:
    assert tree("<b>" * 10_000 + "deep").text() == "deep"


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("article", True),
        (".story-text", True),
        (".story", False),
        ("#text", True),
        ("[itemprop=articleBody]", True),
        ("[itemprop='articleBody']", True),
        ('article.story-text[itemprop="articleBody"]', True),
        ("[data-x]", False),
        ("div.story-text", False),
        ("main article", None),
        ("article > p", None),
        ("article, main", None),
        (":is(article)", None),
        ("", None),
    ],
)
def test_selectors_of_the_guides_are_understood_and_others_left_alone(selector: str, matches: bool | None) -> None:
    [element] = tree('<article class="a story-text" id=text itemprop=articleBody>').all()
    judged = compiled(selector)
    assert (judged and judged(element)) == matches


def test_what_is_asked_of_a_service_that_is_down_is_told(doctor: Doctor) -> None:
    doctor.service.answers["GET", SITE] = (503, {"detail": "Busy."})
    found: Any = doctor.looks(article())
    assert found["origin"][0] == "not checked"
