"""Runs the FastAPI meters on a Redis of their own, asks them from several connections, and reads what CPU they took."""

import http.client
import json
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.baselines import __path__ as baselines
from benchmarks.machine import cpu_of
from local.engine import ROOT

PYTHON = ROOT / ".tools" / "bench" / "bin" / "python"
MISSING = "Redis is not installed, so that its rows are missing. Type: apt-get install redis-server"
PATHS = {
    "FastAPI alone, no store": "/nothing",
    "FastAPI + Redis, one Lua script": "/lua",
    "FastAPI + Redis: read, decide, write (lets tabs pass)": "/naive",
}
_CONNECTIONS = 8
_READERS, _ARTICLES = 100_000, 30


def available() -> bool:
    return shutil.which("redis-server") is not None


@dataclass(frozen=True)
class Server:
    """The server and its Redis: what a request costs is what both take."""

    port: int
    processes: tuple[int, int]

    def call(self, path: str, times: int) -> tuple[float, float]:
        """Seconds of CPU and wall a request, over some thousands of readers."""
        cpu, wall = self._cpu(), time.perf_counter()
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            list(pool.map(self._ask, [path] * _CONNECTIONS, [times // _CONNECTIONS] * _CONNECTIONS))
        asked = times // _CONNECTIONS * _CONNECTIONS
        return (self._cpu() - cpu) / asked, (time.perf_counter() - wall) / asked

    def granted(self, path: str, tabs: int) -> int:
        """How many of so many different articles a new reader gets who opens them all at once."""
        reader = f"reader-{random.random()}"
        with ThreadPoolExecutor(tabs) as pool:
            return sum(pool.map(lambda article: self._allowed(path, reader, article), range(tabs)))

    def _cpu(self) -> float:
        return sum(map(cpu_of, self.processes))

    def _ask(self, path: str, times: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        for _ in range(times):
            _post(connection, path, f"reader-{random.randrange(_READERS)}", random.randrange(_ARTICLES))
        connection.close()

    def _allowed(self, path: str, reader: str, article: int) -> bool:
        return bool(_post(http.client.HTTPConnection("127.0.0.1", self.port), path, reader, article)["allowed"])


def _post(connection: http.client.HTTPConnection, path: str, reader: str, article: int) -> dict[str, object]:
    content = json.dumps({"reader": reader, "article": f"article-{article}"})
    connection.request("POST", path, content, {"content-type": "application/json"})
    answer = connection.getresponse()
    found: dict[str, object] = json.loads(answer.read())
    assert answer.status == 200, found
    return found


@contextmanager
def running() -> Iterator[Server]:
    with TemporaryDirectory() as folder:
        socket = str(Path(folder) / "redis.sock")
        settings = ["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--daemonize", "no"]
        redis = subprocess.Popen(["redis-server", *settings], stdout=subprocess.DEVNULL, cwd=folder)
        program = Path(baselines[0]) / "fastapi_redis.py"
        server = subprocess.Popen([PYTHON, "-P", program, socket], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            yield Server(int(server.stdout.readline()), (server.pid, redis.pid))
        finally:
            for process in (server, redis):
                process.terminate()
                process.wait()
