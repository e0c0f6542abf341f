"""`readmeter reader`: what is known of one reader, by the publisher's name of them, and what staff can do about it."""

from collections.abc import Mapping
from typing import Any

import click

from readmeter.command.client import site_path, words
from readmeter.command.instant import instant
from readmeter.command.output import Desk, command, number
from readmeter.command.site import YES
from readmeter.command.values import leaves, shown


@click.group()
def reader() -> None:
    """One registered reader, by your own id of them (SUBJECT)."""


@reader.command()
@click.argument("site")
@click.argument("subject")
@command
def show(desk: Desk, site: str, subject: str) -> None:
    """Show what SUBJECT has used of each meter, and what they are entitled to."""
    answer = desk.client.call("GET", site_path(site, "readers", words(subject)))
    if desk.as_json:
        desk.answer(answer)
        return
    desk.table(["key", "value"], ([key, shown(value)] for key, value in leaves("", _but_meters(answer))))
    numbers = ("limit", "used", "remaining")
    rows = ([each["meter"], *(number(each[name]) for name in numbers), each["resets_at"]] for each in answer["meters"])
    desk.table(["meter", *numbers, "resets at"], rows, set(numbers))


@reader.command()
@click.argument("site")
@click.argument("subject")
@YES
@command
def reset(desk: Desk, site: str, subject: str, yes: bool) -> None:
    """Give SUBJECT the whole allowance of the current periods anew. What was counted stays counted."""
    desk.confirm(f"Give {subject} a whole allowance of {site} anew?", yes)
    answer = desk.client.call("POST", site_path(site, "readers", words(subject), "reset"))
    _done(desk, answer, f"{subject} begins anew.")


@reader.command()
@click.argument("site")
@click.argument("subject")
@YES
@command
def erase(desk: Desk, site: str, subject: str, yes: bool) -> None:
    """Erase what is known of SUBJECT. What is spent of the allowance stays spent, without saying on what."""
    desk.confirm(f"Erase what {site} knows of {subject}? It cannot be undone.", yes)
    answer = desk.client.call("DELETE", site_path(site, "readers", words(subject)))
    _done(desk, answer, f"{subject} is erased.")


@reader.command()
@click.argument("site")
@click.argument("subject")
@click.option("--meter", default="default", show_default=True, help="Of which meter")
@click.option("--reads", type=click.IntRange(0), required=True, help="How many above the limit; 0 takes them back")
@click.option("--until", callback=instant, required=True, help="A day (2026-12-01, UTC) or an instant with its offset")
@command
def bonus(desk: Desk, site: str, subject: str, meter: str, reads: int, until: str) -> None:
    """Give SUBJECT reads above the limit of a meter, until a day."""
    body = {"meter": meter, "reads": reads, "until": until}
    answer = desk.client.call("PUT", site_path(site, "readers", words(subject), "bonus"), body=body)
    _done(desk, answer, f"{subject} has {number(reads)} more of {meter} until {until}.")


def _done(desk: Desk, answer: Any, said: str) -> None:
    if desk.as_json:
        desk.answer(answer)
    desk.say(said)


def _but_meters(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {key: answer[key] for key in answer if key != "meters"}
