"""Bodies of views, reports and gifts, checked by hand: importing pydantic would double the hot path's cold start.

The published schema (OpenAPI) says the same; a fuzz test holds the two together.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from readmeter.core.article import normal
from readmeter.web.problem import FieldError, Problem

MOST_IDENTITY_BYTES = 512
MOST_VIEW_BYTES = 64
MOST_SITE_CHARACTERS = 40
MOST_NAMES = 20
MOST_NAME_CHARACTERS = 64
MOST_EVENTS = 20
MOST_MILLISECONDS = 8.64e15  # either way from 1970: what JavaScript's Date can tell
EVENT_KINDS = (
    "prompt_shown",
    "prompt_dismissed",
    "subscribe_clicked",
    "sign_in_clicked",
    "register_clicked",
    "fail_open",
)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """What a page says that happened: `article` is the identity that views count by (NFC), `at` in epoch seconds."""

    kind: str
    article: str
    at: float


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
    referrer: str | None
    campaign: str | None
    gift: str | None
    locale: str | None
    unstored: bool
    events: list[ReportedEvent]


@dataclass(frozen=True, slots=True)
class Report:
    """Events that a page reports by themselves (CONTRACT: POST /v1/events)."""

    site: str
    reader: str | None
    seed: str | None
    events: list[ReportedEvent]


@dataclass(frozen=True, slots=True)
class GiftRequest:
    """An article that a signed-in reader gives away (CONTRACT: POST /v1/gifts). `article` is as views name it (NFC).

    `url`: the article's address, where `article` is none.
    """

    site: str
    identity: str
    article: str
    url: str | None


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
        referrer=fields.text("referrer"),
        campaign=fields.text("campaign"),
        gift=fields.text("gift"),
        locale=fields.text("locale"),
        unstored=fields.unstored(),
        events=fields.events(),
    )
    fields.check()
    return request


def parse_report(content: bytes) -> Report:
    """The report in a body. Raises `Problem` as `parse_view` does."""
    fields = _Fields(_json(content))
    if fields.absent("events"):
        fields.reject("events", "is required")
    report = Report(
        site=fields.required_name("site"),
        reader=fields.text("reader"),
        seed=fields.text("seed"),
        events=fields.events(),
    )
    fields.check()
    return report


def parse_gift(content: bytes) -> GiftRequest:
    """The gift in a body. Raises `Problem` as `parse_view` does."""
    fields = _Fields(_json(content))
    if fields.absent("identity"):
        fields.reject("identity", "is required")
    gift = GiftRequest(
        site=fields.required_name("site"),
        identity=fields.text("identity") or "",
        article=fields.required_identity("article"),
        url=fields.identity("url"),
    )
    fields.check()
    return gift


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
    """Reads the fields of a JSON object one by one and gathers what is wrong with them. null is absent.

    `at` is the object's own place in the body, as a JSON Pointer.
    """

    def __init__(self, data: dict[str, Any], at: str = "") -> None:
        self._data = data
        self._at = at
        self.errors: list[FieldError] = []

    def check(self) -> None:
        """Raises `Problem` 422 where anything was wrong."""
        if self.errors:
            raise Problem(422, "The request has fields that are not as they should be.", self.errors)

    def reject(self, name: str, detail: str) -> None:
        self.errors.append(FieldError(f"{self._at}/{name}", detail))

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

    def events(self) -> list[ReportedEvent]:
        value = self._data.get("events")
        if value is None:
            return []
        well_formed = isinstance(value, list) and all(isinstance(event, dict) for event in value)
        if not well_formed or len(value) > MOST_EVENTS:
            self.reject("events", f"must be a list of at most {MOST_EVENTS} objects")
            return []
        parts = [_Fields(event, f"{self._at}/events/{index}") for index, event in enumerate(value)]
        events = [ReportedEvent(part.kind(), part.required_identity("article"), part.instant()) for part in parts]
        self.errors.extend(error for part in parts for error in part.errors)
        return events

    def kind(self) -> str:
        value = self._data.get("kind")
        if value not in EVENT_KINDS:
            self.reject("kind", f"must be one of {', '.join(EVENT_KINDS)}")
        return str(value)

    def required_identity(self, name: str) -> str:
        if self.absent(name):
            self.reject(name, "is required")
        return self.identity(name) or ""

    def instant(self) -> float:
        value = self._data.get("at")
        seconds = _seconds(value)
        if seconds is None:
            self.reject("at", "must be an instant: RFC 3339 text with its offset, or milliseconds since 1970")
        return seconds or 0.0


def _seconds(instant: object) -> float | None:
    """Seconds since the epoch of RFC 3339 text, or of a number of milliseconds; None for anything else."""
    if isinstance(instant, float):
        return instant / 1000 if abs(instant) <= MOST_MILLISECONDS else None
    if not isinstance(instant, str) or not _RFC_3339.fullmatch(instant):
        return None
    try:
        return datetime.fromisoformat(instant.upper()).timestamp()
    except ValueError:  # e.g. February 30
        return None


def _fits(text: str, most_bytes: int) -> bool:
    return _encodable(text) and 0 < len(text.encode()) <= most_bytes


def _encodable(text: str) -> bool:
    """Whether `text` is Unicode: JSON can spell a lone surrogate, UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
