"""What a run was made on, and how much others used of it meanwhile. Linux: it reads /proc."""

import os
import platform
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
QUIET = 0.06  # of the machine used by others, at most
_PATIENCE = 20.0  # seconds
_LOOK = 0.7  # seconds


@dataclass
class Load:
    """The share of the whole machine's CPU time that others used; known when the measurement is over."""

    foreign: float = 0.0


@contextmanager
def watched() -> Iterator[Load]:
    """Waits a little for a quiet machine, then counts what others use of it.

    Only processes that have ended count as ours: those that are started within have to end within.
    """
    _wait_for_quiet()
    load, began, busy, own = Load(), time.monotonic(), _busy(), _own()
    yield load
    elapsed = (time.monotonic() - began) * (os.cpu_count() or 1)
    load.foreign = max(0.0, (_busy() - busy - (_own() - own)) / elapsed)


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a running process and all its threads have used, to the nanosecond."""
    stats = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(stat.read_text().split()[0]) for stat in stats) / 1e9


def peak_memory(pid: int) -> float:
    """MiB that a running process has had in memory at the most since its program began."""
    return next(int(line.split()[1]) for line in _lines(f"/proc/{pid}/status") if line.startswith("VmHWM")) / 1024


def described() -> str:
    """The machine in a line."""
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")) / 2**20
    system = next((line.split('"')[1] for line in _lines("/etc/os-release") if line.startswith("PRETTY_NAME")), "Linux")
    return f"{os.cpu_count()} x {model} ({platform.machine()}), {memory:.0f} GiB, {system}, kernel {platform.release()}"


def _wait_for_quiet() -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        before = _busy()
        time.sleep(_LOOK)
        if (_busy() - before) / _LOOK / (os.cpu_count() or 1) < QUIET:
            return


def _busy() -> float:
    """Seconds of CPU that all processes have used: all but idle and waiting."""
    fields = [int(field) for field in _lines("/proc/stat")[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / _TICKS


def _own() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
