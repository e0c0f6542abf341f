"""`readmeter grant-keys`: what a publisher's server checks grants with, kept fresh by a cron job."""

import json
from pathlib import Path
from tempfile import NamedTemporaryFile

import click

from readmeter.command.client import site_path
from readmeter.command.output import Desk, command


@click.command("grant-keys")
@click.argument("site")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to keep them in")
@command
def grant_keys(desk: Desk, site: str, output: Path | None) -> None:
    """Read the keys that grants of SITE verify with: for the server that withholds its articles' text.

    They are secret: the file is readable by its owner alone. It is replaced whole, and only by a good answer.
    """
    keys = desk.client.call("GET", site_path(site, "grant-keys"))
    named = ", ".join(key["kid"] for key in keys["keys"])
    if desk.as_json or output is None:
        desk.answer(keys)
    if output is None:
        return
    with NamedTemporaryFile("w", encoding="utf-8", dir=output.parent, prefix=f".{output.name}.", delete=False) as part:
        json.dump(keys, part)
    Path(part.name).replace(output)
    desk.say(f"{output}: {site} verifies by {named}.")
