"""Whether what a wall hides can be had in full elsewhere: in a feed, by WordPress's API, as AMP, to print."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from readmeter.command.doctor.checks import Check
from readmeter.command.doctor.markup import Element
from readmeter.command.doctor.page import Page
from readmeter.command.doctor.visit import Fetched, NotFetched, Visitor

_FEEDS = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_MOST_FEEDS = 2
_TELLING = 40  # letters of a paragraph that are no coincidence
_TAG = re.compile(r"<!\[CDATA\[|\]\]>|<[^<>]*>")
_NO_LETTER = re.compile(r"[\W_]+")
_WHAT_TO_DO = {
    "feed": "let it carry summaries only",
    "REST API": "restrict it to the excerpt",
    "AMP": "put only the preview there, or stop making AMP pages",
    "print view": "put the tag there too, or only the preview",
}


def leaks(page: Page, visitor: Visitor) -> Iterator[Check]:
    """A check for each kind of copy. Copies that carry the tag count as the page does: they are none."""
    if page.text_elsewhere:
        yield _withheld(page, page.text_elsewhere, visitor)
    for name, addresses, absent in (
        ("feed", _feeds(page), "The page names no feed."),
        ("REST API", _rest(page), "Nothing says that this is WordPress."),
        ("AMP", [page.absolute(each.get("href")) for each in page.links("amphtml")], "The page has no AMP version."),
        ("print view", _print_views(page), ""),
    ):
        if addresses:
            yield _worst([_copy(name, page, address, visitor) for address in addresses])
        else:
            yield Check(name, "ok", absent)


def given_away(page: Page, copy: Fetched) -> int:
    """How many of the paragraphs that a wall hides stand in the copy."""
    text = _letters(_content(copy))
    return sum(paragraph in text for paragraph in _telling(page))


def _withheld(page: Page, address: str, visitor: Visitor) -> Check:
    """Whether the text that is asked for with a grant is given to whoever asks."""
    name = "withheld text"
    try:
        answer = visitor.get(address, within=page.origin)
    except NotFetched as error:
        return Check(name, "not checked", f"{error}.")
    if answer.status == 200:
        told = f"{address} gives the text without a grant: let your server verify it (docs/body-withheld.md)."
        return Check(name, "failed", told)
    if answer.status in (401, 403):
        return Check(name, "ok", f"{address} gives nothing without a grant.")
    return Check(name, "failed", f"{address} answers {answer.status}: `data-body` has to be where the text is.")


def _copy(name: str, page: Page, address: str, visitor: Visitor) -> Check:
    try:
        copy = visitor.get(address, within=page.origin)
    except NotFetched as error:
        return Check(name, "not checked", f"{error}.")
    if copy.status != 200:
        return Check(name, "ok", f"{address} answers {copy.status}.")
    if copy.is_html and name != "AMP" and _counts_as_well(page, Page(copy)):
        return Check(name, "ok", f"{address} carries the tag as well.")
    if not _telling(page):
        return Check(
            name, "not checked", f"The page's source holds no text beyond the preview to look for in {address}."
        )
    found, of = given_away(page, copy), len(_telling(page))
    if found:
        return Check(name, "failed", f"{address} gives {found} of {of} hidden paragraphs: {_WHAT_TO_DO[name]}.")
    return Check(name, "ok", f"{address} gives no text beyond the preview.")


def _counts_as_well(page: Page, copy: Page) -> bool:
    """Whether the copy carries the tag, and withholds what the page withholds."""
    return copy.snippet is not None and bool(copy.text_elsewhere) == bool(page.text_elsewhere)


def _worst(checks: list[Check]) -> Check:
    order = ("failed", "not checked", "ok")
    return min(checks, key=lambda check: order.index(check.outcome))


def _feeds(page: Page) -> list[str]:
    links = [each for kind in _FEEDS for each in page.links("alternate", type=kind)]
    return [page.absolute(each.get("href")) for each in links if "comment" not in _words(each)][:_MOST_FEEDS]


def _words(link: Element) -> str:
    return f"{link.get('title')} {link.get('href')}".lower()


def _rest(page: Page) -> list[str]:
    """The post itself where the page links it, else what WordPress finds by its slug."""
    posts = [each.get("href") for each in page.links("alternate", type="application/json")]
    if own := [href for href in posts if "/wp/v2/" in href]:
        return [page.absolute(own[0])]
    roots = [each.get("href") for each in page.links("https://api.w.org/")]
    generators = (each.get("content") for each in page.root.named("meta") if each.get("name") == "generator")
    if not roots and not any("wordpress" in each.lower() for each in generators):
        return []
    slug = page.path.rstrip("/").rpartition("/")[2]
    return [f"{page.absolute(roots[0] if roots else '/wp-json/').rstrip('/')}/wp/v2/posts?slug={quote(slug, safe='%')}"]


def _print_views(page: Page) -> list[str]:
    linked = [page.absolute(each.get("href")) for each in page.links("alternate", media="print")]
    parts = urlsplit(page.fetched.url)
    asked = urlunsplit(parts._replace(query=f"{parts.query}&print=1".lstrip("&"), fragment=""))
    return [*linked[:1], asked]


def _telling(page: Page) -> list[str]:
    return [letters for letters in map(_letters, page.hidden) if len(letters) >= _TELLING]


def _letters(text: str) -> str:
    """What is left of a text when markup, quotes and spaces are written otherwise."""
    return _NO_LETTER.sub("", text.casefold())


def _content(copy: Fetched) -> str:
    text = copy.text
    if "json" in copy.header("content-type"):
        try:
            text = "\n".join(_strings(json.loads(text)))
        except (ValueError, RecursionError):
            return ""
    unescaped = html.unescape(text)  # a feed escapes its markup once more
    return html.unescape(_TAG.sub("", unescaped))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)
