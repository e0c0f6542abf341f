"""Fixtures for every suite. Nothing here touches a network but loopback."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import settings

from local.engine import ROOT, engine
from readmeter.store.dynamodb import DynamoDB
from tests.support.engines import Tables, client_of, moto_tables, tables

pytest_plugins = ("tests.support.dynamodb_local",)

# How long an example takes says how busy the machine is, and nothing else
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A worker a file, but one for all files that share a build and its deployment."""
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415 - with `-p no:xdist` there is none

    class BuiltOnce(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            return "built" if file.startswith(("tests/deploy/rehearsal/", "tests/deploy/test_build.py")) else file

    return BuiltOnce(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(autouse=True)
def _no_aws_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own AWS settings stay out of the tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session", autouse=True)
def _botocores_data_is_read_once() -> Iterator[None]:
    """Moto throws boto3's session away, and a client of a new one takes 0.1 s to read what botocore knows of AWS."""
    read = cache(JSONFileLoader().load_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: read(path))
        yield


@pytest.fixture(scope="session")
def ministack_url() -> Iterator[str]:
    """A running engine with the real wire protocol."""
    with engine(None) as url:
        yield url


@pytest.fixture
def ministack(ministack_url: str) -> Tables:
    """Fresh tables on ministack."""
    client = client_of(ministack_url)
    return tables(client, DynamoDB(client))


@pytest.fixture
def moto() -> Iterator[Tables]:
    """Fresh tables on moto, behind its lock."""
    with moto_tables() as made:
        yield made


@dataclass(frozen=True)
class Running:
    """The service as `make run` starts it, in a process of its own; `log` is all that it prints."""

    api: str
    newspaper: str
    log: Path


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The whole service and the newspaper, on free ports."""
    log = tmp_path_factory.mktemp("service") / "log.txt"
    api, paper = free_port(), free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            env={**os.environ, "PORT": str(api), "DEMO_PORT": str(paper), "PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        running = Running(f"http://localhost:{api}", f"http://localhost:{paper}", log)
        wait_until_healthy(running.api, process)
        yield running
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(api: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Until the service answers, as CONTRACT.md says when it is ready."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the service stopped with exit code {process.returncode}"
        try:
            with urllib.request.urlopen(f"{api}/v1/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    pytest.fail(f"the service was not ready after {seconds} s")
