"""Writes docs/reference/http.md below its mark: every route of the API, from the OpenAPI document.

`PYTHONPATH=shared python -m tools.http_reference`. What is not of one route stands above the mark, by hand.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tools import openapi
from tools.described import Json, default_of, operations, short_json, type_of, types_of

GUIDE = Path(__file__).parent.parent / "docs" / "reference" / "http.md"
MARK = "<!-- From here on written by tools/http_reference.py. -->\n"
ELSEWHERE = {"SiteDocument": "site-document.md", "Problem": "#errors", "FieldError": "#errors"}


def guide(text: str) -> str:
    """The guide with its routes as they are now."""
    return text.partition(MARK)[0] + MARK + "".join(f"\n{part}\n" for part in _Reference(openapi.document()).parts())


def slug(heading: str) -> str:
    """The anchor that a heading gets, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


class _Reference:
    """Markdown of one document. A schema is told once: after the first route that uses it."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._schemas = document["components"]["schemas"]
        self._told = set(ELSEWHERE)

    def parts(self) -> Iterator[str]:
        """What stands between empty lines."""
        errors = ((f"`{status}`", meaning) for status, meaning in openapi.PROBLEMS.items() if status >= 400)
        yield _table(("status", "means"), errors)
        yield "## Routes"
        yield from self._contents()
        for tag in self._document["tags"]:
            yield f"## {tag['name']}"
            yield tag["description"]
            for method, path, operation, parameters in operations(self._document, tag["name"]):
                yield from self._operation(f"{method} {path}", operation, parameters)

    def _contents(self) -> Iterator[str]:
        rows = (
            (f"[`{method} {path}`](#{slug(f'{method} {path}')})", operation["summary"])
            for tag in self._document["tags"]
            for method, path, operation, _ in operations(self._document, tag["name"])
        )
        yield _table(("route", "does"), rows)

    def _operation(self, route: str, operation: Json, parameters: list[Json]) -> Iterator[str]:
        yield f"### {route}"
        yield f"**{operation['summary']}.** {operation.get('description', '')}".strip()
        if {"reader": []} in operation.get("security", []):
            yield f"**Bearer**: {self._document['components']['securitySchemes']['reader']['description']}"
        if parameters:
            rows = (
                (f"`{each['name']}`", each["in"], _linked(type_of(each["schema"])), each["description"])
                for each in parameters
            )
            yield _table(("parameter", "in", "type", "meaning"), rows)
        if "requestBody" in operation:
            body = operation["requestBody"]
            yield f"**Body**: {_linked(types_of(body['content']))} {body['description']}"
            yield from _examples(body["content"])
        answers = operation["responses"]
        fine = {status: answer for status, answer in answers.items() if status < "400"}
        yield _table(("answer", "meaning"), ((f"`{status}`", _answer(answer)) for status, answer in fine.items()))
        if refused := [f"`{status}`" for status in answers if status not in fine]:
            yield f"[Errors](#errors): {', '.join(refused)}"
        successes = [answer.get("content", {}) for answer in fine.values()]
        for content in successes[:1]:
            yield from _examples(content)
        for content in [operation.get("requestBody", {}).get("content", {}), *successes]:
            for described in content.values():
                yield from self._schema_of(described["schema"])

    def _schema_of(self, schema: Json) -> Iterator[str]:
        """The schemas that `schema` names and that have not been told yet, each followed by those that it names."""
        for name in re.findall(r"\[(\w+)\]", type_of(schema)):
            if name in self._told:
                continue
            self._told.add(name)
            described = self._schemas[name]
            properties = described.get("properties", {})
            yield f"#### {name}"
            if about := described.get("description"):
                yield about
            if properties:
                yield _keys(properties, described.get("required", []))
            for each in properties.values():
                yield from self._schema_of(each)


def _answer(answer: Json) -> str:
    return f"{answer['description']} {_linked(types_of(answer.get('content', {})))}".strip()


def _keys(properties: Json, required: list[str]) -> str:
    """A table of keys; the one that says which may be absent, only where some may."""
    rows = ((f"`{key}`", _linked(type_of(each)), each.get("description", "")) for key, each in properties.items())
    if set(required) == set(properties):
        return _table(("key", "type", "meaning"), rows)
    defaults = (default_of(each, is_required=key in required) for key, each in properties.items())
    with_defaults = (
        (key, kind, default, meaning) for (key, kind, meaning), default in zip(rows, defaults, strict=True)
    )
    return _table(("key", "type", "default", "meaning"), with_defaults)


def _examples(content: Json) -> Iterator[str]:
    for described in content.values():
        if "example" in described:
            yield f"```json\n{short_json(described['example'])}\n```"


def _linked(text: str) -> str:
    """With what is told elsewhere linked to where that is."""
    for name, place in ELSEWHERE.items():
        text = text.replace(f"[{name}](#{name.lower()})", f"[{name}]({place})")
    return text


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    first, *others = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([first, f"|{'---|' * len(head)}", *others])


if __name__ == "__main__":
    GUIDE.write_text(guide(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
