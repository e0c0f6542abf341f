"""Where the meter items come from: a scan on both engines, and an export of the table as AWS lays it out."""

import base64
import gzip
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from moto import mock_aws

from readmeter.store.database import Item
from readmeter.usage.meter_items import BrokenExport, PointInTimeExport, PointInTimeItems, ScannedItems
from readmeter.usage.objects import S3Objects
from tests.support.engines import Tables, session
from tests.support.items import item, rows
from tests.support.objects import MemoryObjects

BUCKET = "ledger"
FOLDER = "items/v1/month=2026-11/AWSDynamoDB/0179-abc/"
STAMP = "2026-11-22|1|anonymous|reader"
STORED = [item("P#default#2026-11", {"a": STAMP, "b": STAMP}, reader=name) for name in ("ana", "ben", "eva")]


def rows_said(items: Iterator[Item]) -> set[object]:
    return set(rows(*items))


def put_all(tables: Tables, items: Sequence[dict[str, Any]]) -> None:
    for each in items:
        tables.client.put_item(TableName=tables.meter_table, Item=each)


class TestScan:
    @pytest.fixture(params=["moto", "ministack"])
    def tables(self, request: pytest.FixtureRequest) -> Tables:
        found: Tables = request.getfixturevalue(request.param)
        return found

    def test_every_item_comes_over_all_pages(self, tables: Tables) -> None:
        many = [item("P#default#2026-11", {f"{number}": STAMP}, reader=f"r{number}") for number in range(60)]
        padded = [{**each, "pad": {"S": "x" * 30_000}} for each in many]  # a page is 1 MB
        put_all(tables, padded)
        source = ScannedItems(tables.client, tables.meter_table, clock=lambda: 7.0)
        assert source.at == 7.0
        for _ in range(2):
            assert rows_said(source()) == set(rows(*many))


def export(objects: MemoryObjects, files: Sequence[Sequence[dict[str, Any]]] = (STORED[:2], STORED[2:], ())) -> None:
    """Leaves what DynamoDB leaves of a finished export (Developer Guide, "DynamoDB table export output format")."""
    listed = []
    for number, items in enumerate(files):
        lines = "".join(json.dumps({"Item": in_json(each)}) + "\n" for each in items)
        body = gzip.compress(lines.encode())
        key = f"{FOLDER}data/{number}.json.gz"
        objects.create(key, body)
        md5 = hashlib.md5(body).digest()
        checks = {"md5Checksum": base64.b64encode(md5).decode(), "etag": f"{md5.hex()}-1"}
        listed.append({"itemCount": len(items), **checks, "dataFileS3Key": key})
    summary = {
        "version": "2023-08-01",
        "exportTime": "2026-12-04T00:00:00.500Z",
        "manifestFilesS3Key": f"{FOLDER}manifest-files.json",
        "itemCount": sum(len(items) for items in files),
        "outputFormat": "DYNAMODB_JSON",
        "exportType": "FULL_EXPORT",
    }
    objects.create(f"{FOLDER}_started", b"")
    objects.create(f"{FOLDER}manifest-files.json", "".join(json.dumps(each) + "\n" for each in listed).encode())
    objects.create(f"{FOLDER}manifest-summary.json", json.dumps(summary).encode())


def in_json(each: dict[str, Any]) -> dict[str, Any]:
    return {**each, "a": {"BS": [base64.b64encode(digest).decode() for digest in each["a"]["BS"]]}}


class TestPointInTimeItems:
    def test_every_item_of_every_file_comes(self) -> None:
        objects = MemoryObjects()
        export(objects)
        items = PointInTimeItems(objects, FOLDER)
        assert items.at == 1_796_342_400.5
        for _ in range(2):
            assert rows_said(items()) == set(rows(*STORED))

    def test_a_changed_byte_is_noticed(self) -> None:
        objects = MemoryObjects()
        export(objects)
        key = f"{FOLDER}data/1.json.gz"
        objects.bodies[key] = objects.bodies[key][:-1] + b"\1"
        with pytest.raises(BrokenExport, match="other bytes"):
            list(PointInTimeItems(objects, FOLDER)())

    def test_another_number_of_items_than_a_file_should_have_is_noticed(self) -> None:
        objects = MemoryObjects()
        export(objects)
        key = f"{FOLDER}manifest-files.json"
        objects.bodies[key] = objects.bodies[key].replace(b'"itemCount": 2', b'"itemCount": 3')
        with pytest.raises(BrokenExport, match="2 items, not 3"):
            list(PointInTimeItems(objects, FOLDER)())

    def test_a_file_that_the_manifest_leaves_out_is_noticed(self) -> None:
        objects = MemoryObjects()
        export(objects)
        key = f"{FOLDER}manifest-files.json"
        objects.bodies[key] = objects.bodies[key].splitlines(keepends=True)[0]
        with pytest.raises(BrokenExport, match="2 items, not 3"):
            list(PointInTimeItems(objects, FOLDER)())

    @pytest.mark.parametrize("name", ["manifest-summary.json", "manifest-files.json"])
    def test_an_export_without_its_manifest_is_none(self, name: str) -> None:
        objects = MemoryObjects()
        export(objects)
        objects.delete(FOLDER + name)
        with pytest.raises(BrokenExport, match=name):
            list(PointInTimeItems(objects, FOLDER)())

    @pytest.mark.parametrize("kind", [(b"DYNAMODB_JSON", b"ION"), (b"FULL_EXPORT", b"INCREMENTAL_EXPORT")])
    def test_an_export_of_another_kind_is_refused(self, kind: tuple[bytes, bytes]) -> None:
        objects = MemoryObjects()
        export(objects)
        key = f"{FOLDER}manifest-summary.json"
        objects.bodies[key] = objects.bodies[key].replace(*kind)
        with pytest.raises(BrokenExport, match="no full export"):
            PointInTimeItems(objects, FOLDER)


@dataclass
class Exports:
    """DynamoDB's side of exports: `status` is what it says of the newest."""

    status: str = "IN_PROGRESS"
    requests: list[dict[str, Any]] = field(default_factory=list)

    def export_table_to_point_in_time(self, **request: Any) -> dict[str, Any]:
        if request not in self.requests:
            self.requests.append(request)
        return {"ExportDescription": {"ExportArn": f"arn:table/meter/export/0179-{'abc'[len(self.requests) - 1 :]}"}}

    def describe_export(self, ExportArn: str) -> dict[str, Any]:  # noqa: N803 - DynamoDB's name
        return {"ExportDescription": {"ExportArn": ExportArn, "ExportStatus": self.status}}


class TestPointInTimeExport:
    def source(self, exports: Exports, objects: MemoryObjects) -> PointInTimeExport:
        return PointInTimeExport(exports, "arn:table/meter", objects, BUCKET)  # type: ignore[arg-type]

    def test_it_starts_once_and_gives_the_items_when_they_are_there(self) -> None:
        exports, objects = Exports(), MemoryObjects()
        for _ in range(3):
            assert self.source(exports, objects)("2026-11") is None
        [request] = exports.requests
        assert {name: request[name] for name in ("TableArn", "S3Bucket", "S3Prefix", "ExportFormat")} == {
            "TableArn": "arn:table/meter",
            "S3Bucket": BUCKET,
            "S3Prefix": "items/v1/month=2026-11",
            "ExportFormat": "DYNAMODB_JSON",
        }
        export(objects)
        exports.status = "COMPLETED"
        items = self.source(exports, objects)("2026-11")
        assert items is not None
        assert rows_said(items()) == set(rows(*STORED))
        assert len(exports.requests) == 1

    def test_a_start_whose_answer_was_lost_is_the_same_export(self) -> None:
        exports = Exports()
        for _ in range(2):
            self.source(exports, MemoryObjects())("2026-11")
        assert len(exports.requests) == 1
        self.source(exports, MemoryObjects())("2026-12")
        assert len({request["ClientToken"] for request in exports.requests}) == 2

    def test_one_that_failed_is_started_anew(self) -> None:
        exports, objects = Exports(), MemoryObjects()
        self.source(exports, objects)("2026-11")
        exports.status = "FAILED"
        assert self.source(exports, objects)("2026-11") is None
        exports.status = "IN_PROGRESS"
        assert self.source(exports, objects)("2026-11") is None
        assert len({request["ClientToken"] for request in exports.requests}) == 2


def test_the_lines_of_an_export_that_another_implementation_wrote() -> None:
    """moto writes the data files of an export, and no manifests: these are written beside them here."""
    with mock_aws():
        s3 = session().client("s3")
        s3.create_bucket(Bucket=BUCKET)
        dynamodb = session().client("dynamodb")
        key = {"AttributeType": "S"}
        arn = dynamodb.create_table(
            TableName="meter",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", **key}, {"AttributeName": "sk", **key}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )["TableDescription"]["TableArn"]
        dynamodb.update_continuous_backups(
            TableName="meter", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        for each in STORED:
            dynamodb.put_item(TableName="meter", Item=each)
        bucket = S3Objects(s3, BUCKET)
        source = PointInTimeExport(dynamodb, arn, bucket, BUCKET)
        assert source("2026-11") is None
        [started] = bucket.stored("items/v1/month=2026-11/started-")
        export_arn = json.loads(bucket.read(started.key) or b"")
        deadline = time.monotonic() + 20
        while describe(dynamodb, export_arn) == "IN_PROGRESS":
            assert time.monotonic() < deadline
        assert describe(dynamodb, export_arn) == "COMPLETED"
        [data] = [each.key for each in bucket.stored("items/v1/month=2026-11/AWSDynamoDB/")]
        body = bucket.read(data) or b""
        folder = f"items/v1/month=2026-11/AWSDynamoDB/{export_arn.rpartition('/')[2]}/"
        checksum = base64.b64encode(hashlib.md5(body).digest()).decode()
        listed = {"itemCount": 3, "md5Checksum": checksum, "dataFileS3Key": f"{folder}data/0.json.gz"}
        summary = {"exportTime": "2026-12-04T00:00:00Z", "itemCount": 3, "outputFormat": "DYNAMODB_JSON"}
        bucket.create(f"{folder}data/0.json.gz", body)
        bucket.create(f"{folder}manifest-files.json", json.dumps(listed).encode())
        bucket.create(f"{folder}manifest-summary.json", json.dumps(summary).encode())
        items = source("2026-11")
        assert items is not None
        assert rows_said(items()) == set(rows(*STORED))


def describe(dynamodb: Any, arn: str) -> str:
    return str(dynamodb.describe_export(ExportArn=arn)["ExportDescription"]["ExportStatus"])
