"""`make run` as a person meets it: its ports, what it keeps, how it stops, and that it leaves nothing behind."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.engine import ROOT
from tests.conftest import free_port, wait_until_healthy
from tests.support.api import Api, site_document
from tests.support.stripe_events import SECRET, Stripe, body_of, signature

PROC = Path("/proc")
needs_proc = pytest.mark.skipif(not PROC.is_dir(), reason="looks at processes and sockets in /proc")
STOPS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]  # Ctrl-C, kill, a closed terminal


@dataclass
class Run:
    """One `python -m local`."""

    process: subprocess.Popen[str]
    api: Api
    newspaper: Api

    def stop(self, by: signal.Signals) -> tuple[int, str, str]:
        """Exit code, and all that it printed: output and errors."""
        self.process.send_signal(by)
        output, errors = self.process.communicate(timeout=20)
        return self.process.returncode, output, errors


Start = Callable[..., Run]


def spawn(**settings: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("PORT", "DEMO_PORT", "DATA_DIR")}
    return subprocess.Popen(
        [sys.executable, "-m", "local"],
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}", **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts services on free ports; whatever a test leaves running is ended."""
    started: list[subprocess.Popen[str]] = []

    def run(**settings: str) -> Run:
        port, demo_port = free_port(), free_port()
        process = spawn(PORT=str(port), DEMO_PORT=str(demo_port), **settings)
        started.append(process)
        api = Api(f"http://localhost:{port}")
        wait_until_healthy(api.url, process)
        return Run(process, api, Api(f"http://localhost:{demo_port}"))

    yield run
    for process in started:
        process.terminate()
        process.communicate(timeout=20)


def family(pid: int) -> set[int]:
    """The process and all that it started, by /proc."""
    parents = {int(path.name): _parent(path) for path in PROC.iterdir() if path.name.isdecimal()}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _parent(path: Path) -> int:
    try:
        return int(path.joinpath("stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has ended meanwhile
        return 0


def is_alive(pid: int) -> bool:
    return PROC.joinpath(str(pid)).exists()


@pytest.mark.parametrize("setting", ["PORT", "DEMO_PORT"])
def test_a_taken_port_is_one_line_that_says_what_to_type(setting: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        free = {"PORT": str(free_port()), "DEMO_PORT": str(free_port())}
        process = spawn(**{**free, setting: str(taken)})
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (1, "")
    assert re.fullmatch(rf"Port {taken} is taken\. .*make run PORT=\d+ DEMO_PORT=\d+\n", errors)


def test_one_port_for_both_is_taken_by_the_first() -> None:
    port = free_port()
    process = spawn(PORT=str(port), DEMO_PORT=str(port))
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (1, "")
    assert errors.startswith(f"Port {port} is taken. ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("value", ["0", "65536", "http"])
def test_what_is_no_port_is_one_line_too(value: str) -> None:
    process = spawn(PORT=value)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (1, "")
    assert errors.startswith("PORT is not a port number from 1 to 65535. ")
    assert errors.count("\n") == 1


@needs_proc
@pytest.mark.parametrize("by", STOPS, ids=lambda by: by.name)
def test_what_data_dir_names_is_kept_over_a_stop(start: Start, tmp_path: Path, by: signal.Signals) -> None:
    """Also: the stop is quick, its code is 0, it shows no traceback, and no process is left."""
    folder = tmp_path / "not" / "yet there"
    first = start(DATA_DIR=str(folder))
    first.api.publish(site_document("riotimes"))
    first.api.publish(site_document("riotimes", timezone="America/Sao_Paulo"))
    first.api.publish(site_document("gone"))
    assert first.api.admin("DELETE", "/v1/admin/sites/gone").status == 204
    reader = first.api.post({"site": "riotimes", "article": "a"}).json["reader"]
    before = first.api.post({"site": "riotimes", "article": "b", "reader": reader}).json
    assert first.api.admin("PUT", "/v1/admin/sites/riotimes/secrets/stripe", {"value": SECRET}).status == 204
    event = body_of(Stripe().checkout(int(time.time()), "ana"))
    signed = {"stripe-signature": signature(event, time.time())}
    assert first.api.call("POST", "/v1/webhooks/stripe/riotimes", event, signed).status == 200
    secret = (folder / "secret.json").read_text()
    processes = family(first.process.pid)

    code, output, errors = first.stop(by)
    assert (code, errors) == (0, "")
    assert output.endswith("Stopping.\n")
    assert len(processes) >= 2
    assert [pid for pid in processes if is_alive(pid)] == []

    second = start(DATA_DIR=str(folder))
    after = second.api.post({"site": "riotimes", "article": "b", "reader": reader}).json
    assert (after["reason"], after["used"], after["article"]) == ("repeat", 2, before["article"])
    assert after["rule"] == {"version": 2, "name": "default"}
    assert second.api.post({"site": "riotimes", "article": "c", "reader": reader}).json["used"] == 3
    assert second.api.post({"site": "gone", "article": "a"}).status == 404
    assert second.api.call("POST", "/v1/webhooks/stripe/riotimes", event, signed).status == 200
    assert second.api.admin("GET", "/v1/admin/sites/riotimes/entitlements/ana").json["entitled"]
    assert len(second.api.admin("GET", "/v1/admin/sites/riotimes/versions").json["versions"]) == 2
    assert (folder / "secret.json").read_text() == secret
    assert (folder / "secret.json").stat().st_mode & 0o077 == 0


@needs_proc
@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a child that its parent is gone")
def test_a_kill_loses_nothing_and_leaves_no_engine(start: Start, tmp_path: Path) -> None:
    first = start(DATA_DIR=str(tmp_path))
    reader = first.api.post({"site": "rio-courier", "article": "a"}).json["reader"]
    [engine] = family(first.process.pid) - {first.process.pid}
    watched = os.pidfd_open(engine)
    first.process.kill()
    first.process.communicate(timeout=20)
    ended, _, _ = select.select([watched], [], [], 20)
    os.close(watched)
    assert ended, "the engine outlived the service"

    second = start(DATA_DIR=str(tmp_path))
    after = second.api.post({"site": "rio-courier", "article": "a", "reader": reader}).json
    assert (after["reason"], after["used"]) == ("repeat", 1)


def test_two_services_cannot_keep_their_data_in_one_folder(start: Start, tmp_path: Path) -> None:
    start(DATA_DIR=str(tmp_path))
    other = spawn(PORT=str(free_port()), DEMO_PORT=str(free_port()), DATA_DIR=str(tmp_path))
    output, errors = other.communicate(timeout=30)
    assert (other.returncode, output) == (1, "")
    assert errors == f"Another service keeps its data in {tmp_path}. Choose another folder:  make run DATA_DIR=data\n"


def test_a_data_dir_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    process = spawn(PORT=str(free_port()), DEMO_PORT=str(free_port()), DATA_DIR=str(file))
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (1, "")
    assert errors.startswith(f"{file} cannot be used: ")
    assert errors.count("\n") == 1


def test_it_says_what_to_open_and_what_to_try(start: Start) -> None:
    run = start()
    answer = run.api.post({"site": "rio-courier", "article": "a-test"})  # healthy means that this too is there
    assert (answer.status, answer.json["limit"]) == (200, 5)
    _, output, errors = run.stop(signal.SIGINT)
    assert errors == ""
    assert run.newspaper.url in output
    assert f"{run.api.url}/v1/docs" in output
    assert re.findall(r"^ +(\d)\. ", output, re.MULTILINE) == ["1", "2", "3"]


@needs_proc
def test_it_listens_on_loopback_only(start: Start) -> None:
    run = start()
    ours = family(run.process.pid)
    inodes = {
        match[1]
        for pid in ours
        for link in PROC.joinpath(str(pid), "fd").iterdir()
        if (match := re.fullmatch(r"socket:\[(\d+)\]", _target(link)))
    }
    listening = [
        (fields[1].split(":")[0], int(fields[1].split(":")[1], 16))
        for table in ("tcp", "tcp6")
        if PROC.joinpath("net", table).exists()
        for fields in map(str.split, PROC.joinpath("net", table).read_text().splitlines()[1:])
        if fields[3] == "0A" and fields[9] in inodes
    ]
    ports = {urlsplit(api.url).port for api in (run.api, run.newspaper)}
    assert ports < {port for _, port in listening}  # and the engine's
    assert {address for address, _ in listening} == {"0100007F"}  # 127.0.0.1


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:  # it was closed meanwhile
        return ""


@needs_proc
def test_when_the_engine_dies_readers_can_still_read(start: Start) -> None:
    """A store that is gone is a 503 that a page survives; the newspaper, the snippet and a stop still work."""
    run = start()
    page = run.newspaper.call("GET", "/")
    assert page.status == 200
    [engine] = family(run.process.pid) - {run.process.pid}
    os.kill(engine, signal.SIGKILL)

    answer = run.api.post({"site": "rio-courier", "article": "a"}, origin=run.newspaper.url)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json) == {"type", "title", "status", "detail"}
    admin = run.api.admin("GET", "/v1/admin/sites")
    assert (admin.status, admin.headers["content-type"]) == (503, "application/problem+json")
    assert run.newspaper.call("GET", "/").body == page.body
    assert run.api.call("GET", "/v1/snippet.js").status == 200
    assert run.api.call("GET", "/v1/health").status == 200

    code, _, errors = run.stop(signal.SIGINT)
    assert code == 0
    assert "Traceback" not in errors
    assert {json.loads(line)["message"] for line in errors.splitlines()} <= {"fault"}
