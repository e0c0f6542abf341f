"""The engine behind the local service: ministack (DynamoDB, S3, SNS, Secrets Manager) with the template's resources."""

import ctypes
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import boto3

from local.template import Template

ROOT = Path(__file__).resolve().parent.parent
EXECUTABLE = ROOT / ".tools" / "ministack" / "bin" / "python"
SECRET_ID = "Secret"
FINANCE_TOPIC = "arn:aws:sns:us-east-1:000000000000:FinanceTopic"  # us-east-1: `aws_environment`; the engine's account
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": ""}  # never yours
_READY_SECONDS = 60
_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def aws_environment(endpoint: str) -> dict[str, str]:
    """What points boto3 at the engine and at nothing else."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        **_CREDENTIALS,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@contextmanager
def engine(data_dir: Path | None) -> Iterator[str]:
    """A running engine's address. What it holds is kept in `data_dir` when it is stopped, else gone."""
    port = _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [EXECUTABLE, "-m", "ministack"],
        env={**os.environ, **_settings(port, data_dir)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is ours: the engine stops last, after the gateway
        preexec_fn=end_with_the_parent if sys.platform == "linux" else None,
    )
    try:
        _wait_until_ready(endpoint, process)
        yield endpoint
    finally:
        process.terminate()
        process.wait()


def end_with_the_parent() -> None:
    """Runs in a new process (Linux): it stops in order, and keeps what it holds, also when we are killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class DataDirUnusable(Exception):  # noqa: N818
    """DATA_DIR cannot be written, or another service uses it."""


def claim(data_dir: Path) -> TextIO:
    """Makes the folder and keeps it to us until the returned file is closed.

    Two engines would overwrite each other's state when they stop. Raises `DataDirUnusable`.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise DataDirUnusable(f"Another service keeps its data in {data_dir}") from error
    except OSError as error:
        raise DataDirUnusable(f"{data_dir} cannot be used: {error.strerror}") from error
    return lock


def prepare(template: Template, data_dir: Path | None) -> None:
    """Makes the template's tables and buckets, finance's topic and the secret, where they are not there yet.

    AWS's environment must be set.
    """
    dynamodb = boto3.client("dynamodb")
    for table in template.tables.values():
        try:
            dynamodb.create_table(**table.create)
        except dynamodb.exceptions.ResourceInUseException:
            continue
        if table.ttl:
            dynamodb.update_time_to_live(
                TableName=table.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": table.ttl}
            )
    s3 = boto3.client("s3")
    for bucket in template.buckets.values():
        with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(**bucket.create)
    boto3.client("sns").create_topic(Name=FINANCE_TOPIC.rpartition(":")[2])
    secrets_manager = boto3.client("secretsmanager")
    with suppress(secrets_manager.exceptions.ResourceExistsException):
        secrets_manager.create_secret(Name=SECRET_ID, SecretString=_secret(data_dir))


def _secret(data_dir: Path | None) -> str:
    """Made on the first start; kept beside the data, for without it every reader would be a stranger."""
    fresh = json.dumps({"permanent": secrets.token_urlsafe(48)})
    if data_dir is None:
        return fresh
    path = data_dir / "secret.json"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(fresh)
    return path.read_text()


def _settings(port: int, data_dir: Path | None) -> Mapping[str, str]:
    # It checks the signatures of download links, and of nothing else
    settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "LOG_LEVEL": "ERROR", **_CREDENTIALS}
    if data_dir is not None:
        settings |= {"PERSIST_STATE": "1", "STATE_DIR": str(data_dir / "engine")}
        settings |= {"S3_PERSIST": "1", "S3_DATA_DIR": str(data_dir / "objects")}
    return settings


def _wait_until_ready(endpoint: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the engine stopped at once (exit code {process.returncode})")
        try:
            with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the engine was not ready after {_READY_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
