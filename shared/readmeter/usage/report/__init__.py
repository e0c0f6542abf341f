"""A month's report as one page for people: no script, no request, printable. Only the `readmeter` command runs this."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from readmeter.usage.report.language import ReportLanguage

_HERE = Path(__file__).parent
_LABELLED_DAYS = (1, 8, 15, 22, 29)
_FREE = ("fail_open", "unstored", "suspected_bot")
_CLICKS = ("subscribe", "sign_in", "register")


def render(data: Mapping[str, Any]) -> str:
    """The page as HTML; `data` is what `report_data` gave."""
    language = ReportLanguage.of(data["locale"])
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.get_template("page.html")
    return template.render(
        data=data,
        language=language,
        say=language.say,
        number=language.number,
        css=Markup((_HERE / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - a file of ours
        month=language.month(data["period"]),
        invoice=_invoice(data, language),
        instant=_instant(data["cut_off"], data["site_timezone"]),
        glance=_glance(data, language),
        days=_days(data["days"]),
        summary=_summary(data["days"], language),
        table=_day_table(data),
        funnel=_funnel(data["funnel"]),
        clicks=dict(_clicks(data["funnel"], language)),
        free=_free(data["totals"]),
        money=lambda text: language.number(Decimal(text)),
        export=_code(data["export_id"]),
        no_labels_command=_code(f"readmeter articles {data['site']}"),
        per_hundred=lambda part, views: language.number(round(Decimal(100) * part / views, 1)) if views else "–",
        share=lambda part, whole: language.percent(Decimal(100) * part / whole) if whole else "–",
        width=lambda part, most: round(100 * part / most, 2) if most else 0,
    )


def _invoice(data: Mapping[str, Any], language: ReportLanguage) -> Markup:
    """`To invoice: 184,200 = 184,203 counted − 3 corrections from October`."""
    invoice = data["invoice"]
    terms = Markup("<span>{}</span>").format(language.say("counted", number=language.number(invoice["counted"])))
    corrections = [each for each in invoice["corrections"] if each["quantity"]]
    for each in corrections:
        sign = "−" if each["quantity"] < 0 else "+"
        said = language.corrections(abs(each["quantity"]), language.month(each["period"], data["period"]))
        terms += Markup(" <span>{} {}</span>").format(sign, said)
    if not corrections:
        terms = language.say("no_corrections", counted=terms)
    total = Markup("<strong>{}</strong>").format(language.number(invoice["to_invoice"]))
    return language.say("to_invoice" if data["status"] == "final" else "to_invoice_so_far", total=total, terms=terms)


def _instant(text: str, zone: str) -> Markup:
    """An instant on the site's calendar, to the minute, in one piece."""
    local = datetime.fromisoformat(text).astimezone(ZoneInfo(zone))
    return Markup('<time datetime="{}" dir="ltr">{:%Y-%m-%d %H:%M}</time>').format(text, local)


def _code(text: str) -> Markup:
    return Markup('<code dir="ltr">{}</code>').format(text)


def _glance(data: Mapping[str, Any], language: ReportLanguage) -> list[dict[str, Any]]:
    """The month's key figures, each against the month before."""
    totals, before = data["totals"], data["before"]
    shown = []
    for name, key in (("counted_articles", "counted"), ("readers", "readers"), ("articles_read", "articles")):
        value, old = totals[key], before[key] if before else None
        change = None
        if value is not None and old:
            month = language.month(before["period"], data["period"])
            change = language.say("against", change=language.change(value, old), month=month)
        shown.append({"name": name, "value": language.number(value), "change": change})
    if totals["readers"]:
        average = round(Decimal(totals["counted"]) / totals["readers"], 1)
        shown.append({"name": "a_reader", "value": language.number(average), "change": None})
    return shown


def _days(days: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The chart: a bar per day in a field of 10 x the days by 100, and the height of each line across."""
    top, step = _scale(max(day["counted"] for day in days))
    bars = [
        {
            "x": 10 * index,
            "counted": round(100 * day["counted"] / top, 2),
            "readers": round(100 * (day["readers"] or 0) / top, 2),
        }
        for index, day in enumerate(days)
    ]
    return {
        "width": 10 * len(days),
        "bars": bars,
        "lines": [{"value": value, "height": round(100 * value / top, 2)} for value in range(0, top + 1, step)],
        "labels": [
            {"day": day, "start": round(100 * (day - 0.5) / len(days), 2)} for day in _LABELLED_DAYS if day <= len(days)
        ],
    }


def _scale(most: int) -> tuple[int, int]:
    """The top of an axis and the step of its lines: round numbers, two to five lines above 0."""
    step = 1
    while step * 4 < most:
        step *= 10
    for part in (5, 2):
        if step % part == 0 and step // part * 4 >= most:
            step //= part
            break
    return max(step * -(-most // step), step), step


def _summary(days: Sequence[Mapping[str, Any]], language: ReportLanguage) -> Markup:
    """What the chart shows, in a sentence or two. An average counts the days up to the last one with a read."""
    counted = [day["counted"] for day in days]
    most = max(counted)
    if not most:
        return language.say("days_none")
    begun = max(index for index, number in enumerate(counted) if number) + 1
    day = language.day(days[counted.index(most)]["date"])
    average = language.say("days_average", number=language.number(round(sum(counted) / begun)))
    return language.together(language.say("days_most", day=day, number=language.number(most)), average)


def _day_table(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    steps = {day["date"]: day for day in data["funnel"]["days"]}
    return [{**steps[day["date"]], **day} for day in data["days"]]


def _funnel(funnel: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The steps that are known, by name."""
    names = ("views", "countdowns", "walls", "clicks") if funnel["walls"] is not None else ("views", "shown", "clicks")
    return [(name, funnel[name]) for name in names]


def _clicks(funnel: Mapping[str, Any], language: ReportLanguage) -> list[tuple[str, str]]:
    buttons = [(name, language.number(funnel[f"{name}_clicked"])) for name in _CLICKS]
    return [*buttons, ("dismissed", language.number(funnel["prompt_dismissed"]))]


def _free(totals: Mapping[str, Any]) -> list[tuple[str, int]]:
    """What was read and is not on the invoice, by name."""
    recorded = [(each["decision"], each["quantity"]) for each in totals["unmetered"]]
    return [*recorded, *((name, totals[name]) for name in _FREE)]
