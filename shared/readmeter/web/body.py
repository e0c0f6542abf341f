"""The body of a view request, checked by hand: importing pydantic would double the hot path's cold start.

The published schema (OpenAPI) says the same; a fuzz test holds the two together.
"""

import json
import unicodedata
from dataclasses import dataclass
from typing import Any, NoReturn

from readmeter.core.article import normal
from readmeter.web.problem import FieldError, Problem

MOST_IDENTITY_BYTES = 512
MOST_VIEW_BYTES = 64
MOST_SITE_CHARACTERS = 40
MOST_NAMES = 20
MOST_NAME_CHARACTERS = 64
MOST_EVENTS = 20


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """A view as a page reports it (CONTRACT: POST /v1/views). `article` and `url` are NFC; at least one is there."""

    site: str
    article: str | None
    url: str | None
    reader: str | None
    seed: str | None
    view: str | None
    state: str | None
    identity: str | None
    sections: list[str]
    tags: list[str]
    locale: str | None
    unstored: bool


def parse_view(content: bytes) -> ViewRequest:
    """The view request in a body. Raises `Problem` 400 (not JSON) or 422 (each wrong field named)."""
    fields = _Fields(_json(content))
    site = fields.required_name("site")
    article = fields.identity("article")
    url = fields.identity("url")
    if fields.absent("article") and fields.absent("url"):
        fields.reject("article", "`article` or `url` is required")
    request = ViewRequest(
        site=site,
        article=article,
        url=url,
        reader=fields.text("reader"),
        seed=fields.text("seed"),
        view=fields.view(),
        state=fields.text("state"),
        identity=fields.text("identity"),
        sections=fields.names("sections"),
        tags=fields.names("tags"),
        locale=fields.text("locale"),
        unstored=fields.unstored(),
    )
    for name in ("referrer", "campaign", "gift"):
        fields.text(name)
    fields.check_events()
    if fields.errors:
        raise Problem(422, "The request has fields that are not as they should be.", fields.errors)
    return request


def _json(content: bytes) -> dict[str, Any]:
    try:
        data = json.loads(content.decode(), parse_constant=_no_constant, parse_int=float)
    except UnicodeDecodeError as error:
        raise Problem(400, "The body is not UTF-8 text.") from error
    except (ValueError, RecursionError) as error:
        raise Problem(400, "The body is not JSON.") from error
    if not isinstance(data, dict):
        raise Problem(422, "The body has to be a JSON object.", [FieldError("", "must be an object")])
    return data


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


class _Fields:
    """Reads the fields of a JSON object one by one and gathers what is wrong with them. null is absent."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self.errors: list[FieldError] = []

    def reject(self, name: str, detail: str) -> None:
        self.errors.append(FieldError(f"/{name}", detail))

    def absent(self, name: str) -> bool:
        return self._data.get(name) is None

    def text(self, name: str) -> str | None:
        value = self._data.get(name)
        if value is None or isinstance(value, str):
            return value
        self.reject(name, "must be a string")
        return None

    def required_name(self, name: str) -> str:
        value = self.text(name)
        if self.absent(name):
            self.reject(name, "is required")
        elif value is not None and not 0 < len(value) <= MOST_SITE_CHARACTERS:
            self.reject(name, f"must have 1 to {MOST_SITE_CHARACTERS} characters")
        return value or ""

    def identity(self, name: str) -> str | None:
        value = self.text(name)
        if value is None:
            return None
        value = normal(value)
        if not _fits(value, MOST_IDENTITY_BYTES):
            self.reject(name, f"must have 1 to {MOST_IDENTITY_BYTES} bytes in UTF-8 (NFC)")
        elif any(unicodedata.category(character) == "Cc" for character in value):
            self.reject(name, "must not hold control characters")
        return value

    def view(self) -> str | None:
        value = self.text("view")
        if value is not None and not _fits(value, MOST_VIEW_BYTES):
            self.reject("view", f"must have 1 to {MOST_VIEW_BYTES} bytes in UTF-8")
        return value

    def names(self, field: str) -> list[str]:
        value = self._data.get(field)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > MOST_NAMES:
            self.reject(field, f"must be a list of at most {MOST_NAMES} strings")
            return []
        for index, name in enumerate(value):
            if not isinstance(name, str) or len(name) > MOST_NAME_CHARACTERS or not _encodable(name):
                self.reject(f"{field}/{index}", f"must be a string of at most {MOST_NAME_CHARACTERS} characters")
        return value

    def unstored(self) -> bool:
        value = self._data.get("storage")
        if value not in (None, "none"):
            self.reject("storage", 'must be "none" or absent')
        return value == "none"

    def check_events(self) -> None:
        value = self._data.get("events")
        well_formed = isinstance(value, list) and all(isinstance(event, dict) for event in value)
        if value is not None and not (well_formed and len(value) <= MOST_EVENTS):
            self.reject("events", f"must be a list of at most {MOST_EVENTS} objects")


def _fits(text: str, most_bytes: int) -> bool:
    return _encodable(text) and 0 < len(text.encode()) <= most_bytes


def _encodable(text: str) -> bool:
    """Whether `text` is Unicode: JSON can spell a lone surrogate, UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
