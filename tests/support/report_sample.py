"""A month of The Rio Times as `report_data` tells it: 184,203 counted, of which October takes three back."""

from typing import Any

from readmeter.usage.cost import Activity, cost
from readmeter.usage.period import ExportPeriod

COUNTED = 184_203
_TITLES = [
    ("Clouds on the Corcovado", "City"),
    ("Fireflies are green", "Science"),
    ("The money in Lombard Street", "Markets"),
    ("How the solid candle gets to the flame", "Science"),
    ("A sailor eats a tulip, and what it cost the merchant who had just arrived", "Business"),
    (None, None),
    ("Lunch above the clouds", "City"),
    ("The streets by night", None),
]


def sample(**given: Any) -> dict[str, Any]:
    """A final month, unless `given` differs at the top level."""
    month = ExportPeriod.parse(given.get("period", "2026-11"))
    days = _days(month)
    return {
        "schema_version": "1",
        "export_id": f"riotimes_{month.text}",
        "site": "riotimes",
        "site_name": "The Rio Times",
        "site_timezone": "America/Sao_Paulo",
        "locale": "en",
        "direction": "ltr",
        "period": month.text,
        "period_start": "2026-11-01T03:00:00Z",
        "period_end": "2026-12-01T03:00:00Z",
        "status": "final",
        "revision": 34,
        "cut_off": "2026-12-04T03:00:00Z",
        "limit": 5,
        "detail": True,
        "invoice": {
            "to_invoice": COUNTED - 3,
            "counted": COUNTED,
            "corrections": [{"period": "2026-10", "quantity": -3}],
        },
        "totals": {
            "counted": COUNTED,
            "readers": 61_204,
            "articles": 1_318,
            "fail_open": 212,
            "unstored": 3_870,
            "suspected_bot": 941,
            "unmetered": [
                {"decision": "institution", "quantity": 8_215, "readers": 2_204},
                {"decision": "subscriber", "quantity": 40_112, "readers": 6_020},
            ],
        },
        "before": {"period": "2026-10", "status": "final", "counted": 176_840, "readers": 62_011, "articles": 1_290},
        "days": [{name: day[name] for name in ("date", "counted", "readers")} for day in days],
        "sections": _sections(),
        "articles": [_article(index) for index in range(20)],
        "walls": [_wall(index) for index in range(10)],
        "funnel": {
            "views": COUNTED,
            "shown": 214_771,
            "countdowns": 165_640,
            "walls": 49_131,
            "clicks": 2_914,
            "prompt_dismissed": 71_240,
            "subscribe_clicked": 1_688,
            "sign_in_clicked": 1_044,
            "register_clicked": 182,
            "days": [
                {name: value for name, value in day.items() if name not in ("counted", "readers")} for day in days
            ],
            "rows": [],
            "rows_left_out": 0,
        },
        "reach": [
            {"count": count, "readers": readers}
            for count, readers in enumerate((61_204, 44_870, 33_118, 25_390, 19_621), 1)
        ],
        "cost": cost(Activity(COUNTED + 53_138, 49_131, 288_925)),
        **given,
    }


def _days(month: ExportPeriod) -> list[dict[str, Any]]:
    """Quiet weekends, and a storm on the 12th."""
    weights = [
        (60 if day.weekday() >= 5 else 100) + day.day % 7 * 3 + (85 if day.day == 12 else 0) for day in month.dates
    ]
    days = []
    for day, weight in zip(month.dates, weights, strict=True):
        counted = COUNTED * weight // sum(weights)
        steps = {
            "views": counted,
            "countdowns": counted * 9 // 10,
            "walls": counted * 27 // 100,
            "clicks": counted // 63,
        }
        shown = steps["countdowns"] + steps["walls"]
        days.append({"date": f"{day}", "counted": counted, "readers": counted * 41 // 100, "shown": shown, **steps})
    rest = COUNTED - sum(day["counted"] for day in days)
    days[-1] = {**days[-1], "counted": days[-1]["counted"] + rest, "views": days[-1]["views"] + rest}
    return days


def _sections() -> list[dict[str, Any]]:
    named = [("City", 71_022, 402), ("Markets", 40_119, 233), ("Science", 33_870, 190), ("Business", 21_004, 121)]
    rest = COUNTED - sum(counted for _, counted, _ in named)
    return [
        {"section": name, "counted": counted, "articles": articles}
        for name, counted, articles in [*named, (None, rest, 372)]
    ]


def _article(index: int) -> dict[str, Any]:
    title, section = _TITLES[index % len(_TITLES)]
    counted = 9_120 // (index + 1) + 300
    return {
        "article": f"{'Zm9vYmFyYmF6cXV4'}{index:06}",
        "title": title,
        "section": section,
        "counted": counted,
        "readers": counted,
        "views": counted,
        "shown": counted,
        "countdowns": counted * 9 // 10,
        "walls": counted // 4,
        "clicks": counted // 70,
    }


def _wall(index: int) -> dict[str, Any]:
    return {**_article(index), "walls": 2_400 // (index + 1)}
