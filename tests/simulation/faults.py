"""What goes wrong on the way to the database and to the buckets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from readmeter.store.database import Conflict, Unavailable
from tests.simulation.stream import Crash
from tests.support.fast_database import FastDatabase
from tests.support.objects import MemoryObjects

Fault = Literal["lost_reply", "lost_request", "conflict", "sent_twice"]
_WRITES = ("update_item", "put_item", "transact_write_items")


class FaultyDatabase:
    """`Database`: its next write meets `fault`."""

    def __init__(self, database: FastDatabase) -> None:
        self._database = database
        self.fault: Fault | None = None

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._database, name)
        return self._disturbed(method) if name in _WRITES else method

    def _disturbed(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            fault, self.fault = self.fault, None
            if fault == "lost_request":
                raise Unavailable("ReadTimeoutError")
            if fault == "conflict":
                raise Conflict("TransactionConflictException")
            answer = write(**request)
            if fault == "lost_reply":
                raise Unavailable("ReadTimeoutError")
            return write(**request) if fault == "sent_twice" else answer

        return call


class Bucket(MemoryObjects):
    """`on_create` is called with each key before it is created, `after_create` afterwards: there a run may crash."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.on_create: Callable[[str], None] = lambda key: None
        self.after_create: Callable[[str], None] = lambda key: None

    def create(
        self, key: str, body: bytes | Path, *, keep_days: int | None = None, locked_until: float | None = None
    ) -> bool:
        self.on_create(key)
        created = super().create(key, body, keep_days=keep_days, locked_until=locked_until)
        self.after_create(key)
        return created

    def healthy(self) -> None:
        self.on_create = self.after_create = lambda key: None


def crash_at(number: int) -> Callable[[str], None]:
    """Crashes when it is called for the `number`th time (from 0)."""
    left = [number]

    def step(key: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Crash(key)

    return step
