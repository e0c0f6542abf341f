"""A bucket in memory: the port's meaning (created once, never overwritten), for tests that make thousands of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

from readmeter.usage.objects import Stored


class MemoryObjects:
    """`Objects`, and what a test may look at: `bodies`, and the `keep` and `locked` of each key."""

    def __init__(self, clock: Callable[[], float] = lambda: 0.0) -> None:
        self._clock = clock
        self.bodies: dict[str, bytes] = {}
        self.keep: dict[str, int | None] = {}
        self.locked: dict[str, float | None] = {}
        self._modified: dict[str, float] = {}

    def create(
        self, key: str, body: bytes | Path, *, keep_days: int | None = None, locked_until: float | None = None
    ) -> bool:
        if key in self.bodies:
            return False
        self.bodies[key] = body.read_bytes() if isinstance(body, Path) else body
        self.keep[key], self.locked[key], self._modified[key] = keep_days, locked_until, self._clock()
        return True

    def stored(self, prefix: str) -> Iterator[Stored]:
        for key in sorted(self.bodies):
            if key.startswith(prefix):
                yield Stored(key, len(self.bodies[key]), self._modified[key])

    def read(self, key: str) -> bytes | None:
        return self.bodies.get(key)

    def download(self, key: str, path: Path) -> None:
        path.write_bytes(self.bodies[key])

    def delete(self, key: str) -> None:
        self.bodies.pop(key, None)

    def link(self, key: str, seconds: int, filename: str) -> str:
        return f"memory:///{key}?seconds={seconds}&filename={filename}"
