"""How many current readers a change walls at once: counted from the ledger as the meter counts."""

from typing import Any

import pytest

from readmeter.core.rules import IdentityRules, Rules
from readmeter.usage.effect import effect
from tests.support.months import Months, at, free, read
from tests.support.objects import MemoryObjects
from tests.support.site import meter, rules

NOW = at("2026-11-22T15:00")


def told(months: Months, before: Rules, proposed: Rules) -> list[tuple[int, int, int]]:
    lines = effect(months.ledger, before, proposed, NOW)["meters"]
    assert [line["meter"] for line in lines] == [each.name for each in proposed.meters]
    return [(line["readers"], line["walled_before"], line["walled_now"]) for line in lines]


def noted(before: Rules, proposed: Rules) -> list[str]:
    """The first words of each note."""
    notes = effect(MemoryObjects(), before, proposed, NOW)["notes"]
    return [" ".join(note.split()[:4]) for note in notes]


def ledger(**used: int) -> Months:
    """A month in which each reader read so many articles."""
    months = Months()
    months.add(read(name, f"a{n}", "2026-11-20") for name, number in used.items() for n in range(number))
    return months


def test_readers_at_the_limit_now_and_then() -> None:
    assert told(ledger(ana=5, ben=3, eva=1), rules(), rules(meter(anonymous=3))) == [(3, 1, 2)]


def test_without_readers_nobody_is_walled() -> None:
    assert told(Months(), rules(), rules(meter(anonymous=0))) == [(0, 0, 0)]


def test_only_what_a_meter_counted_is_counted() -> None:
    months = ledger(ana=1)
    months.add([free("ana", f"a{n}", "2026-11-21", "open") for n in range(5)], "2-2")
    assert told(months, rules(), rules(meter(anonymous=2))) == [(1, 0, 0)]


def test_other_months_are_over() -> None:
    months = Months()
    months.add([read("ana", f"a{n}", "2026-10-30") for n in range(5)])
    assert told(months, rules(), rules()) == [(0, 0, 0)]


def test_registered_readers_have_their_own_limit() -> None:
    months = ledger(ana=3)
    months.add([read("ben", f"a{n}", "2026-11-20", reader_class="registered") for n in range(3)], "2-2")
    assert told(months, rules(), rules(meter(limits={"anonymous": 3, "registered": 9}))) == [(2, 0, 1)]


def test_erased_reads_stay_spent() -> None:
    months = ledger(ana=2)
    months.add([read("ana", "a0", "2026-11-21", generation=1)], "2-2")
    assert told(months, rules(), rules(meter(anonymous=3))) == [(1, 0, 1)]


def test_a_meter_in_a_pool_is_held_to_what_the_pool_has_used() -> None:
    pooled = rules(meter("markets", 2, pool="default"), meter())
    assert told(ledger(ana=5, ben=2, eva=1), rules(), pooled) == [(3, 0, 2), (3, 1, 1)]


@pytest.mark.parametrize("mode", ["observe", "off"])
def test_who_is_only_observed_is_not_walled(mode: Any) -> None:
    months = ledger(ana=5)
    assert told(months, rules(mode=mode), rules()) == [(1, 0, 1)]
    assert told(months, rules(), rules(mode=mode)) == [(1, 1, 0)]


@pytest.mark.parametrize(
    ("unit", "days", "runs", "over"),
    [
        ("week", 0, "2026-W47", "2026-W46"),
        ("day", 0, "2026-11-22", "2026-11-21"),
        ("days", 7, f"{int(NOW) - 7 * 86_400 + 1}", f"{int(NOW) - 7 * 86_400}"),
    ],
)
def test_only_the_period_that_runs_is_looked_at(unit: str, days: int, runs: str, over: str) -> None:
    months = Months()
    months.add(read(f"r{n}", f"a{n}", "2026-11-21", period=period) for n, period in enumerate([runs, over]))
    weekly = rules(meter(anonymous=1, unit=unit, days=days))
    assert told(months, weekly, weekly) == [(1, 1, 1)]


def test_what_the_ledger_does_not_know_of_signed_in_readers_is_said() -> None:
    signs_in = rules(identity=IdentityRules("https://id.rio.example", "riotimes", (), None, "subscriber"))
    said = ["Reads that came along", "Who has a bonus"]
    assert noted(rules(), rules()) == []
    assert noted(signs_in, signs_in) == noted(rules(), signs_in) == noted(signs_in, rules()) == said


@pytest.mark.parametrize(("unit", "days", "said"), [("week", 0, 1), ("days", 7, 1), ("day", 0, 0), ("month", 0, 0)])
def test_that_a_period_may_have_begun_last_month_is_said(unit: str, days: int, said: int) -> None:
    assert noted(rules(), rules(meter(unit=unit, days=days))) == ["What last month counted"] * said
