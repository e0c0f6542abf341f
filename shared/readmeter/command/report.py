"""`readmeter report`: a month as a page for people."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from readmeter.command.client import site_path
from readmeter.command.export import month
from readmeter.command.output import Desk, command, number
from readmeter.usage.report import render
from readmeter.usage.spreadsheet import safe_text

_TEXTS = ("date", "article", "title", "section")
_STEPS = ("views", "shown", "countdowns", "walls", "clicks")


@click.command()
@click.argument("site")
@click.argument("month", callback=month)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), show_default="SITE_MONTH.html", help="The page"
)
@click.option(
    "--funnel",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the funnel of each article and day (CSV)",
)
@command
def report(desk: Desk, site: str, month: str, output: Path | None, funnel: Path | None) -> None:
    """Write MONTH of SITE as one page for people: open it in a browser, print it to PDF.

    With --json the report's data is printed, and a page is written only where --output names one.
    """
    data = desk.client.call("GET", site_path(site, "report"), {"period": month})
    if desk.as_json:
        desk.answer(data)
    if funnel is not None:
        _write_funnel(desk, funnel, data["funnel"])
    if desk.as_json and output is None:
        return
    target = output or Path(f"{site}_{month}.html")
    target.write_text(render(data), encoding="utf-8")
    desk.say(f"{target}: {month} of {site} ({data['status']}).")


def _write_funnel(desk: Desk, target: Path, funnel: Mapping[str, Any]) -> None:
    rows, left_out = funnel["rows"], funnel["rows_left_out"]
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([*_TEXTS, *_STEPS])
        writer.writerows(_cells(rows))
    desk.say(f"{target}: {number(len(rows))} rows.")
    if left_out:
        desk.note(f"{target} has the busiest rows: {number(left_out)} with fewer steps are left out.")


def _cells(rows: Iterable[Mapping[str, Any]]) -> Iterable[list[Any]]:
    """What is null is empty, and a text cannot be taken for a formula."""
    return ([*(safe_text(row[name] or "") for name in _TEXTS), *(row[name] for name in _STEPS)] for row in rows)
