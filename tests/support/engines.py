"""DynamoDB engines of the contract suite, each giving fresh tables laid out as template.yaml declares them."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import boto3
from moto import mock_aws

from local.engine import ROOT
from local.template import Template
from readmeter.store.dynamodb import CLIENT_CONFIG, DynamoDB
from readmeter.store.meters import MeterStore
from readmeter.store.sites import SiteStore

CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


@dataclass(frozen=True)
class Tables:
    """Fresh meter and site tables of one engine; `client` is the boto3 client beneath `database`."""

    client: Any
    database: Any
    meter_table: str
    site_table: str

    @property
    def meters(self) -> MeterStore:
        return MeterStore(self.database, self.meter_table)

    @property
    def sites(self) -> SiteStore:
        return SiteStore(self.database, self.site_table)

    def meter_items(self) -> list[dict[str, Any]]:
        """Every item of the meter table, in DynamoDB's JSON."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.meter_table, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]


def tables(client: Any, database: Any) -> Tables:
    """Makes both tables under names of their own."""
    names = {name: f"{name}-{uuid.uuid4().hex[:8]}" for name in ("MeterTable", "SiteTable")}
    for name, table in _template().tables.items():
        client.create_table(**{**table.create, "TableName": names[name]})
    return Tables(client, database, names["MeterTable"], names["SiteTable"])


@cache
def _template() -> Template:
    return Template.read(ROOT / "template.yaml")


@cache
def session() -> boto3.Session:
    """One for all tests: boto3's own is gone with every moto, and a new one reads all of botocore's data (0.1 s)."""
    return boto3.Session(**CREDENTIALS)


def client_of(endpoint: str) -> Any:
    return session().client("dynamodb", endpoint_url=endpoint, config=CLIENT_CONFIG)


class Locked:
    """A database behind one lock: moto loses updates under threads (it says nothing about races)."""

    def __init__(self, database: DynamoDB) -> None:
        self._database = database
        self._lock = Lock()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._database, name)

        def locked(**request: Any) -> Any:
            with self._lock:
                return method(**request)

        return locked


@contextmanager
def moto_tables() -> Iterator[Tables]:
    with mock_aws():
        client = session().client("dynamodb", config=CLIENT_CONFIG)
        yield tables(client, Locked(DynamoDB(client)))
