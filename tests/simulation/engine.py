"""One DuckDB for all lives of a process: to start one takes longer than a whole life."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest

_IN_MEMORY = Path("/dev/shm")  # Linux: exports write and remove some folders a life
_numbers = count()
_local = threading.local()


class _Room:
    """What `duckdb.connect()` gives: a connection with a schema of its own, which goes when it is closed."""

    def __init__(self, base: Any) -> None:
        self._schema = f"room_{next(_numbers)}"
        base.execute(f"CREATE SCHEMA {self._schema}")
        self._cursor = base
        self._cursor = self.cursor()

    def cursor(self) -> Any:
        cursor = self._cursor.cursor()
        cursor.execute(f"SET schema = '{self._schema}'")
        return cursor

    def execute(self, sql: str, *parameters: Any) -> Any:
        # What an engine is set to at its start is no setting of a room
        return self._cursor if sql.startswith("SET ") else self._cursor.execute(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __enter__(self) -> "_Room":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._cursor.execute("SET schema = 'main'")
        self._cursor.execute(f"DROP SCHEMA {self._schema} CASCADE")
        self._cursor.close()


def _engine(connect: Callable[..., Any]) -> Any:
    """Without the optimizer: over a few rows it takes longer than what it optimizes, and every answer is the same."""
    base = connect(config={"threads": "1", "autoinstall_known_extensions": "false"})
    optimizers = ",".join(name for (name,) in base.execute("FROM duckdb_optimizers()").fetchall())
    base.execute("SET GLOBAL disabled_optimizers = ?", [optimizers])
    return base


@contextmanager
def one_engine() -> Iterator[None]:
    """Whoever asks DuckDB for a database in memory meanwhile gets a room in one that is running."""
    real: Callable[..., Any] = duckdb.connect

    def connect(database: Any = ":memory:", *given: Any, **named: Any) -> Any:
        if database != ":memory:":
            return real(database, *given, **named)
        if not hasattr(_local, "base"):
            _local.base = _engine(real)
        return _Room(_local.base)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", connect)
        if _IN_MEMORY.is_dir():
            patch.setattr(tempfile, "tempdir", str(_IN_MEMORY))
        yield
