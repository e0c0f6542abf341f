"""Clients of a running service, and of the admin and the exports function's handlers: these with an empty site table
and buckets for each test.

With READMETER_URL (`make test-http`) the service is a deployment, and only what goes to it over HTTP is run.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from moto import mock_aws

from local.engine import ROOT
from local.template import Template
from readmeter.usage.objects import S3Objects
from tests.conftest import Running
from tests.http.deployments import Deployed, reason_to_skip
from tests.support.admin_api import SECRET, AdminClient, Clock
from tests.support.api import Api, fresh_id, site_document
from tests.support.in_process import unreachable
from tests.support.signature import signed_by
from tests.support.usage_api import TOPIC, NoItems, UsageService

AWS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


DEPLOYMENT = os.environ.get("READMETER_URL", "").rstrip("/")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
STAFF = os.environ.get("READMETER_ADMIN_URL", "").rstrip("/")


def pytest_collection_modifyitems(config: pytest.Config, items: list[Any]) -> None:
    """Against a deployment: what runs in this process is left out, what needs the local service says so."""
    if not DEPLOYMENT:
        return
    if not STAFF and urlsplit(DEPLOYMENT).hostname not in LOOPBACK:
        raise pytest.UsageError("READMETER_ADMIN_URL names the deployment's admin API: `make deploy` ends with it.")
    ours = [item for item in items if Path(__file__).parent in item.path.parents]  # it is given the whole session's
    here = [item for item in ours if not {"api", "service", "start"} & set(item.fixturenames)]
    config.hook.pytest_deselected(items=here)
    items[:] = [item for item in items if item not in here]
    for item in ours:
        if item not in here and (reason := reason_to_skip(item, is_signed=bool(STAFF))):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)  # before a test takes the credentials out of the environment
def _deployment() -> Iterator[Deployed]:
    deployed = Deployed(DEPLOYMENT, STAFF, signed_by(boto3.Session()) if STAFF else None)
    yield deployed
    for site in deployed.published:
        with suppress(OSError):
            deployed.admin("DELETE", f"/v1/admin/sites/{site}")


@pytest.fixture(scope="session")
def api(request: pytest.FixtureRequest, _deployment: Deployed) -> Api:
    """The deployment that READMETER_URL names, else the service that the tests start."""
    if DEPLOYMENT:
        return _deployment
    service: Running = request.getfixturevalue("service")
    return Api(service.api)


@pytest.fixture(scope="module")
def site(api: Api) -> str:
    """A site of the module's tests, by its id: each counts readers of its own. What is not said has its default."""
    document = site_document(fresh_id())
    api.publish(document)
    return str(document["site"])


@pytest.fixture(scope="module")
def _admin() -> Iterator[AdminClient]:
    template = Template.read(ROOT / "template.yaml")
    environment = template.functions["AdminFunction"].environment
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in {**environment, **AWS}.items():
            patch.setenv(name, value)
        dynamodb = boto3.client("dynamodb")
        for table in template.tables.values():
            dynamodb.create_table(**table.create)
        secret = {"Name": environment["SECRET_ID"], "SecretString": SECRET}
        boto3.client("secretsmanager").create_secret(**secret)
        from functions.admin import app  # noqa: PLC0415 - its last line reads the environment

        clock = Clock()
        yield AdminClient(
            app,
            app.build(environment, clock, unreachable),
            dynamodb,
            clock,
            environment["SITE_TABLE"],
            environment["METER_TABLE"],
        )


@pytest.fixture
def admin(_admin: AdminClient, monkeypatch: pytest.MonkeyPatch) -> AdminClient:
    """An admin client at noon of 2026-11-20 (UTC), with empty tables."""
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    _admin.clock.now = Clock.now
    for table in (_admin.table, _admin.meter_table):
        for item in _admin.items(table):
            _admin.dynamodb.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
    return replace(_admin)


@pytest.fixture(scope="module")
def _usage(_admin: AdminClient) -> UsageService:
    template = Template.read(ROOT / "template.yaml", {"FinanceTopic": TOPIC})
    environment = template.functions["ExportsFunction"].environment
    s3 = boto3.client("s3")
    for bucket in template.buckets.values():
        s3.create_bucket(**bucket.create)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        from functions.exports import app  # noqa: PLC0415 - its last line reads the environment

        started: list[dict[str, object]] = []
        complete_until: list[float] = []
        handler = app.build(
            environment, _admin.clock, started.append, NoItems(), lambda now: (complete_until or [now])[-1]
        )
    return UsageService(
        replace(_admin, app=app, handler=handler),
        _admin,
        _admin.clock,
        S3Objects(s3, environment["LEDGER_BUCKET"]),
        S3Objects(s3, environment["EXPORT_BUCKET"]),
        started,
        complete_until,
        dict(environment),
    )


@pytest.fixture
def usage(admin: AdminClient, _usage: UsageService) -> UsageService:
    """The exports function, at noon of 2026-11-20 (UTC), with an empty ledger and nothing exported or told."""
    _usage.started.clear()
    _usage.complete_until.clear()
    boto3.client("sns").delete_topic(TopicArn=TOPIC)
    boto3.client("sns").create_topic(Name=TOPIC.rpartition(":")[2])
    s3 = boto3.resource("s3")
    for bucket in s3.buckets.all():
        bucket.object_versions.delete(BypassGovernanceRetention=True)
    return replace(_usage, admin=admin)
