"""What a month's report says: in step with the invoice, whole days, told apart by what readers were shown."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from readmeter.staff.answers import compact
from readmeter.store.articles import Label
from readmeter.usage.ledger import Row
from readmeter.usage.period import ExportPeriod
from readmeter.usage.report_data import MOST_FUNNEL_ROWS, report_data
from tests.support.months import DECEMBER, NOVEMBER, OCTOBER, SITE, Months, at, event, free, read

NOW = at("2026-11-22T15:00")
LABELS = {"a1": Label("Clouds on the Corcovado", "City"), "a2": Label("Fireflies", "Science"), "a3": Label("Untold")}


@pytest.fixture
def months() -> Months:
    return Months()


def told(
    months: Months, month: ExportPeriod = NOVEMBER, now: float = NOW, labels: Mapping[str, Label] = LABELS
) -> dict[str, Any]:
    rules = months.calendar.rules_at(now)
    data = report_data(months.ledger, months.exports, months.exporter, labels, rules, month, now)
    assert json.loads(json.dumps(data)) == data
    return data


def test_an_open_month_tells_what_the_ledger_holds_now(months: Months) -> None:
    months.add([read("ana", "a1", "2026-11-01"), read("ana", "a2", "2026-11-02"), read("bia", "a1", "2026-11-02")])
    data = told(months)
    assert data["invoice"] == {"to_invoice": 3, "counted": 3, "corrections": []}
    assert (data["status"], data["revision"], data["cut_off"]) == ("provisional", None, "2026-11-22T15:00:00Z")
    assert (data["totals"]["counted"], data["totals"]["readers"], data["totals"]["articles"]) == (3, 2, 2)


def test_copies_of_a_row_count_once(months: Months) -> None:
    months.add([read("ana", "a1", "2026-11-01")])
    months.add([read("ana", "a1", "2026-11-01", sequence="7")], "7-7")
    assert told(months)["invoice"]["counted"] == 1


def test_a_final_month_tells_what_its_final_counted_whatever_comes_later(months: Months) -> None:
    months.add([read("ana", "a1", "2026-11-01"), read("bia", "a1", "2026-11-02")])
    manifest = months.close(NOVEMBER)
    months.add([read("cid", "a2", "2026-11-03")], "9-9")
    data = told(months, now=at("2026-12-20T00:00"))
    assert data["invoice"]["to_invoice"] == manifest.control_totals.to_invoice == 2
    assert (data["status"], data["revision"], data["cut_off"]) == ("final", manifest.revision, manifest.cut_off)
    assert data["totals"]["readers"] == 2
    assert sum(day["counted"] for day in data["days"]) == 2


def test_corrections_stand_beside_what_was_counted(months: Months) -> None:
    months.add([read("ana", "a1", "2026-11-01")])
    months.close(NOVEMBER)
    months.add(
        [read("bia", "a1", "2026-11-09"), read("cid", "a1", "2026-11-10"), read("ana", "a1", "2026-12-01")], "9-9"
    )
    months.close(DECEMBER)
    data = told(months, DECEMBER, at("2027-01-09T00:00"))
    corrections = [{"period": "2026-11", "quantity": 2}]
    assert data["invoice"] == {"to_invoice": 3, "counted": 1, "corrections": corrections}
    assert sum(day["counted"] for day in data["days"]) == 1


def test_the_month_before_is_there_to_compare_with(months: Months) -> None:
    assert told(months)["before"] is None
    months.add([read("ana", "a1", "2026-10-30"), read("ana", "a2", "2026-10-30")])
    said = {"period": "2026-10", "counted": 2, "readers": 1, "articles": 2}
    assert told(months)["before"] == {**said, "status": "provisional"}
    months.close(OCTOBER)
    assert told(months)["before"] == {**said, "status": "final"}


def test_every_day_of_the_month_is_there(months: Months) -> None:
    months.add([read("ana", "a1", "2026-11-30"), read("bia", "a1", "2026-11-30")])
    days = told(months)["days"]
    assert [day["date"] for day in days] == [f"2026-11-{day:02}" for day in range(1, 31)]
    assert days[0] == {"date": "2026-11-01", "counted": 0, "readers": 0}
    assert days[-1] == {"date": "2026-11-30", "counted": 2, "readers": 2}


def test_articles_have_the_titles_that_are_known_and_digests_otherwise(months: Months) -> None:
    months.add([read(f"r{n}", "a1", "2026-11-01") for n in range(3)] + [read("ana", "zz", "2026-11-01")])
    first, second = told(months)["articles"]
    assert (first["title"], first["section"], first["counted"]) == ("Clouds on the Corcovado", "City", 3)
    assert (second["article"], second["title"], second["section"]) == ("zz", None, None)


def test_only_the_most_read_articles_are_named(months: Months) -> None:
    months.add([read(f"r{n}", f"x{article}", "2026-11-01") for article in range(30) for n in range(article + 1)])
    articles = told(months)["articles"]
    assert [article["article"] for article in articles] == [f"x{n}" for n in range(29, 9, -1)]


def test_what_has_no_section_is_one_group(months: Months) -> None:
    months.add([read("ana", article, "2026-11-01") for article in ("a1", "a2", "a3", "zz")])
    assert told(months)["sections"] == [
        {"section": None, "counted": 2, "articles": 2},
        {"section": "City", "counted": 1, "articles": 1},
        {"section": "Science", "counted": 1, "articles": 1},
    ]


def test_the_funnel_tells_countdowns_from_walls_by_what_the_reader_had_counted(months: Months) -> None:
    months.add(
        [
            read("ana", "a1", "2026-11-01"),
            event("ana", "prompt_shown", "a1", "2026-11-01"),
            event("ana", "prompt_shown", "a2", "2026-11-02"),
            event("ana", "subscribe_clicked", "a2", "2026-11-02"),
            event("bia", "prompt_shown", "a1", "2026-11-02"),
            event("bia", "prompt_dismissed", "a1", "2026-11-02"),
        ]
    )
    data = told(months)
    steps = {"views": 1, "shown": 3, "countdowns": 1, "walls": 2, "clicks": 1}
    assert {name: data["funnel"][name] for name in steps} == steps
    assert (data["funnel"]["subscribe_clicked"], data["funnel"]["prompt_dismissed"]) == (1, 1)
    second = {"date": "2026-11-02", "views": 0, "shown": 2, "countdowns": 0, "walls": 2, "clicks": 1}
    assert data["funnel"]["days"][1] == second
    assert len(data["funnel"]["days"]) == 30
    assert [(article["article"], article["walls"]) for article in data["walls"]] == [("a1", 1), ("a2", 1)]
    assert (data["articles"][0]["countdowns"], data["articles"][0]["walls"]) == (1, 1)


def test_the_funnel_of_each_article_and_day(months: Months) -> None:
    months.add(
        [
            *(read(name, "a1", "2026-11-02") for name in ("ana", "bia")),
            read("ana", "zz", "2026-11-01"),
            event("ana", "prompt_shown", "a1", "2026-11-02"),
            event("cid", "prompt_shown", "a1", "2026-11-02"),
            event("cid", "prompt_dismissed", "a2", "2026-11-02"),
            event("cid", "sign_in_clicked", "a1", "2026-11-03"),
        ]
    )
    funnel = told(months)["funnel"]
    steps = ("views", "shown", "countdowns", "walls", "clicks")
    assert [(row["date"], row["article"], *(row[step] for step in steps)) for row in funnel["rows"]] == [
        ("2026-11-01", "zz", 1, 0, 0, 0, 0),
        ("2026-11-02", "a1", 2, 2, 1, 1, 0),
        ("2026-11-03", "a1", 0, 0, 0, 0, 1),
    ]
    assert [(row["title"], row["section"]) for row in funnel["rows"][:2]] == [
        (None, None),
        ("Clouds on the Corcovado", "City"),
    ]
    assert funnel["rows_left_out"] == 0


def test_the_funnels_rows_add_up_to_the_month_and_to_its_days(months: Months) -> None:
    kinds = ("prompt_shown", "prompt_dismissed", "subscribe_clicked", "register_clicked")
    chosen = Random(3)

    def drawn() -> tuple[str, str, str]:
        return f"r{chosen.randrange(9)}", f"a{chosen.randrange(6)}", f"2026-11-{chosen.randrange(1, 31):02}"

    rows: list[Row] = [read(*drawn()) for _ in range(40)]
    rows += [
        event(reader, chosen.choice(kinds), article, day) for reader, article, day in (drawn() for _ in range(300))
    ]
    months.add(rows)
    funnel = told(months)["funnel"]
    for step in ("views", "shown", "countdowns", "walls", "clicks"):
        assert sum(row[step] for row in funnel["rows"]) == funnel[step] > 0
        for day in funnel["days"]:
            assert sum(row[step] for row in funnel["rows"] if row["date"] == day["date"]) == day[step]
    keys = [(row["date"], row["article"]) for row in funnel["rows"]]
    assert keys == sorted(set(keys))


def test_of_too_many_rows_those_with_the_most_steps_stay(months: Months) -> None:
    busy = [read(name, "zz", "2026-11-30") for name in ("ana", "bia")]
    months.add([*busy, *(read("ana", f"x{n:05}", "2026-11-01") for n in range(MOST_FUNNEL_ROWS + 6))])
    funnel = told(months)["funnel"]
    assert (len(funnel["rows"]), funnel["rows_left_out"]) == (MOST_FUNNEL_ROWS, 7)
    assert [row["article"] for row in (funnel["rows"][0], funnel["rows"][-2], funnel["rows"][-1])] == [
        "x00000",
        f"x{MOST_FUNNEL_ROWS - 2:05}",
        "zz",
    ]
    assert funnel["views"] == MOST_FUNNEL_ROWS + 8


def test_the_longest_titles_leave_an_answer_that_lambda_passes_on(months: Months) -> None:
    articles = [f"x{n:05}" for n in range(MOST_FUNNEL_ROWS)]
    months.add([read("ana", article, "2026-11-01") for article in articles])
    data = told(months, labels=dict.fromkeys(articles, Label("鐘" * 300, "街" * 64)))
    assert 0 < data["funnel"]["rows_left_out"] < MOST_FUNNEL_ROWS
    assert len(data["funnel"]["rows"]) + data["funnel"]["rows_left_out"] == MOST_FUNNEL_ROWS
    assert len(json.dumps(compact(data), ensure_ascii=False).encode()) < 6 * 1024 * 1024


def test_the_funnels_rows_go_with_the_reads_of_a_final(months: Months) -> None:
    months.add([read("ana", "a1", "2026-11-01"), event("ana", "prompt_shown", "a1", "2026-11-01")])
    months.close(NOVEMBER)
    later = at("2027-01-10T00:00")
    assert len(told(months, now=later)["funnel"]["rows"]) == 1
    for key in [key for key in months.exports.bodies if key.startswith("counted/")]:
        months.exports.delete(key)
    funnel = told(months, now=later)["funnel"]
    assert (funnel["rows"], funnel["rows_left_out"]) == ([], 0)


def test_where_views_are_counted_prompts_are_not_told_apart(months: Months) -> None:
    months.add([read("ana", f"v{n}", "2026-11-01", unit="view") for n in range(3)])
    months.add([event("ana", "prompt_shown", "a1", "2026-11-01")])
    data = told(months)
    said = {"date": "2026-11-01", "title": None, "section": None, "countdowns": None, "walls": None, "clicks": 0}
    known = {**said, "article": "a1", "title": "Clouds on the Corcovado", "section": "City", "views": 0, "shown": 1}
    assert data["funnel"]["rows"] == [{**said, "article": None, "views": 3, "shown": 0}, known]
    assert (data["funnel"]["shown"], data["funnel"]["countdowns"], data["funnel"]["walls"]) == (1, None, None)
    assert (data["articles"], data["walls"], data["totals"]["articles"]) == ([], [], 0)


def test_how_many_readers_reach_each_count(months: Months) -> None:
    rows = [read("ana", f"a{n}", "2026-11-01") for n in range(5)]
    rows += [read("bia", f"a{n}", "2026-11-01") for n in range(2)] + [read("cid", "a1", "2026-11-01")]
    months.add(
        [*rows, read("ana", "a1", "2026-11-09", meter="markets"), read("eva", "a1", "2026-11-01", traffic="unstored")]
    )
    data = told(months)
    assert data["reach"] == [
        {"count": n, "readers": readers} for n, readers in ((1, 3), (2, 2), (3, 1), (4, 1), (5, 1))
    ]
    assert data["limit"] == 5


def test_a_limit_in_the_hundreds_is_told_in_steps(months: Months) -> None:
    months.add([read("ana", f"a{n}", "2026-11-01") for n in range(60)])
    assert [step["count"] for step in told(months)["reach"]][-3:] == [20, 30, 50]


def test_what_is_not_invoiced_is_told(months: Months) -> None:
    months.add(
        [
            free("ana", "a1", "2026-11-01", "subscriber"),
            free("ana", "a2", "2026-11-01", "subscriber"),
            free("ana", "a2", "2026-11-01", "fail_open"),
            read("bia", "a1", "2026-11-01", traffic="unstored"),
            read("cid", "a1", "2026-11-01", traffic="suspected_bot"),
        ]
    )
    totals = told(months)["totals"]
    assert totals["unmetered"] == [{"decision": "subscriber", "quantity": 2, "readers": 1}]
    assert (totals["counted"], totals["fail_open"], totals["unstored"], totals["suspected_bot"]) == (0, 1, 1, 1)


def test_a_final_whose_readers_were_removed_keeps_what_is_on_the_invoice(months: Months) -> None:
    months.add(
        [read("ana", "a1", "2026-11-01"), read("bia", "a1", "2026-11-02"), free("ana", "a1", "2026-11-02", "gift")]
    )
    months.close(NOVEMBER)
    for key in [key for key in months.exports.bodies if key.startswith("counted/")]:
        months.exports.delete(key)
    data = told(months, now=at("2027-03-01T00:00"))
    assert data["detail"] is False
    assert data["invoice"] == {"to_invoice": 2, "counted": 2, "corrections": []}
    assert data["days"][1] == {"date": "2026-11-02", "counted": 1, "readers": None}
    assert (data["totals"]["readers"], data["articles"], data["reach"]) == (None, [], [])
    assert data["totals"]["unmetered"] == [{"decision": "gift", "quantity": 1, "readers": None}]
    assert data["cost"]["requests"] == 3


def test_a_month_whose_events_begin_to_end_tells_no_funnel_instead_of_a_smaller_one(months: Months) -> None:
    months.add([read("ana", "a1", "2026-11-20"), event("ana", "prompt_shown", "a1", "2026-11-20")])
    months.close(NOVEMBER)
    assert told(months, now=at("2027-01-29T00:00"))["funnel"]["countdowns"] == 1
    data = told(months, now=at("2027-01-31T00:00"))
    assert (data["detail"], data["invoice"]["to_invoice"], data["articles"]) == (False, 1, [])
    assert (data["funnel"]["views"], data["funnel"]["countdowns"], data["funnel"]["rows"]) == (None, None, [])
    assert data["funnel"]["days"][19] == {**dict.fromkeys(data["funnel"]["days"][19]), "date": "2026-11-20"}


def test_an_empty_month_is_all_noughts(months: Months) -> None:
    data = told(months)
    assert data["invoice"] == {"to_invoice": 0, "counted": 0, "corrections": []}
    assert (data["sections"], data["reach"], data["cost"]["total"]) == ([], [], "0.00")


def test_the_cost_is_that_of_reads_walls_and_events(months: Months) -> None:
    months.add([read("ana", "a1", "2026-11-01"), event("ana", "prompt_shown", "a2", "2026-11-02")])
    cost = told(months)["cost"]
    assert (cost["requests"], cost["writes"]) == (2, 3)


def test_it_is_told_in_the_sites_language_and_zone(months: Months) -> None:
    months.document = {**months.document, "locale": "ar", "timezone": "Africa/Cairo"}
    data = told(months)
    assert (data["locale"], data["direction"], data["site_timezone"]) == ("ar", "rtl", "Africa/Cairo")
    assert (data["site"], data["period_start"]) == (SITE, "2026-10-31T22:00:00Z")
