"""`readmeter usage`: what was read, by day or month."""

import click

from readmeter.command.client import segment
from readmeter.command.output import Desk, columns, command, number


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
    answer = desk.client.call("GET", f"/v1/admin/sites/{segment(site)}/usage", {"from": first, "to": end, "by": by})
    if desk.as_json:
        desk.answer(answer)
        return
    rows = answer["rows"]
    desk.say(f"{answer['site']}, {answer['from']} to {answer['to']} (exclusive)")
    if rows:
        desk.say(_table(rows))
    billable = sum(row["quantity"] for row in rows if row["billable"])
    desk.say(f"Billable: {number(billable)}. Complete until {answer['complete_until']}.")


def _table(rows: list[dict[str, object]]) -> str:
    return columns(
        ["period", "meter", "reader", "decision", "quantity", "readers", "billable"],
        [
            [
                str(row["period"]),
                str(row["meter"] or "–"),
                str(row["reader_class"]),
                str(row["decision"]),
                number(int(str(row["quantity"]))),
                number(int(str(row["unique_readers"]))) if row["unique_readers"] is not None else "",
                "yes" if row["billable"] else "no",
            ]
            for row in rows
        ],
        right={"quantity", "readers"},
    )
