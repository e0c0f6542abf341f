"""Lives simulated lives of usage until one does not tie out: SEEDS of them (default 10000), on every CPU.

SEED=7 lives that one alone and shows where it goes wrong. FROM=50000 begins elsewhere than the suite's own seeds.
"""

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.simulation.engine import one_engine
from tests.simulation.life import Drift, live, live_all

_AT_ONCE = 50
_FROM = 100_000  # beyond the seeds of the suite


def main() -> int:
    if "SEED" in os.environ:
        with one_engine():
            live(int(os.environ["SEED"]))
        print(f"The life of seed {os.environ['SEED']} ties out.")
        return 0
    first, count = int(os.environ.get("FROM", _FROM)), int(os.environ.get("SEEDS", "10000"))
    chunks = [range(start, min(start + _AT_ONCE, first + count)) for start in range(first, first + count, _AT_ONCE)]
    began, lived, drifts = time.monotonic(), 0, []
    with ProcessPoolExecutor() as pool:
        for done in as_completed(running := {pool.submit(_live, chunk): chunk for chunk in chunks}):
            lived += len(running[done])
            drifts += [drift] if (drift := done.result()) else []
            rate = lived / (time.monotonic() - began)
            print(f"\r{lived} of {count} lives, {rate:.0f} a second, {len(drifts)} with drift", end="", flush=True)
    print()
    for drift in drifts:
        print(drift)
    print(f"{'FAILED' if drifts else 'OK'}: {lived} lives from seed {first}, {len(drifts)} with drift.")
    return 1 if drifts else 0


def _live(seeds: range) -> str | None:
    try:
        live_all(seeds)
    except Drift as drift:
        return f"{drift}: {drift.__cause__}"
    return None


if __name__ == "__main__":
    sys.exit(main())
