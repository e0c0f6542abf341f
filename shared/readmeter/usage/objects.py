"""The port to S3: objects that are created once and never overwritten."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_EXISTS = {"PreconditionFailed", "412"}
_CONFLICT = {"ConditionalRequestConflict", "409"}  # S3 asks to try again: another create of the key is on its way
_ATTEMPTS = 5
_MISSING = {"NoSuchKey", "404"}


@dataclass(frozen=True, slots=True)
class Stored:
    """An object that is there: `modified` is in epoch seconds."""

    key: str
    bytes: int
    modified: float


class Objects(Protocol):
    """One bucket."""

    def create(
        self, key: str, body: bytes | Path, *, keep_days: int | None = None, locked_until: float | None = None
    ) -> bool:
        """Creates the object unless the key is taken: then nothing changes and the answer is False.

        `keep_days` tags it for the bucket's lifecycle rule of that many days. Until `locked_until` (epoch seconds)
        nobody can delete it.
        """

    def stored(self, prefix: str) -> Iterator[Stored]:
        """What begins with `prefix`, in order of the keys."""

    def read(self, key: str) -> bytes | None: ...

    def download(self, key: str, path: Path) -> None: ...

    def delete(self, key: str) -> None: ...

    def link(self, key: str, seconds: int, filename: str) -> str:
        """A URL that downloads the object as `filename` for so many seconds."""


class S3Objects:
    """`Objects` over boto3's S3 client (thread-safe, as the client is)."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def create(
        self, key: str, body: bytes | Path, *, keep_days: int | None = None, locked_until: float | None = None
    ) -> bool:
        # Objects that are locked need a checksum
        request: dict[str, Any] = {"Bucket": self._bucket, "Key": key, "IfNoneMatch": "*", "ChecksumAlgorithm": "CRC32"}
        if keep_days is not None:
            request["Tagging"] = f"keep={keep_days}"
        if locked_until is not None:
            until = datetime.fromtimestamp(locked_until).astimezone()
            request |= {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._put(body, request)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code in _EXISTS:
                    return False
                if code not in _CONFLICT or attempt == _ATTEMPTS:
                    raise
            else:
                return True
        raise AssertionError("every attempt returns or raises")

    def _put(self, body: bytes | Path, request: dict[str, Any]) -> None:
        if isinstance(body, Path):
            with body.open("rb") as file:
                self._client.put_object(Body=file, **request)
        else:
            self._client.put_object(Body=body, **request)

    def stored(self, prefix: str) -> Iterator[Stored]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            for found in page.get("Contents", []):
                yield Stored(found["Key"], found["Size"], found["LastModified"].timestamp())

    def read(self, key: str) -> bytes | None:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise

    def download(self, key: str, path: Path) -> None:
        self._client.download_file(self._bucket, key, str(path))

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def link(self, key: str, seconds: int, filename: str) -> str:
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": f'attachment; filename="{filename}"',
            },
            ExpiresIn=seconds,
        )
