"""The gateway and the deployed handlers in this process, over tables in memory: what they say and log can be seen."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn
from unittest import mock

import boto3
from moto import mock_aws
from werkzeug.test import Client

from local.engine import ROOT, SECRET_ID
from local.functions import load
from local.gateway import Gateway
from local.template import Template
from readmeter.outside.fetch import Unfetched
from tests.support.api import site_document
from tests.support.endpoint import NOW

ADMIN = {"Authorization": "Bearer local-admin"}
_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}

# The clock stands still, and so would a token bucket.
_SETTINGS = {"SITE_CACHE_SECONDS": "0", "NETWORK_BURST": "1000000"}


def unreachable(url: str) -> NoReturn:
    """There is no network."""
    raise Unfetched("cannot be reached")


# No job runs, and nothing flows from the meter table to the ledger.
_FETCHES: dict[str, object] = {"fetch": unreachable}
_PARTS = {
    "ExportsFunction": {"start": lambda event: None, "progress": lambda now: now},
    "AdminFunction": _FETCHES,
    "RefreshFunction": _FETCHES,
}


@contextmanager
def in_process(site: str, watch: Callable[[str, Any], object] = lambda service, client: None) -> Iterator[Gateway]:
    """A gateway at which `site` is published. `watch` is told of every boto3 client that the handlers make."""
    template = Template.read(ROOT / "template.yaml", {"Secret": SECRET_ID})
    make = boto3.client

    def watched(service: str, **given: Any) -> Any:
        client = make(service, **given)
        watch(service, client)
        return client

    with mock_aws(), mock.patch.dict(os.environ, _ENVIRONMENT):
        for table in template.tables.values():
            make("dynamodb").create_table(**table.create)
        for bucket in template.buckets.values():
            make("s3").create_bucket(**bucket.create)
        make("secretsmanager").create_secret(Name=SECRET_ID, SecretString='{"permanent": "of the tests"}')
        with mock.patch("boto3.client", watched):
            handlers = load(template.functions, lambda: NOW, _SETTINGS, _PARTS)
        gateway = Gateway(template.routes, handlers, lambda: NOW)
        published = Client(gateway).put(f"/v1/admin/sites/{site}", json=site_document(site), headers=ADMIN)
        assert published.status_code == 201
        yield gateway
