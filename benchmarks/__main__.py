"""`make bench`: every part by turns, each on as quiet a machine as it gets; whole runs write docs/performance.md.

PART=snippet,page measures those alone and prints them. RUNS=21 is how often each thing is measured.
"""

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version

from benchmarks import cost, decisions, exports, page, requests, snippet, start
from benchmarks.document import PATH, Run, document, section
from benchmarks.figures import Part
from benchmarks.machine import described, watched
from benchmarks.redis_meters import PYTHON

MEASURES: dict[str, Callable[[int], Part]] = {
    "decisions": decisions.measure,
    "start": start.measure,
    "requests": requests.measure,
    "snippet": snippet.measure,
    "page": page.measure,
    "exports": exports.measure,
    "cost": cost.measure,
}
_RUNS = 15
_PACKAGES = ("boto3", "aws-lambda-powertools", "pydantic", "duckdb")
_BASELINE_PACKAGES = ("fastapi", "uvicorn", "redis")


def main() -> int:
    wanted = os.environ.get("PART") or ",".join(MEASURES)
    unknown = [name for name in wanted.split(",") if name not in MEASURES]
    if unknown:
        print(f"There is no part {', '.join(unknown)}. PART is one or more of {', '.join(MEASURES)}.", file=sys.stderr)
        return 2
    runs, began, parts, foreign = int(os.environ.get("RUNS") or _RUNS), time.monotonic(), [], {}
    for name in wanted.split(","):
        with watched() as load:
            part = MEASURES[name](runs)
        parts.append(part)
        foreign[name] = load.foreign
        print(f"{section(part)}\n\n(others used {load.foreign:.0%} of the machine)\n", flush=True)
    if len(parts) == len(MEASURES):
        seconds = time.monotonic() - began
        PATH.write_text(
            document(Run(f"{datetime.now(UTC):%Y-%m-%d}", described(), _versions(), seconds, foreign), parts)
        )
        print(f"Written: {PATH.name}")
    return 0


def _versions() -> dict[str, str]:
    ask = f"from importlib.metadata import version; print(*map(version, {_BASELINE_PACKAGES}))"
    baselines = subprocess.run([PYTHON, "-c", ask], check=True, capture_output=True, text=True).stdout.split()
    programs = {name: found for name in ("redis-server", "chromium", "node") if (found := _program(name))}
    return {
        "Python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        **dict(zip(_BASELINE_PACKAGES, baselines, strict=True)),
        **programs,
    }


def _program(name: str) -> str:
    """The version that a program says, "" where there is none."""
    if shutil.which(name) is None:
        return ""
    said = subprocess.run([name, "--version"], check=True, capture_output=True, text=True).stdout
    return next(word.lstrip("v=") for word in said.split() if any(c.isdigit() for c in word))


if __name__ == "__main__":
    sys.exit(main())
