"""What the meter table holds, as tests compare it."""

from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import pytest

from readmeter.core.article import digest
from tests.support.endpoint import KEYRING
from tests.support.engines import Tables


def digest_of(article: str, view: str | None = None, site: str = "riotimes") -> bytes:
    """The article's digest (or that of one display of it) under the desk's keys."""
    return digest(KEYRING.permanent_key("article", site), article, view)


def snapshot(tables: Tables) -> list[dict[str, Any]]:
    """Every meter item, in an order of its own: two snapshots are equal when nothing has changed."""
    items = [{name: _ordered(value) for name, value in item.items()} for item in tables.meter_items()]
    return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def periods(tables: Tables) -> dict[str, set[bytes]]:
    """The counted digests of each item, by its sort key."""
    return {item["sk"]["S"]: set(item["a"]["BS"]) for item in tables.meter_items()}


def stamps(item: dict[str, Any]) -> dict[str, str]:
    """The stamp of each digest that has one, by its name."""
    return {name: value["S"] for name, value in item.items() if len(name) == 22}


def _ordered(value: dict[str, Any]) -> dict[str, Any]:
    return {kind: sorted(content) if kind == "BS" else content for kind, content in value.items()}


def wait_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 waits between its attempts: tests have no time to."""
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _: None))
