"""A client of the admin function's handler, with an empty site table for each test."""

from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from local.engine import ROOT
from local.template import Template
from tests.support.admin_api import SECRET, AdminClient, Clock

AWS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@pytest.fixture(scope="module")
def _admin() -> Iterator[AdminClient]:
    template = Template.read(ROOT / "template.yaml")
    environment = template.functions["AdminFunction"].environment
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in {**environment, **AWS}.items():
            patch.setenv(name, value)
        dynamodb = boto3.client("dynamodb")
        dynamodb.create_table(**template.tables["SiteTable"].create)
        secret = {"Name": environment["SECRET_ID"], "SecretString": SECRET}
        boto3.client("secretsmanager").create_secret(**secret)
        from functions.admin import app  # noqa: PLC0415 - its last line reads the environment

        clock = Clock()
        yield AdminClient(app, app.build(environment, clock), dynamodb, clock, environment["SITE_TABLE"])


@pytest.fixture
def admin(_admin: AdminClient, monkeypatch: pytest.MonkeyPatch) -> AdminClient:
    """An admin client at noon of 2026-11-20 (UTC), with an empty site table."""
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    _admin.clock.now = Clock.now
    for item in _admin.items():
        _admin.dynamodb.delete_item(TableName=_admin.table, Key={"pk": item["pk"], "sk": item["sk"]})
    return replace(_admin)
