"""HTML as a tree: as much of it as telling a page's head, its script elements and its paragraphs takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_ENDS_A_PARAGRAPH = {
    *(
        "address",
        "article",
        "aside",
        "blockquote",
        "details",
        "div",
        "dl",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
    ),
    *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "menu", "nav", "ol", "p", "pre", "section"),
    *("table", "ul"),
}
_NO_TEXT = {"script", "style", "template", "noscript"}
_NOT_THERE = {"template", "noscript"}  # what scripts do not find
_DEEPEST = 200


@dataclass(eq=False)
class Element:
    tag: str
    attributes: Mapping[str, str]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")

    def all(self) -> Iterator[Element]:
        """The elements below it, as they stand in the page."""
        stack = [iter(self.children)]
        while stack:
            for child in stack[-1]:
                if isinstance(child, Element):
                    yield child
                    if child.tag not in _NOT_THERE:
                        stack.append(iter(child.children))
                        break
            else:
                stack.pop()

    def named(self, *tags: str) -> list[Element]:
        return [each for each in self.all() if each.tag in tags]

    def above(self) -> Iterator[Element]:
        """Itself and what it stands in, from the inside."""
        here: Element | None = self
        while here is not None:
            yield here
            here = here.parent

    def text(self) -> str:
        """What a person reads in it."""
        return "".join(child if isinstance(child, str) else child.text() for child in self.children if _is_read(child))

    def source(self) -> str:
        """The text right in it, a script's for instance."""
        return "".join(child for child in self.children if isinstance(child, str))


def tree(html: str) -> Element:
    """The page's root. Never fails: what is wrong in a page is taken as browsers take it, roughly."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root


def _is_read(child: Element | str) -> bool:
    return isinstance(child, str) or child.tag not in _NO_TEXT


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("#document", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ENDS_A_PARAGRAPH:
            self._close("p")
        if tag == "li":
            self._close("li", until=("ul", "ol", "menu"))
        first = {name: value or "" for name, value in reversed(attrs)}  # of an attribute that is there twice
        element = Element(tag, first, self._open[-1])
        self._open[-1].children.append(element)
        if tag not in _VOID and len(self._open) < _DEEPEST:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        self._close(tag)

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    def _close(self, tag: str, until: tuple[str, ...] = ()) -> None:
        for index in range(len(self._open) - 1, 0, -1):
            if self._open[index].tag == tag:
                del self._open[index:]
                return
            if self._open[index].tag in until:
                return
