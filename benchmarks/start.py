"""Time to first answer: from the start of a process to a handler's first answer, and what it loads for that."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import kinds, lambdas, stub
from benchmarks.figures import Headline, Part, Spread, Table, times
from benchmarks.machine import peak_memory
from local.engine import ROOT
from tools.finish_build import compile_in_place

_WARM = 2  # starts that fill the page cache
_IN_THE_LAYER = ("readmeter", "aws_lambda_powertools", "typing_extensions")  # what the views function loads of it
_DEPLOYED = "Readmeter, byte code compiled as deployed"
_UNCOMPILED = "Readmeter, as `sam build` alone leaves it (no byte code)"
_BASELINES = (lambdas.BOTO3, lambdas.POWERTOOLS, lambdas.SIGNED)

_BEFORE = """\
Process start to first answer of a new environment, in ms, least / middle / most of {runs} starts in a shuffled
order, page cache warm. Everything else that is loaded (Python's library, boto3) has its byte code, as in
Lambda's runtime. Readmeter's first answer fetches its secret and the site's rules before it counts: two
clients, two TLS connections, three requests. The baselines make one. Each loads botocore's whole bundle of
authorities, as in production."""

_AFTER = """\
Lambda adds the start of its own sandbox, and gives a function of 1,024 MB 0.58 of a processor. A start is paid by
the first view of each environment only. See [decision 0001](decisions/0001-boto3-on-the-hot-path.md) on what boto3
costs here and why it is there."""


@dataclass(frozen=True)
class Start:
    """Milliseconds of CPU and wall, peak memory in MiB, modules loaded when the answer was out."""

    cpu: float
    wall: float
    memory: float
    modules: int


def measure(runs: int) -> Part:
    canned, make = kinds.prepared()
    with TemporaryDirectory() as folder, stub.running(canned) as running:
        with lambdas.running(lambdas.READMETER, running) as readmeter:
            counted = make(lambda event: readmeter.call(event).answer)[0]
        programs = {
            _DEPLOYED: ("app", _laid_out(Path(folder) / "deployed", compiled=True), counted.event),
            _UNCOMPILED: ("app", _laid_out(Path(folder) / "uncompiled", compiled=False), counted.event),
            **{name: (lambdas.BASELINES[name], None, lambdas.BASELINE_EVENT) for name in _BASELINES},
        }
        found: dict[str, list[Start]] = {name: [] for name in programs}
        for round_ in range(_WARM + runs):
            for name in random.sample(list(programs), len(programs)):
                module, path, event = programs[name]
                started = _start(module, event, lambdas.environment(running, path))
                if round_ >= _WARM:
                    found[name].append(started)
    ours = _cpu(found, _DEPLOYED).middle
    rows = [
        (
            name,
            _cpu(found, name).text(),
            Spread([each.wall for each in starts]).text(),
            str(max(each.modules for each in starts)),
            f"{max(each.memory for each in starts):.0f}",
            times(_cpu(found, name).middle, ours),
        )
        for name, starts in found.items()
    ]
    table = Table(("start of", "CPU ms", "wall ms", "modules", "peak MiB", "CPU, of Readmeter's as deployed"), rows)
    headlines = [
        Headline("CPU from process start to first answer", "ms", ours, name, _cpu(found, name).middle, timed=True)
        for name in (lambdas.BOTO3, lambdas.POWERTOOLS, _UNCOMPILED)
    ]
    return Part("start", _BEFORE.format(runs=runs), [table], _AFTER, headlines)


def _laid_out(folder: Path, *, compiled: bool) -> str:
    """The layer and the function as Lambda unpacks them; the answer is their PYTHONPATH. boto3 is the runtime's."""
    layer, function = folder / "layer", folder / "function"
    layer.mkdir(parents=True)
    for name in _IN_THE_LAYER:
        spec = find_spec(name)
        assert spec is not None
        source = Path(str(spec.origin))
        if source.name == "__init__.py":
            shutil.copytree(source.parent, layer / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, layer)
    shutil.copytree(ROOT / "functions" / "views", function, ignore=shutil.ignore_patterns("__pycache__"))
    if compiled:
        assert all(compile_in_place(each) for each in (layer, function))
    return f"{layer}:{function}"


def _start(module: str, event: str, environment: Mapping[str, str]) -> Start:
    """One start, until the answer is out; CPU is that of the whole process, its end (1 ms) too."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-P", str(lambdas.CALLER), module],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"event": event, "times": 1}) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    wall = time.perf_counter() - began
    memory = peak_memory(process.pid)
    process.stdin.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    process.stdout.close()
    answered = json.loads(line)
    assert json.loads(answered["answer"])["statusCode"] == 200
    return Start((used.ru_utime + used.ru_stime) * 1e3, wall * 1e3, memory, answered["modules"])


def _cpu(found: Mapping[str, list[Start]], name: str) -> Spread:
    return Spread([each.cpu for each in found[name]])
