"""`readmeter report`: a month as a page for people."""

from pathlib import Path

import click

from readmeter.command.client import segment
from readmeter.command.export import month
from readmeter.command.output import Desk, command
from readmeter.usage.report import render


@click.command()
@click.argument("site")
@click.argument("month", callback=month)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), show_default="SITE_MONTH.html", help="The page"
)
@command
def report(desk: Desk, site: str, month: str, output: Path | None) -> None:
    """Write MONTH of SITE as one page for people: open it in a browser, print it to PDF.

    With --json the report's data is printed, and a page is written only where --output names one.
    """
    data = desk.client.call("GET", f"/v1/admin/sites/{segment(site)}/report", {"period": month})
    if desk.as_json:
        desk.answer(data)
        if output is None:
            return
    target = output or Path(f"{site}_{month}.html")
    target.write_text(render(data), encoding="utf-8")
    desk.say(f"{target}: {month} of {site} ({data['status']}).")
