"""Schemathesis calls every described route, rightly and wrongly, and holds each answer to openapi.json."""

from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)

from local.engine import ROOT
from local.gateway import Gateway
from tests.support.in_process import ADMIN, in_process

HEADERS = {**ADMIN, "Accept-Encoding": "identity"}
# API Gateway answers 404, not 405, to a method that it has no route for. And JSON Schema cannot say all that makes a
# request right: sizes in bytes, control characters, JSON in text, an If-Match that matches.
EXCLUDED = [unsupported_method, positive_data_acceptance]


class Service:
    """Made when the first test needs it: Schemathesis asks for an app when the tests are collected."""

    gateway: Gateway

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.gateway(environ, start_response)


SERVICE = Service()
schema = schemathesis.openapi.from_path(ROOT / "functions" / "snippet" / "assets" / "openapi.json")
schema.app = SERVICE


@pytest.fixture(scope="module", autouse=True)
def _running() -> Iterator[None]:
    with in_process("riotimes") as SERVICE.gateway:  # the site of the examples, so that views are decided too
        yield


@schema.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case: Case) -> None:
    response = case.call(headers=HEADERS)
    # Schemathesis takes no 413 for a refusal
    too_large = [negative_data_rejection] if response.status_code == 413 else []
    case.validate_response(response, headers=HEADERS, excluded_checks=[*EXCLUDED, *too_large])
