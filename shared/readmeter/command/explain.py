"""`readmeter explain`: why a reader would be let in or not, rule by rule."""

from collections.abc import Sequence
from typing import Any

import click

from readmeter.command.client import site_path
from readmeter.command.output import Desk, command, number


@click.command()
@click.argument("site")
@click.option("--article", help="The page's id of the article")
@click.option("--url", help="The page's address")
@click.option("--section", "sections", multiple=True, help="A section of the page; as often as needed")
@click.option("--tag", "tags", multiple=True, help="A tag of the page; as often as needed")
@click.option("--campaign", help="The campaign that the reader's link names")
@click.option("--referrer", help="The page that the reader comes from")
@click.option("--gift", help="The token of a gift link")
@click.option("--subject", help="Who is signed in: your id of the reader")
@click.option("--identity", help="The signed token that says so, in place of --subject")
@click.option("--reader", help="The token that the reader's browser keeps")
@click.option("--address", help="The reader's IP address")
@click.option("--user-agent", help="What the reader's program calls itself")
@command
def explain(desk: Desk, site: str, sections: Sequence[str], tags: Sequence[str], **given: str | None) -> None:
    """Tell which rule of SITE decides a view, and why each other one does not. Nothing is counted or written."""
    body: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    body |= {name: list(values) for name, values in (("sections", sections), ("tags", tags)) if values}
    answer = desk.client.call("POST", site_path(site, "explain"), body=body)
    if desk.as_json:
        desk.answer(answer)
        return
    rows = (["→" if each["decides"] else "", each["rule"], each["why"]] for each in answer["rules"])
    desk.table(["", "rule", "why"], rows, styles={"→": "bold green"})
    desk.say(_sentence(answer))
    for warning in answer["warnings"]:
        desk.note(f"warning: {warning}")


def _sentence(answer: Any) -> str:
    said = f"{answer['access']}: {answer['reason']}, by version {answer['rule']['version']}."
    if answer["limit"] is None:
        return said
    used, limit, left = (number(answer[name]) for name in ("used", "limit", "remaining"))
    return f"{said} {answer['meter']}: {used} of {limit} used, {left} left until {answer['resets_at']}."
