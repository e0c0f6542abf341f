"""Schemathesis calls every described route, rightly and wrongly, and holds each answer to openapi.json."""

import os
from collections.abc import Iterable, Iterator
from unittest import mock
from wsgiref.types import StartResponse, WSGIEnvironment

import boto3
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from moto import mock_aws
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method
from werkzeug.test import Client

from local.engine import ROOT, SECRET_ID
from local.functions import load
from local.gateway import Gateway
from local.template import Template
from tests.support.api import site_document
from tests.support.endpoint import NOW

HEADERS = {"Authorization": "Bearer local-admin", "Accept-Encoding": "identity"}
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
# API Gateway answers 404, not 405, to a method that it has no route for. And JSON Schema cannot say all that makes a
# request right: sizes in bytes, control characters, JSON in text, an If-Match that matches.
EXCLUDED = [unsupported_method, positive_data_acceptance]


class Service:
    """The gateway and the real handlers over tables in memory, made when the first test needs them."""

    gateway: Gateway

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.gateway(environ, start_response)


service_ = Service()
schema = schemathesis.openapi.from_path(ROOT / "functions" / "snippet" / "assets" / "openapi.json")
schema.app = service_


@pytest.fixture(scope="module", autouse=True)
def _running() -> Iterator[None]:
    template = Template.read(ROOT / "template.yaml", {"Secret": SECRET_ID})
    with mock_aws(), mock.patch.dict(os.environ, ENVIRONMENT):
        for table in template.tables.values():
            boto3.client("dynamodb").create_table(**table.create)
        boto3.client("secretsmanager").create_secret(Name=SECRET_ID, SecretString='{"permanent": "of the tests"}')
        handlers = load(template.functions, lambda: NOW, {"SITE_CACHE_SECONDS": "0"})
        service_.gateway = Gateway(template.routes, handlers, lambda: NOW)
        rio = site_document("riotimes")  # the site of the examples, so that views are decided too
        assert Client(service_).put("/v1/admin/sites/riotimes", json=rio, headers=HEADERS).status_code == 201
        yield


@schema.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case: Case) -> None:
    case.call_and_validate(headers=HEADERS, excluded_checks=EXCLUDED)
