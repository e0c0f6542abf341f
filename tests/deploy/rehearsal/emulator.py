"""ministack as AWS for a rehearsal: IAM enforced, TLS, functions on their own Python. Not the engine of `make run`."""

from __future__ import annotations

import importlib.util
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from local.engine import end_with_the_parent
from tests.conftest import free_port
from tests.deploy.conftest import ROOT

REGION = "us-east-1"
ACCOUNT = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}  # the account's root: asked of no policy
RUNTIME = ROOT / ".tools" / "python3.13" / "bin" / "python"
OF_THE_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")  # what Lambda brings


@dataclass(frozen=True)
class Emulator:
    """A running emulator; `certificate` is the file that its TLS is trusted by."""

    url: str
    certificate: Path

    def client(self, service: str, **credentials: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            verify=str(self.certificate),
            region_name=REGION,
            **(credentials or ACCOUNT),
        )

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.certificate)

    @property
    def environment(self) -> Mapping[str, str]:
        """What points the AWS tools at the emulator, and at nobody's account."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_CA_BUNDLE": str(self.certificate),
            "AWS_ACCESS_KEY_ID": ACCOUNT["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": ACCOUNT["aws_secret_access_key"],
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def emulator(folder: Path) -> Iterator[Emulator]:
    """An emulator that keeps all it has in `folder`."""
    port = free_port()
    settings = {
        "AUTH": "true",
        "USE_SSL": "1",
        "TMPDIR": str(folder),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": f"{REGION}.amazonaws.com",  # so that the printed addresses are its own
        "LOG_LEVEL": "ERROR",
        "PYTHONPATH": os.pathsep.join(map(str, (_runtime(folder / "runtime"), _ministack()))),
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(
            [RUNTIME, "-m", "ministack"],  # it runs functions with the Python that it runs on
            env={**inherited, **settings},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_the_parent if sys.platform == "linux" else None,
        )
    try:
        made = Emulator(f"https://localhost:{port}", folder / "ministack-tls" / "server.crt")
        _wait_until_ready(made, process)
        yield made
    finally:
        process.kill()  # in order it would wait half a minute for open connections; functions end with it
        process.wait()


def _runtime(folder: Path) -> Path:
    """The libraries of Lambda's Python, which the layer leaves out: those that the tests run with."""
    folder.mkdir()
    for name in OF_THE_RUNTIME:
        spec = importlib.util.find_spec(name)
        assert spec
        assert spec.origin
        where = Path(spec.origin)
        where = where.parent if where.name == "__init__.py" else where
        (folder / where.name).symlink_to(where)
    return folder


def _ministack() -> Path:
    [packages] = (ROOT / ".tools" / "ministack" / "lib").glob("python3*/site-packages")
    return packages


def _wait_until_ready(made: Emulator, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the emulator stopped with exit code {process.returncode}"
        try:
            with urllib.request.urlopen(f"{made.url}/_ministack/health", timeout=5, context=made.trust):
                return
        except (FileNotFoundError, urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"the emulator was not ready after {seconds} s")
