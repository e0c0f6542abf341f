"""With a deployment's address in the environment only this folder's tests are chosen from."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.http import conftest


def item(path: Path, *fixtures: str) -> Any:
    return SimpleNamespace(path=path, fixturenames=fixtures, originalname="test", add_marker=lambda _: None)


def test_what_lies_elsewhere_is_run_as_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "DEPLOYMENT", "http://localhost:1")
    here = Path(__file__)
    elsewhere, asks, looks_inside = item(here.parents[1] / "unit" / "test_x.py"), item(here, "api"), item(here)
    items, left_out = [elsewhere, asks, looks_inside], []
    config: Any = SimpleNamespace(hook=SimpleNamespace(pytest_deselected=lambda items: left_out.extend(items)))
    conftest.pytest_collection_modifyitems(config, items)
    assert (items, left_out) == ([elsewhere, asks], [looks_inside])
