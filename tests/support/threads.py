"""Many calls at one moment: each in a thread of its own, all let go by one barrier."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")
_STUCK = 60  # seconds


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """What each call returned, in their order; raises what the first one raised."""
    barrier = Barrier(len(calls), timeout=_STUCK)

    def run(call: Callable[[], T]) -> T:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
