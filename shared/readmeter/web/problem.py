"""Errors as readers of the API see them: RFC 9457 problem documents without internals."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

_TITLES = {413: "Request Entity Too Large", 422: "Unprocessable Entity"}  # whatever this Python calls them


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: `pointer` is its JSON Pointer in the body (RFC 6901), or names it in the query."""

    pointer: str
    detail: str


@dataclass(slots=True)
class Problem(Exception):  # noqa: N818
    """Raised where a request cannot be answered; `detail` says what is allowed, never what the sender wrote."""

    status: int
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The `application/problem+json` body."""
        document: dict[str, Any] = {
            "type": "about:blank",
            "title": _TITLES.get(self.status) or HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [{"pointer": error.pointer, "detail": error.detail} for error in self.errors]
        return document

    def response(self) -> dict[str, Any]:
        """The answer in API Gateway's payload 2.0."""
        return {
            "statusCode": self.status,
            "headers": {"content-type": "application/problem+json", "cache-control": "no-store", **self.headers},
            "body": json.dumps(self.document(), ensure_ascii=False),
        }
