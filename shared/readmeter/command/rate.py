"""`readmeter rate`: a final month as invoice lines."""

import gzip
import json
from pathlib import Path

import click

from readmeter.command import files
from readmeter.command.client import Misused, Refused
from readmeter.command.export import fetched, finished, month
from readmeter.command.output import Desk, command, number
from readmeter.usage.rating import price_list
from readmeter.usage.rating import rate as rated

_USAGE = "usage.jsonl.gz"


@click.command()
@click.argument("site")
@click.argument("month", callback=month)
@click.option(
    "--prices",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The price list (YAML or JSON)",
)
@click.option(
    "--format", "kind", type=click.Choice(["csv", "json"]), default="csv", show_default=True, help="Of the lines"
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of the screen")
@command
def rate(desk: Desk, site: str, month: str, prices: Path, kind: str, output: Path | None) -> None:
    """Turn a final MONTH into invoice lines by a price list. No payment is handled."""
    try:
        listed = price_list(prices.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Misused(f"{prices}: {'; '.join(str(error).splitlines())}") from None
    answer = finished(desk.client, site, month)
    manifest = json.loads(fetched(desk, answer, files.MANIFEST))
    rows = [json.loads(line) for line in gzip.decompress(fetched(desk, answer, _USAGE)).splitlines()]
    try:
        rating = rated(listed, manifest, rows)
    except ValueError as error:
        raise Refused(f"{error}.") from None
    text = rating.json() if desk.as_json or kind == "json" else rating.csv()
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8", newline="")
    desk.note(f"{number(rating.quantity)} billable reads: {rating.currency} {rating.total}, in {output}.")
