"""Lambda handlers in processes of their own, called by turns: Readmeter's and the baselines'."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from benchmarks import kinds
from benchmarks.stub import Stub
from local.engine import ROOT, SECRET_ID
from local.template import Template

CALLER = ROOT / "benchmarks" / "caller.py"
READMETER = "functions.views.app"
BASELINES = {
    "bare boto3, one UpdateItem": "benchmarks.baselines.bare_boto3",
    "Powertools resolver, pydantic, logger, metrics, boto3": "benchmarks.baselines.powertools_pydantic",
    "hand-written client, one UpdateItem": "benchmarks.baselines.signed_http",
    "read, decide, write by boto3 (lets tabs pass)": "benchmarks.baselines.read_decide_write",
}
BOTO3, POWERTOOLS, SIGNED, NAIVE = BASELINES
BASELINE_EVENT = kinds.event(kinds.body("article", ""), "application/json")


@dataclass(frozen=True)
class Called:
    """Seconds of CPU and wall a call, the modules that the process has loaded, the last answer in payload 2.0."""

    cpu: float
    wall: float
    modules: int
    answer: dict[str, Any]


@dataclass(frozen=True)
class Lambda:
    """One running handler."""

    process: subprocess.Popen[str]

    def call(self, event: str, times: int = 1) -> Called:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"event": event, "times": times}) + "\n")
        self.process.stdin.flush()
        found = json.loads(self.process.stdout.readline())
        return Called(found["cpu"], found["wall"], found["modules"], json.loads(found["answer"]))


@contextmanager
def running(module: str, stub: Stub, path: str | None = None) -> Iterator[Lambda]:
    """`path` is where Python finds the handler: this folder's sources unless said otherwise."""
    process = subprocess.Popen(
        [sys.executable, "-P", str(CALLER), module],
        env=environment(stub, path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Lambda(process)
    finally:
        process.communicate()


def environment(stub: Stub, path: str | None = None) -> Mapping[str, str]:
    """As a function's own: nothing of this shell's but where programs are."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": path or f"{ROOT / 'shared'}:{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "POWERTOOLS_TRACE_DISABLED": "1",
        **_declared(),
        "NETWORK_BURST": "1000000000",  # every request comes from one address here
        **stub.environment(),
    }


@cache
def _declared() -> Mapping[str, str]:
    return Template.read(ROOT / "template.yaml", {"Secret": SECRET_ID}).functions["ViewsFunction"].environment
