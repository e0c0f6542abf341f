"""A page as the snippet reads it (functions/snippet/src: settings.js, page.js, cut.js)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

from readmeter.command.doctor.markup import Element, tree
from readmeter.command.doctor.selector import Matches, compiled, first
from readmeter.command.doctor.visit import Fetched, origin_of

GATES = ("[itemprop=articleBody]", ".entry-content", ".article-body", "article")
_BESIDE = {"header", "footer", "aside", "figure", "nav"}
_ARTICLE = re.compile("article|blogp|report", re.IGNORECASE)
_CONFIG = re.compile(r"readmeterConfig\s*=\s*\{(.*?)\}", re.DOTALL)
_ENTRY = re.compile(r"""["']?(\w+)["']?\s*:\s*(?:"([^"]*)"|'([^']*)'|(\d+))""")
_IN_ADDRESS = re.compile(r"[?&]site=([\w-]+)")


@dataclass(frozen=True, slots=True)
class Snippet:
    """How the page embeds it. `src` is absolute, "" where only a configuration is there; `way` for people."""

    src: str
    settings: Mapping[str, str]
    way: str
    proofs: tuple[str, ...] = ()  # what a policy may name it by, as it would


class Page:
    """One page. Everything about it is read from its source: scripts have not run."""

    def __init__(self, fetched: Fetched) -> None:
        self.fetched = fetched
        self.root = tree(fetched.text)
        self.origin = origin_of(fetched.url)

    @cached_property
    def snippet(self) -> Snippet | None:
        scripts = [each for each in self.root.named("script") if "/v1/snippet" in each.get("src")]
        scripts.sort(key=lambda each: ("data-site" not in each.attributes, "site=" not in each.get("src")))
        element = scripts[0] if scripts else None
        written = self._configuration()
        if element is None:
            return Snippet("", written, "window.readmeterConfig") if "site" in written else None
        src = self.absolute(element.get("src"))
        named = _IN_ADDRESS.search(src)
        settings = {key[5:]: value for key, value in element.attributes.items() if key.startswith("data-")} | written
        way = "window.readmeterConfig" if "site" in written else "data-site" if "site" in settings else "?site="
        if not settings.get("site") and named:
            settings["site"] = named[1]
        return Snippet(src, settings, way, (f"'nonce-{element.get('nonce')}'", f"'{element.get('integrity')}'"))

    @property
    def api(self) -> str:
        """What stands in front of /v1/ where the snippet asks; "" where nothing says so."""
        source = self.snippet.src.partition("/v1/")[0] if self.snippet else ""
        return self.absolute(self.setting("api") or source) if self.setting("api") or source else ""

    def _configuration(self) -> dict[str, str]:
        """Strings and numbers that an inline script gives `window.readmeterConfig`."""
        inline = "\n".join(each.source() for each in self.root.named("script") if not each.get("src"))
        found = _CONFIG.search(inline)
        entries = _ENTRY.findall(found[1]) if found else []
        return {name: double or single or digits for name, double, single, digits in entries}

    @property
    def holds_the_tag_back(self) -> bool:
        """Whether an optimizer keeps the snippet's address in another attribute until somebody clicks."""
        return any(
            "/v1/snippet" in value
            for each in self.root.named("script")
            for name, value in each.attributes.items()
            if name != "src"
        )

    @property
    def has_a_tag_manager(self) -> bool:
        sources = (each.get("src") + each.source() for each in self.root.named("script"))
        return any("googletagmanager.com/gtm.js" in each or "tealiumiq.com" in each for each in sources)

    def setting(self, name: str) -> str:
        return self.snippet.settings.get(name, "") if self.snippet else ""

    @cached_property
    def canonical(self) -> str:
        """Absolute; "" where the page names none."""
        return next((self.absolute(each.get("href")) for each in self.links("canonical")), "")

    @property
    def is_article(self) -> bool:
        types = (each.get("content") for each in self.root.named("meta") if each.get("property") == "og:type")
        return bool(self.setting("article")) or any(
            _ARTICLE.search(str(each)) for each in (*types, *(node.get("@type") for node in self.nodes))
        )

    @cached_property
    def nodes(self) -> Sequence[Mapping[str, Any]]:
        """JSON-LD: at the top, in lists and in @graph."""
        described = (each for each in self.root.named("script") if "ld" in each.get("type"))
        return [node for each in described for node in _nodes(each.source())]

    @cached_property
    def gate(self) -> Element | None:
        """The element that the wall would cut; None where there is none, or where the selector is not judged here."""
        for selector in (self.setting("gate"), *GATES):
            matches = compiled(selector) if selector else None
            if selector and matches is None:
                return None
            found = first(self.root, matches) if matches else None
            if found is not None:
                return found
        return None

    @property
    def gate_is_judged(self) -> bool:
        return not self.setting("gate") or compiled(self.setting("gate")) is not None

    def find(self, matches: Matches) -> Element | None:
        return first(self.root, matches)

    @property
    def preview(self) -> int:
        given = self.setting("preview")
        return int(given) if given.isdecimal() else 2

    @property
    def text_elsewhere(self) -> str:
        """Where the rest of a withheld text is asked for with a grant; "" where the page has all of it."""
        return self.absolute(self.setting("body")) if self.setting("body") else ""

    @cached_property
    def hidden(self) -> Sequence[str]:
        """The paragraphs that a wall takes away: all beyond the preview, and one at least; none of a beginning."""
        blocks = [] if self.text_elsewhere else self.paragraphs
        return blocks[min(self.preview, len(blocks) - 1) :] if blocks else []

    @cached_property
    def paragraphs(self) -> Sequence[str]:
        if self.gate is None:
            return []
        gate = self.gate
        outside = set(map(id, gate.above()))
        found = [
            each
            for each in gate.named("p")
            if each.text().strip() and not any(a.tag in _BESIDE and id(a) not in outside for a in each.above())
        ]
        return [each.text() for each in found or [child for child in gate.children if isinstance(child, Element)]]

    def links(self, relation: str, **attributes: str) -> list[Element]:
        """`<link>` elements of that relation whose attributes are as given."""
        return [
            each
            for each in self.root.named("link")
            if relation in each.get("rel").lower().split()
            and all(each.get(name).lower() == value for name, value in attributes.items())
        ]

    def absolute(self, address: str) -> str:
        return urljoin(self.base, address.strip())

    @cached_property
    def base(self) -> str:
        named = next((each.get("href") for each in self.root.named("base") if each.get("href")), "")
        return urljoin(self.fetched.url, named)

    @property
    def path(self) -> str:
        return urlsplit(self.fetched.url).path


def _nodes(text: str) -> Iterator[Mapping[str, Any]]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return
    for node in data if isinstance(data, list) else [data]:
        if isinstance(node, dict):
            graph = node.get("@graph")
            yield node
            yield from (each for each in (graph if isinstance(graph, list) else [graph]) if isinstance(each, dict))
