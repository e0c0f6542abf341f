"""Answers of the admin API: JSON and problem documents that nobody caches."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.event_handler import Response

from readmeter.web.problem import Problem

Answer = Response[str]


def instant(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC: `2026-11-22T12:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def compact(data: Mapping[str, Any]) -> str:
    """The data as JSON text."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def json_answer(data: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return text_answer(status, "application/json", compact(data), headers or {})


def text_answer(status: int, content_type: str, body: str, headers: Mapping[str, str]) -> Answer:
    return Response(status, content_type, body, {"cache-control": "no-store", **headers})


def nothing() -> Answer:
    """What was asked for is done, and there is nothing to say of it."""
    return Response(204, body="")


def refusal(problem: Problem) -> Answer:
    return text_answer(problem.status, "application/problem+json", compact(problem.document()), problem.headers)


def no_such_site() -> Problem:
    return Problem(404, "There is no such site.")


def busy() -> Problem:
    return Problem(503, "The store cannot answer now; try again.", headers={"retry-after": "1"})
