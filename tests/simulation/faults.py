"""What goes wrong on the way to the database and to the buckets."""

from collections.abc import Callable
from itertools import count
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
    """A bucket that may stop who writes to it: `on_create` is called before each write, `after_create` after."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.on_create: Callable[[], None] = lambda: None
        self.after_create: Callable[[], None] = lambda: None

    def create(
        self, key: str, body: bytes | Path, *, keep_days: int | None = None, locked_until: float | None = None
    ) -> bool:
        self.on_create()
        created = super().create(key, body, keep_days=keep_days, locked_until=locked_until)
        self.after_create()
        return created

    def healthy(self) -> None:
        self.on_create = self.after_create = lambda: None

    def crash(self, number: int, before: bool) -> None:
        """Who writes crashes at the `number`th write from now (from 0): before it is done, or after."""
        self.healthy()
        step = at(number, _crash)
        if before:
            self.on_create = step
        else:
            self.after_create = step


def at(number: int, act: Callable[[], object]) -> Callable[[], None]:
    """What acts when it is called for the `number`th time (from 0)."""
    calls = count()

    def step() -> None:
        if next(calls) == number:
            act()

    return step


def _crash() -> None:
    raise Crash
