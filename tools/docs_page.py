"""The page /v1/docs: openapi.json as a person reads it. One file, without scripts and without the network."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]

METHODS = ("get", "put", "post", "delete")
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


def _operations(document: Json, tag: str) -> Iterator[tuple[str, str, Json, list[Json]]]:
    """Method, path, operation and parameters of each operation with that tag."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if tag in item.get(method, {}).get("tags", ()):
                operation = item[method]
                yield method.upper(), path, operation, [*item.get("parameters", []), *operation.get("parameters", [])]


def _contents(document: Json) -> str:
    parts = []
    for tag in document["tags"]:
        links = [
            f'<li><a href="#{operation["operationId"]}">{escape(operation["summary"])}</a></li>'
            for _, _, operation, _ in _operations(document, tag["name"])
        ]
        parts.append(_list(tag["name"], links))
    names = document["components"]["schemas"]
    return "\n".join([*parts, _list("Schemas", [f"<li>{_link(name)}</li>" for name in names])])


def _list(title: str, links: list[str]) -> str:
    return f"<h2>{escape(title)}</h2>\n<ul>\n" + "\n".join(links) + "\n</ul>"


def _section(document: Json, tag: Json) -> str:
    operations = (_operation(*operation) for operation in _operations(document, tag["name"]))
    return f"<h2>{escape(tag['name'])}</h2>\n{_prose(tag['description'])}\n" + "".join(operations)


def _operation(method: str, path: str, operation: Json, parameters: list[Json]) -> str:
    parts = [
        f'<h3 id="{operation["operationId"]}">{escape(operation["summary"])}</h3>',
        f'<p><code><span class="method">{method}</span> {escape(path)}</code></p>',
        _prose(operation.get("description", "")),
    ]
    if parameters:
        rows = [
            (_code(each["name"]), each["in"], _type(each["schema"]), _prose(each["description"])) for each in parameters
        ]
        parts += ["<h4>Parameters</h4>", _table(("Name", "In", "Type", "Meaning"), rows)]
    if "requestBody" in operation:
        body = operation["requestBody"]
        parts += ["<h4>Body</h4>", _prose(body["description"]), _media(body["content"])]
    answers = [
        (_code(status), f"<p>{_inline(answer['description'])} {_types(answer.get('content', {}))}</p>")
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
    return f"<p>{_types(content)}</p>" + (_example(first["example"]) if "example" in first else "")


def _types(content: Json) -> str:
    """The media types of a body, each schema named once."""
    by_schema: dict[str, list[str]] = {}
    for media, described in content.items():
        by_schema.setdefault(_type(described["schema"]), []).append(_code(media))
    return " ".join(f"{kind} as {' or '.join(medias)}." for kind, medias in by_schema.items())


def _example(example: object) -> str:
    return f'<pre tabindex="0" role="group" aria-label="Example">{escape(_json(example), quote=False)}</pre>'


def _json(value: object, indent: str = "\n", room: int = 76) -> str:
    """JSON in as few lines as are short."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + len(indent) <= room or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {_json(each, inner, room - len(key) - 4)}" for key, each in value.items()]
        return "{" + inner + f",{inner}".join(items) + indent + "}"
    return "[" + inner + f",{inner}".join(_json(each, inner, room) for each in value) + indent + "]"


def _security(document: Json) -> str:
    schemes = document["components"]["securitySchemes"].values()
    items = "".join(f"<li>{_inline(scheme['description'])}</li>" for scheme in schemes)
    return f"<h3>Who calls the Admin API</h3>\n<ul>{items}</ul>\n"


def _schema(name: str, schema: Json) -> str:
    required = schema.get("required", [])
    rows = [
        (_code(key), _type(each), _default(each, is_required=key in required), _prose(each.get("description", "")))
        for key, each in schema.get("properties", {}).items()
    ]
    table = _table(("Key", "Type", "Default", "Meaning"), rows) if rows else ""
    return f'<h3 id="schema-{name}">{name}</h3>\n{_prose(schema.get("description", ""))}{table}\n'


def _default(schema: Json, *, is_required: bool) -> str:
    if is_required:
        return "required"
    default = schema.get("default")
    text = json.dumps(default, ensure_ascii=False)
    if default is None or len(text) > 60:
        return ""
    return _code(text)


def _type(schema: Json) -> str:
    """What a value may be, in words."""
    if "$ref" in schema:
        return _link(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return ", ".join(_code(each) for each in schema.get("enum", [schema.get("const")]))
    if "contentSchema" in schema:
        return _type(schema["contentSchema"])
    kind = str(schema.get("type", "any value"))
    if kind == "array":
        return f"list of {_type(schema['items'])}{_bounds(schema, 'minItems', 'maxItems')}"
    if isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {_type(schema['additionalProperties'])}"
    if "pattern" in schema:
        return f"{kind} {_code(schema['pattern'].strip('^$'))}"
    if "format" in schema:
        return f"{kind} ({schema['format']})"
    return kind + _bounds(schema, "minimum", "maximum") + _bounds(schema, "minLength", "maxLength")


def _bounds(schema: Json, least: str, most: str) -> str:
    if most in schema:
        return f", {schema[least]}–{schema[most]}" if least in schema else f", at most {schema[most]}"
    return f", at least {schema[least]}" if least in schema else ""


def _link(name: str) -> str:
    return f'<a href="#schema-{name}">{name}</a>'


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
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text.strip(), quote=False))
