"""Exports on buckets with S3's own answers: created once, in the order of keys, tagged and locked."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from moto import mock_aws

from readmeter.usage.exports import Exporter
from readmeter.usage.ledger import objects_of
from readmeter.usage.objects import S3Objects
from readmeter.usage.period import ExportPeriod
from tests.support.engines import session
from tests.support.exports import SITE, at, read, version
from tests.support.objects import MemoryObjects

NOVEMBER = ExportPeriod.parse("2026-11")


@pytest.fixture(params=["moto", "ministack"])
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "ministack":
        url = request.getfixturevalue("ministack_url")
        path_style = Config(s3={"addressing_style": "path"})
        yield session().client("s3", endpoint_url=url, config=path_style)
    else:
        with mock_aws():
            yield session().client("s3")


def bucket(client: Any, name: str, locked: bool = False) -> S3Objects:
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked)
    return S3Objects(client, name)


def test_s3_holds_what_memory_holds(client: Any) -> None:
    made = {}
    for kind in ("s3", "memory"):
        ledger = bucket(client, "ledger-of-exports") if kind == "s3" else MemoryObjects()
        exports = bucket(client, "exports-of-exports", locked=True) if kind == "s3" else MemoryObjects()
        exporter = Exporter(ledger, exports, lambda site: [version()])
        for now, name in (("2026-11-23", "1"), ("2026-12-10", "2"), ("2026-12-20", "3")):
            rows = [read(f"r{n}", name, f"2026-11-{n:02d}") for n in range(1, 4)]
            for each in objects_of(rows, name):
                ledger.create(each.key, each.body, keep_days=90)
            exporter.run(SITE, ExportPeriod.parse("2026-11-02"), at(now))
            exporter.run(SITE, NOVEMBER, at(now))
        exporter.run(SITE, ExportPeriod.parse("2026-12"), at("2026-12-20"))
        exporter.run(SITE, ExportPeriod.parse("2026-11-02"), at("2026-12-20"))
        made[kind] = {stored.key: exports.read(stored.key) for stored in exports.stored("")}
    assert made["s3"] == made["memory"]

    [manifest] = [key for key in made["s3"] if "period=2026-11/revision=000002" in key]
    assert not S3Objects(client, "exports-of-exports").create(manifest, b"something else")
    [counted] = [key for key in made["s3"] if "period=2026-12/" in key and key.endswith("counted.parquet")]
    tags = client.get_object_tagging(Bucket="exports-of-exports", Key=counted)["TagSet"]
    assert tags == [{"Key": "keep", "Value": "90"}]
    head = client.head_object(Bucket="exports-of-exports", Key=manifest)
    assert head["ObjectLockRetainUntilDate"].timestamp() == at("2028-01-08T03:00:00")
