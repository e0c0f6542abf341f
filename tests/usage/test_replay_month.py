"""A month of ledger objects under a proposed document: what is replayed, in which order, and what is said of it."""

from typing import Any

import pytest

from readmeter.core.rules import Lift, Match, Rules
from readmeter.store.articles import Label
from readmeter.usage.dataset import write_day
from readmeter.usage.ledger import ReadRow
from readmeter.usage.replay_month import replay_month
from tests.support.months import NOVEMBER, SITE, Months, at, free, read
from tests.support.site import meter, rules

NOW = at("2026-11-22T15:00")
LABELS = {"m1": Label("Shares fall", " MARKETS "), "c1": Label("Clouds", "City"), "x1": Label("No section")}


@pytest.fixture
def months() -> Months:
    return Months()


def replayed(months: Months, proposed: Rules, labels: dict[str, Label] | None = None) -> dict[str, Any]:
    return replay_month(months.ledger, labels or {}, months.calendar, proposed, NOVEMBER, NOW)


def reads(reader: str, number: int, **given: Any) -> list[ReadRow]:
    """So many articles, one a day from the 1st."""
    return [read(reader, f"a{day}", f"2026-11-{day:02}", **given) for day in range(1, number + 1)]


def test_the_document(months: Months) -> None:
    months.add([*reads("ana", 5), *reads("ben", 2), *reads("eva", 4, reader_class="registered")])
    proposed = rules(meter(limits={"anonymous": 2, "registered": 4}), timezone=months.calendar.zone(NOVEMBER))
    told = replayed(months, proposed)
    notes = told.pop("notes")
    anonymous = {"reads": 7, "readers": 2, "granted": 4, "walled": 3, "readers_walled": 1}
    registered = {"reads": 4, "readers": 1, "granted": 4, "walled": 0, "readers_walled": 0}
    assert told == {
        "site": SITE,
        "period": "2026-11",
        "version": 1,
        "reads": 11,
        "readers": 3,
        "before": {"granted": 11, "readers_at_limit": 1},
        "after": {"granted": 8, "walled": 3, "readers_walled": 1, "readers_at_limit": 3},
        "meters": [
            {"meter": "default", "reader_class": "anonymous", **anonymous}
            | {"readers_at_limit_before": 1, "readers_at_limit_after": 2},
            {"meter": "default", "reader_class": "registered", **registered}
            | {"readers_at_limit_before": 0, "readers_at_limit_after": 1},
        ],
        "unknown": {"reads_without_section": 0},
    }
    assert [note.split()[0] for note in notes] == ["Only", "Registered"]


def test_a_month_without_reads_is_told_too(months: Months) -> None:
    told = replayed(months, rules())
    assert (told["reads"], told["readers"], told["meters"]) == (0, 0, [])


def test_copies_of_a_row_are_one_read_also_beside_a_day_file(months: Months) -> None:
    months.add(reads("ana", 3))
    write_day(months.ledger, SITE, NOVEMBER.first, 90)
    months.add(reads("ana", 3, sequence="7"), "7-7")
    assert replayed(months, rules())["reads"] == 3


def test_reads_of_a_day_go_in_the_order_of_the_stream(months: Months) -> None:
    """In another order the city's article would be the refused one."""
    first = read("ana", "c1", "2026-11-22", sequence="9")
    second = read("ana", "m1", "2026-11-22", sequence="10")
    months.add([second, first])
    proposed = rules(meter("markets", 1, match=Match(("markets",)), pool="default"), meter("default", 1))
    lines = {line["meter"]: line["walled"] for line in replayed(months, proposed, LABELS)["meters"]}
    assert lines == {"markets": 1, "default": 0}


def test_open_reads_count_as_wanted_and_other_free_ones_do_not(months: Months) -> None:
    wanted = [read("ana", f"o{n}", "2026-11-20", meter="", decision="open", period="2026-11-20") for n in range(3)]
    gifts = [free("ana", "g", "2026-11-21", decision) for decision in ("gift", "campaign", "exempt", "subscriber")]
    by_a_subscriber = free("ana", "g", "2026-11-21", "open")
    months.add([*reads("ana", 1), *wanted, *gifts, by_a_subscriber])
    told = replayed(months, rules(meter(anonymous=2)))
    assert (told["reads"], told["after"]["walled"], told["before"]["readers_at_limit"]) == (4, 2, 0)
    assert "Reads that were open (lifted, or observed beyond the limit) count as wanted here: 3." in told["notes"]


def test_labels_say_which_meter_a_read_falls_under(months: Months) -> None:
    months.add([read("ana", article, "2026-11-22") for article in ("m1", "c1", "x1", "none")])
    proposed = rules(meter("markets", 0, match=Match(("markets",))), meter("default"), exempt=Match(("city",)))
    told = replayed(months, proposed, LABELS)
    assert [(line["meter"], line["reads"], line["walled"]) for line in told["meters"]] == [
        ("markets", 1, 1),
        ("default", 2, 0),
        (None, 1, 0),
    ]
    assert told["unknown"] == {"reads_without_section": 2}
    assert any(note.startswith("Reads of articles without") and note.endswith(": 2.") for note in told["notes"])


def test_what_was_read_again_after_an_erasure_is_another_article(months: Months) -> None:
    months.add([read("ana", "a1", "2026-11-01"), read("ana", "a1", "2026-11-02", generation=1)])
    assert replayed(months, rules(meter(anonymous=1)))["after"]["walled"] == 1


def test_each_read_is_held_to_the_limit_of_its_own_version() -> None:
    months = Months()
    months.add(reads("ana", 5))
    assert replayed(months, rules(meter(anonymous=9)))["before"]["readers_at_limit"] == 1
    months.document["meters"] = [{"name": "default", "limits": {"anonymous": 6}}]
    assert replayed(months, rules(meter(anonymous=9)))["before"]["readers_at_limit"] == 0


@pytest.mark.parametrize(
    ("proposed", "begins"),
    [
        (rules(meter(match=Match((), ("premium",)))), "Tags and paths"),
        (rules(meter(unit="week")), "Reads are placed by the day"),
        (rules(meter(unit="days", days=30)), "Reads are placed by the day"),
        (rules(meter(count="view")), "A re-read that was free"),
        (rules(timezone="Asia/Tokyo"), "Dates are those of America/Sao_Paulo, not of the proposed Asia/Tokyo."),
        (rules(lift=(Lift(NOW, Match()),)), "Lifts are not replayed"),
        (rules(mode="observe"), "The proposed document only observes"),
        (rules(mode="off"), "The proposed document is off"),
    ],
)
def test_what_cannot_be_known_is_said_where_it_concerns(months: Months, proposed: Rules, begins: str) -> None:
    months.add(reads("ana", 2))
    told = replayed(months, proposed)["notes"]
    assert len(told) == 2
    assert told[1].startswith(begins)
    assert all(note.endswith(".") for note in told)


def test_displays_under_a_meter_of_articles_are_said_to_be_too_many(months: Months) -> None:
    months.add(reads("ana", 2, unit="view"))
    assert replayed(months, rules())["notes"][1].startswith("Displays cannot be told")
