"""The monthly report as a page: its first line, its languages, and that it needs nothing but itself."""

import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmeter.core.language import shipped
from readmeter.usage.report import _scale, render
from readmeter.usage.report_data import report_data
from tests.support.months import NOVEMBER, OCTOBER, Months, at, event, read
from tests.support.report_sample import sample
from tools import report_words


def text_of(page: str) -> str:
    """What is read of a page, on one line."""
    body = re.sub(r"<style>.*?</style>", "", page[page.index("<body>") :], flags=re.DOTALL)
    inline = re.sub(r"</?(span|strong|bdi|code|time)\b[^>]*>", "", body)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", inline)).split())


def first_line(**given: Any) -> str:
    found = re.search(r"<h1>(.*?)</h1>", render(sample(**given)))
    assert found is not None
    return text_of(f"<body>{found[1]}")


def invoice(counted: int, *corrections: tuple[str, int]) -> dict[str, Any]:
    total = counted + sum(quantity for _, quantity in corrections)
    lines = [{"period": period, "quantity": quantity} for period, quantity in corrections]
    return {"to_invoice": total, "counted": counted, "corrections": lines}


def test_the_first_line_is_the_invoice_line() -> None:
    line = "To invoice: 184,200 = 184,203 counted − 3 corrections from October"
    assert first_line() == line
    assert text_of(render(sample())).startswith(line)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"invoice": invoice(1200)}, "To invoice: 1,200 = 1,200 counted, no corrections"),
        ({"invoice": invoice(10, ("2026-10", 1))}, "To invoice: 11 = 10 counted + 1 correction from October"),
        (
            {"invoice": invoice(10, ("2026-10", 2), ("2025-12", -1))},
            "To invoice: 11 = 10 counted + 2 corrections from October − 1 correction from December 2025",
        ),
        ({"invoice": invoice(0), "status": "provisional"}, "To invoice so far: 0 = 0 counted, no corrections"),
        ({"locale": "pt-BR"}, "A faturar: 184.200 = 184.203 contados − 3 correções de outubro"),
        ({"locale": "es"}, "A facturar: 184.200 = 184.203 contados − 3 correcciones de octubre"),
        ({"locale": "ar"}, "للفوترة: 184,200 = 184,203 محتسبة − 3 تصحيحات من أكتوبر"),
        ({"locale": "ar", "invoice": invoice(9, ("2026-10", -2))}, "للفوترة: 7 = 9 محتسبة − تصحيحان من أكتوبر"),
        ({"locale": "fr-CA"}, "À facturer : 184 200 = 184 203 comptés − 3 corrections pour octobre"),
        ({"locale": "de"}, "In Rechnung zu stellen: 184.200 = 184.203 gezählt − 3 Korrekturen für Oktober"),
        ({"locale": "it"}, "Da fatturare: 184.200 = 184.203 conteggiati − 3 rettifiche per ottobre"),
        ({"locale": "nl"}, "Te factureren: 184.200 = 184.203 geteld − 3 correcties voor oktober"),
        ({"locale": "pl"}, "Do zafakturowania: 184 200 = policzono 184 203 − 3 korekty za październik"),
        ({"locale": "ru"}, "В счёт: 184 200 = учтено 184 203 − 3 исправления за октябрь"),
        (
            {"locale": "ru", "invoice": invoice(30, ("2026-10", -21))},
            "В счёт: 9 = учтено 30 − 21 исправление за октябрь",
        ),
        ({"locale": "uk"}, "До рахунку: 184 200 = враховано 184 203 − 3 виправлення за жовтень"),
        ({"locale": "tr"}, "Faturalanacak: 184.200 = 184.203 sayıldı − 3 düzeltme (Ekim)"),
        ({"locale": "iw"}, "לחיוב: 184,200 = 184,203 נספרו − 3 תיקונים מאוקטובר"),
        ({"locale": "hi"}, "बिल योग्य: 1,84,200 = 1,84,203 गिने गए − 3 सुधार (अक्टूबर)"),
        ({"locale": "ja"}, "請求数：184,200 = 184,203件を計上 − 訂正3件（10月分）"),
        ({"locale": "zh-CN"}, "应开票数：184,200 = 计入184,203篇次 − 3项更正（十月）"),
        ({"locale": "zh-TW"}, "應開立數：184,200 = 計入184,203篇次 − 3項更正（10月）"),
        ({"locale": "ko"}, "청구 대상: 184,200 = 집계 184,203건 − 정정 3건(10월)"),
        ({"locale": "fi"}, "To invoice: 184,200 = 184,203 counted − 3 corrections from October"),
    ],
)
def test_the_first_line_agrees_with_its_numbers_in_every_language(given: dict[str, Any], line: str) -> None:
    assert first_line(**given) == line


def test_the_page_asks_nobody_for_anything() -> None:
    page = render(sample())
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|src=|href=|https?://", page)
    assert "default-src 'none'" in page


@pytest.mark.parametrize("locale", shipped())
def test_every_language_tells_all_that_there_is(locale: str) -> None:
    page = render(sample(locale=locale))
    assert not re.search(r"\{[a-z_]+\}", text_of(page))
    assert f'<html lang="{locale}" dir="{"rtl" if locale in ("ar", "he") else "ltr"}">' in page
    assert not re.search(r"[٠-٩]", page)


def test_every_number_of_a_chart_is_in_a_table() -> None:
    data = sample()
    page = render(data)
    for day in data["days"]:
        assert f'<td class="n">{day["counted"]:,}</td>' in page
    for each in (*data["sections"], *data["articles"]):
        assert f'<td class="n">{each["counted"]:,}</td>' in page
    assert page.count("<table") == page.count("<caption") == 8


def test_a_publishers_text_cannot_become_markup() -> None:
    evil = "<script>alert(1)</script> & {site} \"'"
    page = render(sample(site_name=evil, sections=[{"section": evil, "counted": 1, "articles": 1}]))
    assert "<script" not in page
    assert evil in text_of(page)


def test_a_final_month_says_that_it_never_changes_and_an_open_one_that_it_grows() -> None:
    assert "Closed on 2026-12-04 00:00. These figures never change" in text_of(render(sample()))
    open_month = sample(status="provisional", cut_off="2026-11-22T15:00:00Z")
    assert "As of 2026-11-22 12:00. The month is final three days after it ends." in text_of(render(open_month))


def test_changes_are_told_against_the_month_before() -> None:
    said = text_of(render(sample()))
    assert "Counted articles 184,203 +4.2% against October" in said
    assert "Readers 61,204 −1.3% against October" in said
    assert "Nothing to compare with." in text_of(render(sample(before=None)))


def test_the_sign_of_a_change_comes_before_the_percent_sign_too() -> None:
    said = text_of(render(sample(locale="tr")))
    assert "61.204 Ekim ayına göre −%1,3" in said
    assert "184.203 Ekim ayına göre +%4,2" in said


def test_the_funnels_rows_are_for_files_and_leave_the_page_as_it_is() -> None:
    funnel = sample()["funnel"]
    row = {"date": "2026-11-01", "article": "a1", "title": "Told in the rows alone", "section": None}
    rows = [{**row, "views": 1, "shown": 0, "countdowns": 0, "walls": 0, "clicks": 0}]
    assert render(sample(funnel={**funnel, "rows": rows, "rows_left_out": 2})) == render(sample())


def test_an_article_without_a_title_is_named_by_its_digest() -> None:
    said = text_of(render(sample()))
    assert "Zm9vYmFyYmF6cXV4000005" in said
    assert "Send titles and sections with readmeter articles riotimes" in said


def test_a_month_whose_readers_were_removed_says_so() -> None:
    gone = {"sections": [], "articles": [], "walls": [], "reach": []}
    days = [{**day, "readers": None} for day in sample()["days"]]
    totals = {**sample()["totals"], "readers": None, "articles": None}
    said = text_of(render(sample(detail=False, days=days, totals=totals, **gone)))
    assert "Who read what was removed when its retention ended. What is on the invoice stays." in said


def test_where_views_are_counted_prompts_are_one_step() -> None:
    funnel = {**sample()["funnel"], "countdowns": None, "walls": None}
    days = [{**day, "countdowns": None, "walls": None} for day in funnel["days"]]
    said = text_of(render(sample(funnel={**funnel, "days": days}, walls=[])))
    assert "Prompts shown 214,771" in said
    assert "countdowns and walls cannot be told apart" in said


def test_an_empty_month_of_a_new_site_is_a_page_too() -> None:
    months = Months()
    rules = months.calendar.rules_at(at("2026-11-02T00:00"))
    data = report_data(months.ledger, months.exports, months.exporter, {}, rules, NOVEMBER, at("2026-11-02T00:00"))
    said = text_of(render(data))
    assert said.startswith("To invoice so far: 0 = 0 counted, no corrections")
    assert "Nothing was counted." in said
    assert "readmeter export create riotimes 2026-11" in said


def test_what_the_pipeline_counted_is_what_the_page_says() -> None:
    months = Months()
    months.add([read("ana", "a1", "2026-10-30"), read("ana", "a2", "2026-10-30")])
    months.close(OCTOBER)
    months.add([read("bia", "a1", "2026-10-31")], "9-9")
    months.add([read("ana", "a1", "2026-11-01"), event("ana", "prompt_shown", "a2", "2026-11-01")])
    months.close(NOVEMBER)
    now = at("2026-12-09T00:00")
    rules = months.calendar.rules_at(now)
    data = report_data(months.ledger, months.exports, months.exporter, {}, rules, NOVEMBER, now)
    said = text_of(render(data))
    assert said.startswith("To invoice: 2 = 1 counted + 1 correction from October The Rio Times November 2026 Final")
    assert "Walls 1 100.0" in said


@given(st.integers(0, 10**9))
def test_an_axis_has_few_lines_and_room_for_the_highest_bar(most: int) -> None:
    top, step = _scale(most)
    assert top >= max(most, 1)
    assert top % step == 0
    assert top // step <= 4 or step == 1
    assert top - step < max(most, 1)


# The words


def test_the_words_are_what_their_sources_make() -> None:
    files = report_words.generated()
    assert {path.name for path in files} == {path.name for path in report_words.DATA.iterdir()}
    stale = [path.name for path, text in files.items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `make locales`"


def test_every_language_of_the_sentences_has_a_report() -> None:
    assert {path.stem for path in report_words.DATA.iterdir()} == set(shipped())


def test_a_language_is_told_what_its_report_lacks() -> None:
    english = {"words": {"a": "{n} of", "b": "B"}, "counted": {"c": {"one": "{number} c", "other": "{number} c"}}}
    russian = {"words": {"a": "of", "x": "X"}, "counted": {"c": {"one": "c", "zero": "{number}", "other": "{n}"}}}
    assert list(report_words.problems(russian, english, report_words.Locale.parse("ru"))) == [
        "[words] b is missing",
        "[words] x is unknown",
        "[words] a must hold {n}",
        "[counted.c] few is missing",
        "[counted.c] many is missing",
        "[counted.c] other is never used in this language",
        "[counted.c] zero is never used in this language",
        "[counted.c] other must hold {number}",
    ]
