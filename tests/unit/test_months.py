"""The rules of the past: what counted then, also where a change had to wait for the next month."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from readmeter.core.rules import CompiledSite
from readmeter.sites.compile import compile_site
from readmeter.sites.document import SiteDocument
from readmeter.store.sites import Version
from readmeter.usage.months import Months
from readmeter.usage.period import ExportPeriod


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def version(number: int, written: str, **given: Any) -> Version:
    document = {
        "site": "riotimes",
        "origins": ["https://www.riotimesonline.com"],
        "prompt": {"subscribe_url": "https://www.riotimesonline.com/subscribe"},
        **given,
    }
    return Version("riotimes", number, json.dumps(document), at(written), "tests")


VERSIONS = [
    version(3, "2026-11-20", timezone="America/Sao_Paulo", name="The Rio Times"),
    version(1, "2026-10-05"),
    version(2, "2026-11-10", timezone="America/Sao_Paulo"),
]
MONTHS = Months(VERSIONS)


def test_before_the_first_version_its_rules_are_told() -> None:
    assert MONTHS.rules_at(at("2026-01-01")).version == 1


def test_a_version_is_in_force_from_when_it_was_written() -> None:
    assert MONTHS.rules_at(at("2026-11-09")).name == "riotimes"
    assert MONTHS.rules_at(at("2026-11-21")).name == "The Rio Times"


def test_a_time_zone_waits_for_the_next_month() -> None:
    assert MONTHS.rules_at(at("2026-11-30")).timezone == "UTC"
    assert MONTHS.rules_at(at("2026-12-02")).timezone == "America/Sao_Paulo"


def test_each_version_is_compiled_once_for_all_months(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def counted(document: SiteDocument, number: int, live: CompiledSite | None, now: float) -> CompiledSite:
        seen.append(number)
        return compile_site(document, number, live, now)

    monkeypatch.setattr("readmeter.usage.months.compile_site", counted)
    months = Months(VERSIONS)
    zones = [months.zone(ExportPeriod.parse(f"2026-{month:02}")) for month in range(1, 13)]
    assert zones == ["UTC"] * 11 + ["America/Sao_Paulo"]
    assert seen == [1, 2, 3]
