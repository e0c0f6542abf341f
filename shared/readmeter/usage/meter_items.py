"""Where the meter items come from that the ledger is compared with: a scan, or a point-in-time export to S3."""

import base64
import gzip
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from readmeter.store.database import Item
from readmeter.usage.objects import Objects

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class MeterItems(Protocol):
    """Every item of the meter table, each time that it is called."""

    @property
    def at(self) -> float:
        """The instant (epoch seconds) up to which the items hold every read, asked for before they are read."""

    def __call__(self) -> Iterator[Item]: ...


class ItemSource(Protocol):
    """Gets the items for the reconciliation of a month (`2026-11`)."""

    def __call__(self, month: str) -> MeterItems | None:
        """The items; None while they are being made ready: ask again later."""


class ScannedItems:
    """The items by a consistent scan of the table: for local work and tests, never for a deployed table."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    @property
    def at(self) -> float:
        return self._clock()

    def __call__(self) -> Iterator[Item]:
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        for page in pages:
            yield from page["Items"]


class BrokenExport(Exception):  # noqa: N818 - its name says it
    """An export of the table is not what its manifest says."""


class PointInTimeItems:
    """The items of a finished export of the table: `folder` holds `manifest-summary.json` and the rest.

    Raises `BrokenExport` for a file that is not there, has other bytes than the manifest says, or another number of
    items.
    """

    def __init__(self, objects: Objects, folder: str) -> None:
        self._objects = objects
        self._folder = folder
        self._summary = json.loads(self._read("manifest-summary.json"))
        kind = self._summary.get("exportType", "FULL_EXPORT"), self._summary["outputFormat"]
        if kind != ("FULL_EXPORT", "DYNAMODB_JSON"):
            raise BrokenExport(f"{folder} is no full export in DynamoDB's JSON")

    @property
    def at(self) -> float:
        """The instant whose items these are."""
        return datetime.fromisoformat(self._summary["exportTime"]).timestamp()

    def __call__(self) -> Iterator[Item]:
        total = 0
        with TemporaryDirectory() as name:
            for line in self._read("manifest-files.json").splitlines():
                file = json.loads(line)
                if file["itemCount"]:
                    yield from self._items(file, Path(name) / "items.json.gz")
                total += file["itemCount"]
        if total != self._summary["itemCount"]:
            raise BrokenExport(f"the files of {self._folder} hold {total} items, not {self._summary['itemCount']}")

    def _items(self, file: dict[str, Any], path: Path) -> Iterator[Item]:
        key = f"{self._folder}data/{file['dataFileS3Key'].rpartition('/')[2]}"
        self._objects.download(key, path)
        if _md5(path) != file["md5Checksum"]:
            raise BrokenExport(f"{key} has other bytes than its manifest says")
        items = 0
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["Item"]
                items += 1
        if items != file["itemCount"]:
            raise BrokenExport(f"{key} holds {items} items, not {file['itemCount']}")

    def _read(self, name: str) -> bytes:
        body = self._objects.read(self._folder + name)
        if body is None:
            raise BrokenExport(f"{self._folder} has no {name}")
        return body


class PointInTimeExport:
    """Full exports of the table to S3, one for a month's reconciliation. `objects` is the bucket that they go to.

    What was started is written down under `items/v1/month=…/`, so that asking again, also from another process, finds
    the same export. One that failed is started anew.
    """

    def __init__(self, client: "DynamoDBClient", table_arn: str, objects: Objects, bucket: str) -> None:
        self._client = client
        self._table_arn = table_arn
        self._objects = objects
        self._bucket = bucket

    def __call__(self, month: str) -> PointInTimeItems | None:
        """The items; None while the export runs, which the first call starts."""
        prefix = f"items/v1/month={month}"
        started = [stored.key for stored in self._objects.stored(f"{prefix}/started-")]
        if not started:
            self._start(prefix, 1)
            return None
        arn = json.loads(self._objects.read(started[-1]) or b"null")
        export = self._client.describe_export(ExportArn=arn)["ExportDescription"]
        if export["ExportStatus"] == "FAILED":
            self._start(prefix, len(started) + 1)
        if export["ExportStatus"] != "COMPLETED":
            return None
        return PointInTimeItems(self._objects, f"{prefix}/AWSDynamoDB/{arn.rpartition('/')[2]}/")

    def _start(self, prefix: str, attempt: int) -> None:
        # The token is the attempt's own: of two calls at once, or of one whose answer is lost, there is one export
        token = hashlib.sha256(f"{self._table_arn}\0{prefix}\0{attempt}".encode()).hexdigest()[:32]
        export = self._client.export_table_to_point_in_time(
            TableArn=self._table_arn,
            S3Bucket=self._bucket,
            S3Prefix=prefix,
            ExportFormat="DYNAMODB_JSON",
            ClientToken=token,
        )["ExportDescription"]
        self._objects.create(f"{prefix}/started-{attempt:04d}.json", json.dumps(export["ExportArn"]).encode())


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return base64.b64encode(digest.digest()).decode()
