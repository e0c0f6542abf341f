"""`readmeter usage`: what was read, by day or month."""

from collections.abc import Mapping
from typing import Any

import click

from readmeter.command.client import site_path
from readmeter.command.output import Desk, command, number


@click.command()
@click.argument("site")
@click.option("--from", "first", metavar="DATE", help="First day or month (2026-11-01, 2026-11)")
@click.option("--to", "end", metavar="DATE", help="The day or month after the last")
@click.option(
    "--by", type=click.Choice(["day", "month"]), default="day", show_default=True, help="A row per day or month"
)
@command
def usage(desk: Desk, site: str, first: str | None, end: str | None, by: str) -> None:
    """What readers of SITE read, and what of it is billable."""
    answer = desk.client.call("GET", site_path(site, "usage"), {"from": first, "to": end, "by": by})
    if desk.as_json:
        desk.answer(answer)
        return
    rows = answer["rows"]
    desk.say(f"{answer['site']}, {answer['from']} to {answer['to']} (exclusive)")
    if rows:
        desk.table(
            ["period", "meter", "reader", "decision", "quantity", "readers", "billable"],
            map(_cells, rows),
            {"quantity", "readers"},
        )
    billable = sum(row["quantity"] for row in rows if row["billable"])
    desk.say(f"Billable: {number(billable)}. Complete until {answer['complete_until']}.")


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [
        row["period"],
        row["meter"] or "–",
        row["reader_class"],
        row["decision"],
        number(row["quantity"]),
        "" if row["unique_readers"] is None else number(row["unique_readers"]),
        "yes" if row["billable"] else "no",
    ]
