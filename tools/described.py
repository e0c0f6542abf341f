"""An OpenAPI document's operations, types and examples in words, for the page /v1/docs and docs/reference/http.md."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

METHODS = ("get", "put", "post", "delete")


def operations(document: Json, tag: str) -> Iterator[tuple[str, str, Json, list[Json]]]:
    """Method, path, operation and parameters of each operation with that tag."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if tag in item.get(method, {}).get("tags", ()):
                operation = item[method]
                yield method.upper(), path, operation, [*item.get("parameters", []), *operation.get("parameters", [])]


def types_of(content: Json) -> str:
    """The media types of a body, each schema named once. In Markdown."""
    by_schema: dict[str, list[str]] = {}
    for media, described in content.items():
        by_schema.setdefault(type_of(described["schema"]), []).append(f"`{media}`")
    return " ".join(f"{kind} as {' or '.join(medias)}." for kind, medias in by_schema.items())


def type_of(schema: Json) -> str:
    """What a value may be, in Markdown; another schema as a link to its name in small letters."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(type_of(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{each}`" for each in schema.get("enum", [schema.get("const")]))
    if "contentSchema" in schema:
        return type_of(schema["contentSchema"])
    kind = str(schema.get("type", "any value"))
    if kind == "array":
        return f"list of {type_of(schema['items'])}{_bounds(schema, 'minItems', 'maxItems')}"
    if isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {type_of(schema['additionalProperties'])}"
    if "pattern" in schema:
        return f"{kind} `{schema['pattern'].strip('^$')}`"
    if "format" in schema:
        return f"{kind} ({schema['format']})"
    return kind + _bounds(schema, "minimum", "maximum") + _bounds(schema, "minLength", "maxLength")


def _bounds(schema: Json, least: str, most: str) -> str:
    if most in schema:
        return f", {schema[least]}–{schema[most]}" if least in schema else f", at most {schema[most]}"
    return f", at least {schema[least]}" if least in schema else ""


def default_of(schema: Json, *, is_required: bool) -> str:
    """`required`, the default in Markdown, or nothing where there is none or it is long."""
    if is_required:
        return "required"
    default = schema.get("default")
    text = json.dumps(default, ensure_ascii=False)
    return "" if default is None or len(text) > 60 else f"`{text}`"


def short_json(value: object, indent: str = "\n", room: int = 76) -> str:
    """JSON in as few lines as are short."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + len(indent) <= room or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {short_json(each, inner, room - len(key) - 4)}" for key, each in value.items()]
        return "{" + inner + f",{inner}".join(items) + indent + "}"
    return "[" + inner + f",{inner}".join(short_json(each, inner, room) for each in value) + indent + "]"
