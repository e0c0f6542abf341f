"""What finance is told when a month is final, word for word."""

from dataclasses import replace

import pytest

from readmeter.usage.announcement import Announcement
from readmeter.usage.manifest import ControlTotals, Manifest

FINAL = Manifest(
    generator="readmeter",
    export_id="riotimes_2026-11",
    site="riotimes",
    site_name="The Rio Times",
    site_timezone="America/Sao_Paulo",
    period="2026-11",
    period_start="2026-11-01T03:00:00Z",
    period_end="2026-12-01T03:00:00Z",
    revision=31,
    status="final",
    supersedes=30,
    cut_off="2026-12-04T03:00:00Z",
    data="0" * 16,
    files=[],
    control_totals=ControlTotals(60, 1, 190_000, 184_203, -3, -3, 184_200),
    unique_readers=[],
    unstored=0,
    suspected_bot=0,
    ledger_sha256="",
    reconciliation={"status": "matched"},
)
FACT = "November 2026 is final: 184,203 counted articles"


def counted(billable: int, corrections: int) -> Announcement:
    totals = ControlTotals(1, 1, billable, billable, corrections, corrections, billable + corrections)
    return Announcement.of(replace(FINAL, control_totals=totals))


def test_a_final_month_is_told_with_what_to_invoice_and_where_to_get_it() -> None:
    told = Announcement.of(FINAL)
    assert told.subject == f"{FACT}, The Rio Times"
    assert told.text == (
        f"{FACT}, The Rio Times\n"
        "\n"
        "To invoice: 184,200 = 184,203 counted − 3 corrections\n"
        "\n"
        "Export: riotimes_2026-11, revision 31\n"
        "Download: readmeter export get riotimes 2026-11\n"
        "Or:       GET /v1/admin/exports/riotimes_2026-11\n"
        "\n"
        "It will not change. What arrives late is a correction in the next month's export."
    )


@pytest.mark.parametrize(
    ("billable", "corrections", "line"),
    [
        (0, 0, "To invoice: 0, without corrections"),
        (1_000, 0, "To invoice: 1,000, without corrections"),
        (5, 1, "To invoice: 6 = 5 counted + 1 correction"),
        (0, -2, "To invoice: -2 = 0 counted − 2 corrections"),
    ],
)
def test_the_invoice_line_adds_up(billable: int, corrections: int, line: str) -> None:
    assert counted(billable, corrections).text.splitlines()[2] == line


def test_one_article_is_one() -> None:
    assert counted(1, 0).subject == "November 2026 is final: 1 counted article, The Rio Times"


@pytest.mark.parametrize("name", ["Ação", "x" * 60])
def test_a_name_that_no_subject_can_hold_stands_in_the_text_alone(name: str) -> None:
    told = Announcement.of(replace(FINAL, site_name=name))
    assert told.subject == f"{FACT}, riotimes"
    assert told.text.startswith(f"{FACT}, {name}\n")
