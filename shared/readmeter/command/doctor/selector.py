"""CSS selectors as the guides write them: `article`, `.entry-content`, `#text`, `[itemprop=articleBody]`, and these
written together. Others are not judged here."""

import re
from collections.abc import Callable

from readmeter.command.doctor.markup import Element

Matches = Callable[[Element], bool]

_NAME = r"-?[A-Za-z_][\w-]*"
_PART = re.compile(
    rf"(?P<tag>{_NAME})|\.(?P<class>{_NAME})|#(?P<id>{_NAME})"
    rf"""|\[\s*(?P<attribute>{_NAME})\s*(?:=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>{_NAME}))\s*)?\]"""
)


def compiled(selector: str) -> Matches | None:
    """What tells whether an element is meant; None for a form that is not known here."""
    parts: list[Matches] = []
    text, at = selector.strip(), 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or (found["tag"] and at):
            return None
        parts.append(_part(found))
        at = found.end()
    return (lambda element: all(part(element) for part in parts)) if parts else None


def first(root: Element, matches: Matches) -> Element | None:
    return next(filter(matches, root.all()), None)


def _part(found: re.Match[str]) -> Matches:
    if found["tag"]:
        return lambda element: element.tag == found["tag"].lower()
    if found["class"]:
        return lambda element: found["class"] in element.get("class").split()
    if found["id"]:
        return lambda element: element.get("id") == found["id"]
    name = found["attribute"].lower()
    wanted = next((found[kind] for kind in ("double", "single", "bare") if found[kind] is not None), None)
    return lambda element: name in element.attributes and wanted in (None, element.attributes[name])
