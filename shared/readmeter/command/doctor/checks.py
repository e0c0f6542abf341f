"""What is right and wrong with a page. Nothing here fetches anything: all is told from what was fetched."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from readmeter.command.doctor import policy
from readmeter.command.doctor.markup import Element
from readmeter.command.doctor.page import GATES, Page
from readmeter.command.doctor.selector import compiled, first
from readmeter.command.doctor.visit import Fetched, origin_of

Outcome = Literal["ok", "warning", "failed", "not checked"]
Rules = Mapping[str, Any]  # the site document as the service has it
_DAY = 86_400
_PINNED = re.compile(r"/snippet-[\w-]+\.js$")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, and in a sentence what is so, or what to do."""

    name: str
    outcome: Outcome
    detail: str


def page_itself(page: Page) -> Check:
    """Whether there is a page at all: without one, nothing else is looked at."""
    fetched = page.fetched
    way = f" (by way of {', '.join(fetched.passed)})" if fetched.passed else ""
    if fetched.status != 200:
        return Check("page", "failed", f"{fetched.url} answers {fetched.status}{way}: give the address of an article.")
    if not fetched.is_html:
        return Check("page", "failed", f"{fetched.url} is no HTML page{way}: give the address of an article.")
    return Check("page", "ok", f"{fetched.url} answers{way}.")


def of_page(page: Page, site: str, rules: Rules | str) -> Iterator[Check]:
    """All that the page tells by itself. `rules` is a sentence where the service did not give them."""
    yield snippet(page)
    yield site_named(page, site)
    yield allowed_origin(page, rules)
    yield canonical(page)
    yield article(page)
    yield gate(page)
    yield structured_data(page)
    yield security_policy(page)
    yield caching(page)


def snippet(page: Page) -> Check:
    if page.snippet is not None:
        return Check("snippet", "ok", f"The tag is there, by {page.snippet.way}.")
    if page.holds_the_tag_back:
        told = "An optimizer holds the tag back: leave /v1/snippet out there (docs/platforms.md)."
        return Check("snippet", "failed", told)
    if _age(page.fetched) > 0:
        told = (
            f"The tag is not in this copy, {_age(page.fetched)} s old: clear the page cache, and look at the template."
        )
        return Check("snippet", "failed", told)
    if page.has_a_tag_manager:
        told = "The tag is not in the page's source; whether the tag manager adds it, only a browser shows."
        return Check("snippet", "warning", told)
    return Check("snippet", "failed", "The tag is not in the page: paste it into the head of this template.")


def site_named(page: Page, site: str) -> Check:
    named = page.setting("site")
    if page.snippet is None:
        return Check("site", "not checked", "Without the tag no site is named.")
    if named == site:
        return Check("site", "ok", f"The tag names {site}.")
    told = f"names {named}" if named else "names no site"
    return Check("site", "failed", f"The tag {told}: write {site}, or give --site as the tag has it.")


def allowed_origin(page: Page, rules: Rules | str) -> Check:
    if isinstance(rules, str):
        return Check("origin", "not checked", rules)
    if page.origin not in rules["origins"]:
        told = f"Add {page.origin} to `origins` and apply the document: from here every view is refused."
        return Check("origin", "failed", told)
    if rules["mode"] != "live":
        told = f"{page.origin} is in `origins`, but `mode` is {rules['mode']}: nothing is shown to anybody."
        return Check("origin", "warning", told)
    return Check("origin", "ok", f"{page.origin} is in `origins`.")


def canonical(page: Page) -> Check:
    named = page.canonical
    if page.setting("article"):
        return Check("canonical", "ok", "`data-article` names the article; its address does not matter.")
    if not named:
        told = "Add <link rel=canonical>: else an article with two addresses counts twice."
        return Check("canonical", "warning", told)
    if origin_of(named) != page.origin:
        told = f"{named} is of another origin and not used: name this page's own address, or set `data-article`."
        return Check("canonical", "warning", told)
    if urlsplit(named).path in ("", "/") and page.path not in ("", "/"):
        told = f"{named} is the front page: every article would count as that one. Name each article's own address."
        return Check("canonical", "failed", told)
    return Check("canonical", "ok", f"The article counts as {named.partition('?')[0].partition('#')[0]}.")


def article(page: Page) -> Check:
    if page.is_article:
        return Check("article", "ok", "The page says that it is an article.")
    told = (
        'Nothing says that this is an article, so it does not count: add og:type "article", JSON-LD or `data-article`.'
    )
    return Check("article", "failed", told)


def gate(page: Page) -> Check:
    given = page.setting("gate")
    if not page.gate_is_judged:
        told = f"`data-gate` is {given}, a selector that only a browser can judge: look at a wall."
        return Check("gate", "not checked", told)
    if page.gate is None:
        tried = ", ".join([given, *GATES] if given else GATES)
        told = f"Nothing in the page matches {tried}: name the element that holds the text in `data-gate`."
        return Check("gate", "failed", told)
    blocks = len(page.paragraphs)
    if not blocks:
        told = f"<{page.gate.tag}> is empty in the page's source: scripts that fill it later may show all of it."
        return Check("gate", "warning", told)
    if given and not _matches(given, page.gate):
        told = f"Nothing matches `data-gate` {given}; the wall would stand in <{page.gate.tag}>. Correct the selector."
        return Check("gate", "warning", told)
    if page.text_elsewhere:
        return Check("gate", "ok", f"The wall stands after the {blocks} paragraphs of {_called(page.gate)}.")
    kept = blocks - len(page.hidden)
    return Check("gate", "ok", f"At the wall {kept} of {blocks} paragraphs stay, in {_called(page.gate)}.")


def structured_data(page: Page) -> Check:
    paid = [node for node in page.nodes if str(node.get("isAccessibleForFree")).lower() == "false"]
    selectors = [selector for node in paid for selector in _selectors(node.get("hasPart"))]
    if not selectors:
        told = (
            "JSON-LD names no part that is paid for: a crawler that meets a wall may take it for cloaking "
            "(docs/search-engines.md)."
        )
        return Check("structured data", "warning", told)
    known = [matches for matches in map(compiled, selectors) if matches is not None]
    if not known or page.gate is None:
        return Check(
            "structured data", "not checked", f"Whether {', '.join(selectors)} is the text, only a browser shows."
        )
    found = [element for matches in known if (element := first(page.root, matches))]
    if any(element in page.gate.above() or page.gate in element.above() for element in found):
        return Check("structured data", "ok", f"The part that is paid for is {', '.join(selectors)}.")
    told = f"`cssSelector` {', '.join(selectors)} is not what the wall cuts: name {_called(page.gate)}."
    return Check("structured data", "failed", told)


def security_policy(page: Page) -> Check:
    name, found = "security policy", policy.policies(page)
    if page.snippet is None or not page.api:
        return Check(name, "not checked", "Without the tag's address there is nothing to allow.")
    if not found:
        return Check(name, "ok", "The page has no Content Security Policy.")
    asked, src, proofs = f"{page.api.rstrip('/')}/v1/views", page.snippet.src, page.snippet.proofs
    if src and not all(policy.allows(each, policy.SCRIPT, src, page, proofs) for each in found):
        return Check(name, "failed", f"The page's policy blocks the snippet: add {origin_of(src)} to script-src.")
    if not all(policy.allows(each, policy.CONNECT, asked, page) for each in found):
        return Check(name, "failed", f"The page's policy blocks the request: add {origin_of(asked)} to connect-src.")
    return Check(name, "ok", "The page's policy lets the snippet run and ask.")


def caching(page: Page) -> Check:
    """Mistakes that give one reader's page to others, or an old page to all."""
    fetched, held = page.fetched, _directives(page.fetched)
    is_shared = ("public" in held or "s-maxage" in held or _age(fetched) > 0) and not held.keys() & {
        "private",
        "no-store",
    }
    if is_shared and fetched.header("set-cookie"):
        told = "The page sets a cookie and lets caches keep it, so readers may share one: set none, or make it private."
        return Check("caching", "failed", told)
    if is_shared and re.search(r"\b(cookie|authorization)\b", fetched.header("vary").lower()):
        told = "The page differs by reader (Vary) and is public: many caches ignore that. Make it private, or the same."
        return Check("caching", "warning", told)
    kept = max(_seconds(held.get("s-maxage", "")), _seconds(held.get("max-age", "")), _age(fetched))
    if kept > _DAY:
        told = f"Caches keep the page for {kept // _DAY} days: so long may a change of the tag take to reach readers."
        return Check("caching", "warning", told)
    return Check("caching", "ok", "No reader's page is kept for another, and none for longer than a day.")


def snippet_file(page: Page, fetched: Fetched) -> Check:
    """Whether what the tag names is the snippet, and a fresh one."""
    if fetched.status != 200:
        told = f"{fetched.url} answers {fetched.status}: compare the tag's address with what `make deploy` printed."
        return Check("snippet's file", "failed", told)
    if "javascript" not in fetched.header("content-type") or "readmeter" not in fetched.text:
        told = f"{fetched.url} is something else: compare the tag's address with what `make deploy` printed."
        return Check("snippet's file", "failed", told)
    kept = max(_seconds(_directives(fetched).get("max-age", "")), _age(fetched))
    if kept > _DAY and not _PINNED.search(urlsplit(fetched.url).path):
        told = f"A cache keeps {fetched.url} for {kept // _DAY} days: pass the service's own Cache-Control on."
        return Check("snippet's file", "warning", told)
    return Check("snippet's file", "ok", f"{page.snippet.src if page.snippet else fetched.url} is the snippet.")


def _matches(selector: str, element: Element) -> bool:
    matches = compiled(selector)
    return matches is not None and matches(element)


def _called(element: Element) -> str:
    classes = "".join(f".{name}" for name in element.get("class").split())
    return f"{element.tag}{classes}" if classes else f"<{element.tag}>"


def _selectors(parts: Any) -> Iterator[str]:
    for part in parts if isinstance(parts, list) else [parts]:
        if isinstance(part, dict) and str(part.get("isAccessibleForFree")).lower() == "false":
            named = part.get("cssSelector")
            yield from (each for each in (named if isinstance(named, list) else [named]) if isinstance(each, str))


def _directives(fetched: Fetched) -> dict[str, str]:
    pairs = (each.strip().partition("=") for each in fetched.header("cache-control").lower().split(","))
    return {name: value.strip('"') for name, _, value in pairs if name}


def _seconds(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _age(fetched: Fetched) -> int:
    return _seconds(fetched.header("age").strip())
