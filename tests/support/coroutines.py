"""Coroutines that wait for nothing, run without an event loop: Playwright keeps one of its own in the thread."""

from collections.abc import Coroutine
from typing import Any


def ran(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Runs it to its end."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits for something")
