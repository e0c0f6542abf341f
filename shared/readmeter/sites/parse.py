"""Bytes to site document: JSON, or YAML without its surprises (aliases, tags, `off`, dates, octals)."""

import json
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, NoReturn

import yaml
from pydantic import BaseModel, ValidationError

from readmeter.sites.check import errors
from readmeter.sites.document import SiteDocument

MOST_BYTES = 65_536
MOST_ERRORS = 50
_MOST_DEPTH = 32


@dataclass(slots=True)
class Unreadable(Exception):  # noqa: N818 - named as the answer it leads to
    """The bytes are no JSON or YAML that is accepted here; `detail` says where and what is allowed.

    `line` is counted from 1; None where no line is at fault.
    """

    detail: str
    line: int | None = None


@dataclass(slots=True)
class TooLarge(Exception):  # noqa: N818
    detail: str = f"A site document has at most {MOST_BYTES} bytes."


@dataclass(slots=True)
class Invalid(Exception):  # noqa: N818
    """A document with wrong fields: (JSON Pointer, what is allowed) for each, at most `MOST_ERRORS`."""

    errors: list[tuple[str, str]]


def parse_document(content: bytes, content_type: str) -> SiteDocument:
    """The site document in a request body or file. Raises `TooLarge`, `Unreadable` or `Invalid`.

    Read as JSON or YAML as `content_type` says; where it says neither, as JSON if it begins with a brace.
    """
    if len(content) > MOST_BYTES:
        raise TooLarge
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("The body is not UTF-8 text.") from None
    is_json = "json" in content_type or ("yaml" not in content_type and text.lstrip()[:1] == "{")
    return read_document(_plain(_json(text) if is_json else _yaml(text)))


def parse_json(content: bytes) -> Any:
    """The plain values in a body of JSON. Raises `Unreadable`."""
    try:
        return _plain(_json(content.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise Unreadable("The body is not UTF-8 text.") from None


def read_document(data: object) -> SiteDocument:
    """The site document in plain values (as JSON gives them). Raises `Invalid`."""
    try:
        document = SiteDocument.model_validate(data)
    except ValidationError as error:
        raise invalid(error, SiteDocument) from None
    if unfit := errors(document):
        raise Invalid(unfit[:MOST_ERRORS])
    return document


def invalid(error: ValidationError, model: type[BaseModel]) -> Invalid:
    """What was found wrong when plain values were read as `model`."""
    found = error.errors(include_url=False, include_input=False)[:MOST_ERRORS]
    return Invalid([(_pointer(each["loc"]), _allowed(each, model)) for each in found])


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise Unreadable(f"The body is not JSON at line {error.lineno}, column {error.colno}.", error.lineno) from None
    except (ValueError, RecursionError):
        raise Unreadable("The body is JSON nested too deeply, or with a number too large.") from None


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise Unreadable("The body has an object in which a key occurs twice.")
        result[key] = value
    return result


def _no_constant(_: str) -> NoReturn:
    raise Unreadable("NaN and Infinity are not JSON.")


class _Loader(yaml.SafeLoader):
    """YAML 1.2 with true, false, null and decimal integers; all else is text (`off`, `no`, `2026-11-01`, `010`)."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the class's own, not SafeLoader's
    yaml_constructors: ClassVar[dict[str | None, Any]] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None or getattr(event, "tag", None) is not None:
            raise _unreadable("Anchors, aliases and tags are not accepted", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Hashable, Any]:  # noqa: ARG002
        result: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _unreadable("A key has to be text", key_node.start_mark)
            if key_node.value in result:
                raise _unreadable("A key occurs twice", key_node.start_mark)
            result[key_node.value] = self.construct_object(value_node, deep=True)
        return result


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ("~", "n", "N", "")),
    ("int", r"-?(0|[1-9][0-9]{0,17})", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), list(_first))
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", getattr(yaml.SafeLoader, f"construct_yaml_{_tag}"))
for _tag in ("str", "seq"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", getattr(yaml.SafeLoader, f"construct_yaml_{_tag}"))
_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.construct_mapping)


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader, made safer
    except yaml.MarkedYAMLError as error:
        raise _unreadable("The body is not one YAML document", error.problem_mark) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Unreadable("The body is YAML nested too deeply, or with characters that YAML does not allow.") from None


def _unreadable(said: str, at: yaml.Mark | None) -> Unreadable:
    if at is None:
        return Unreadable(f"{said}.")
    return Unreadable(f"{said} (line {at.line + 1}, column {at.column + 1}).", at.line + 1)


def _plain(data: Any) -> Any:
    if not _is_plain(data):
        raise Unreadable(f"The body is nested more than {_MOST_DEPTH} levels deep, or holds half a character.")
    return data


def _is_plain(data: Any, depth: int = 0) -> bool:
    """Whether `data` is of bearable depth and all of its text is Unicode (JSON can spell a lone surrogate)."""
    if depth > _MOST_DEPTH:
        return False
    if isinstance(data, str):
        return data.isascii() or not any("\ud800" <= character <= "\udfff" for character in data)
    if isinstance(data, dict):
        return all(_is_plain(key, depth + 1) and _is_plain(value, depth + 1) for key, value in data.items())
    return not isinstance(data, list) or all(_is_plain(value, depth + 1) for value in data)


def _pointer(location: Iterable[int | str]) -> str:
    """RFC 6901, with each name cut at 64 characters: names may be anybody's."""
    names = (str(part)[:64] for part in location if part != "[key]")
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


_ALLOWED = {
    "missing": "is required",
    "string_type": "must be a string",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a whole number of usual size",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
}


def _allowed(error: Mapping[str, Any], model: type[BaseModel]) -> str:
    """What the field may be; never what was sent."""
    if error["type"] == "extra_forbidden":
        return f"is not a key here; keys are {', '.join(_keys_beside(error['loc'], model))}"
    template = _ALLOWED.get(error["type"])
    return str(error["msg"]) if template is None else template.format(**error.get("ctx", {}))


@cache
def _schema(model: type[BaseModel]) -> Mapping[str, Any]:
    return model.model_json_schema()


def _keys_beside(location: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    """The keys that the model allows where `location` ends."""
    root = _schema(model)
    schema: Any = root
    for part in location[:-1]:
        schema = schema["items"] if isinstance(part, int) else schema["properties"][part]
        schema = schema.get("anyOf", [schema])[0]  # of what may be absent, null stands last
        while "$ref" in schema:
            schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return list(schema["properties"])
