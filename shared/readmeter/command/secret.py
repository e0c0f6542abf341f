"""`readmeter secret`: what only the service may know."""

import sys

import click

from readmeter.command.client import Misused, site_path
from readmeter.command.output import Desk, command


@click.group()
def secret() -> None:
    """Secrets of a site: they can be set, and never read."""


@secret.command("set")
@click.argument("site")
@click.argument("name", type=click.Choice(["stripe"]))
@command
def set_(desk: Desk, site: str, name: str) -> None:
    """Set the secret NAME of SITE. It is asked for without an echo, or read from standard input; never an argument.

    `stripe` is the signing secret of the webhook (whsec_…).
    """
    value = click.prompt(f"Secret {name} of {site}", hide_input=True, err=True) if desk.asks else sys.stdin.read()
    if not value.strip():
        raise Misused("Nothing came on standard input: the secret is not changed.")
    answer = desk.client.call("PUT", site_path(site, "secrets", name), body={"value": value.strip()})
    if desk.as_json:
        desk.answer(answer)
    desk.say(f"{site}: the secret {name} is set.")
