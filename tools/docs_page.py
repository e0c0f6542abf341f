"""The page /v1/docs: openapi.json as a person reads it. One file, without scripts and without the network."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from tools.described import Json, default_of, operations, short_json, type_of, types_of

STYLE = Path(__file__).with_suffix(".css")


def page(document: Json) -> str:
    info = document["info"]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(info["title"])} API</title>
<style>
{STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="layout">
<nav aria-label="Contents">
{_contents(document)}
</nav>
<main id="content">
<h1>{escape(info["title"])} API</h1>
<p class="soft">{escape(info["summary"])}. Version {escape(info["version"])}, also as
<a href="openapi.json">OpenAPI {escape(document["openapi"])}</a>.</p>
{_prose(info["description"])}
{"".join(_section(document, tag) for tag in document["tags"])}
{_security(document)}
<h2 id="schemas">Schemas</h2>
{"".join(_schema(name, schema) for name, schema in document["components"]["schemas"].items())}
</main>
</div>
</body>
</html>
"""


def _contents(document: Json) -> str:
    parts = []
    for tag in document["tags"]:
        links = [
            f'<li><a href="#{operation["operationId"]}">{escape(operation["summary"])}</a></li>'
            for _, _, operation, _ in operations(document, tag["name"])
        ]
        parts.append(_list(tag["name"], links))
    names = document["components"]["schemas"]
    return "\n".join([*parts, _list("Schemas", [f"<li>{_link(name)}</li>" for name in names])])


def _list(title: str, links: list[str]) -> str:
    return f"<h2>{escape(title)}</h2>\n<ul>\n" + "\n".join(links) + "\n</ul>"


def _section(document: Json, tag: Json) -> str:
    parts = (_operation(*operation) for operation in operations(document, tag["name"]))
    return f"<h2>{escape(tag['name'])}</h2>\n{_prose(tag['description'])}\n" + "".join(parts)


def _operation(method: str, path: str, operation: Json, parameters: list[Json]) -> str:
    parts = [
        f'<h3 id="{operation["operationId"]}">{escape(operation["summary"])}</h3>',
        f'<p><code><span class="method">{method}</span> {escape(path)}</code></p>',
        _prose(operation.get("description", "")),
    ]
    if parameters:
        rows = [
            (_code(each["name"]), each["in"], _inline(type_of(each["schema"])), _prose(each["description"]))
            for each in parameters
        ]
        parts += ["<h4>Parameters</h4>", _table(("Name", "In", "Type", "Meaning"), rows)]
    if "requestBody" in operation:
        body = operation["requestBody"]
        parts += ["<h4>Body</h4>", _prose(body["description"]), _media(body["content"])]
    answers = [
        (_code(status), f"<p>{_inline(answer['description'])} {_inline(types_of(answer.get('content', {})))}</p>")
        for status, answer in operation["responses"].items()
    ]
    parts += ["<h4>Answers</h4>", _table(("Status", "Meaning"), answers)]
    parts += [
        _example(media["example"])
        for status, answer in operation["responses"].items()
        for media in answer.get("content", {}).values()
        if "example" in media and status in ("200", "422")
    ]
    return "\n".join(parts) + "\n"


def _media(content: Json) -> str:
    first = next(iter(content.values()))
    return f"<p>{_inline(types_of(content))}</p>" + (_example(first["example"]) if "example" in first else "")


def _example(example: object) -> str:
    return f'<pre tabindex="0" role="group" aria-label="Example">{escape(short_json(example), quote=False)}</pre>'


def _security(document: Json) -> str:
    schemes = document["components"]["securitySchemes"].values()
    items = "".join(f"<li>{_inline(scheme['description'])}</li>" for scheme in schemes)
    return f"<h3>Who calls the Admin API</h3>\n<ul>{items}</ul>\n"


def _schema(name: str, schema: Json) -> str:
    required = schema.get("required", [])
    rows = [
        (
            _code(key),
            _inline(type_of(each)),
            _inline(default_of(each, is_required=key in required)),
            _prose(each.get("description", "")),
        )
        for key, each in schema.get("properties", {}).items()
    ]
    table = _table(("Key", "Type", "Default", "Meaning"), rows) if rows else ""
    return f'<h3 id="schema-{name}">{name}</h3>\n{_prose(schema.get("description", ""))}{table}\n'


def _link(schema: str) -> str:
    return f'<a href="#schema-{schema}">{schema}</a>'


def _code(text: object) -> str:
    return f"<code>{escape(str(text), quote=False)}</code>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are HTML."""
    heads = "".join(f'<th scope="col">{each}</th>' for each in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>\n{body}</tbody></table>"
    return f'<div class="scroll" tabindex="0" role="group" aria-label="Table">{table}</div>'


def _prose(text: str) -> str:
    return "".join(f"<p>{_inline(paragraph)}</p>" for paragraph in text.strip().split("\n\n") if paragraph)


def _inline(text: str) -> str:
    """A line of Markdown: code, and links to schemas."""
    coded = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text.strip(), quote=False))
    return re.sub(r"\[(\w+)\]\(#\w+\)", lambda link: _link(link[1]), coded)
