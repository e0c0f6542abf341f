"""`readmeter reader`: what is known of one reader, by the publisher's name of them, and what staff can do about it."""

from typing import Any

import click

from readmeter.command.client import site_path, words
from readmeter.command.instant import instant
from readmeter.command.output import Desk, command, number
from readmeter.command.site import YES

_NUMBERS = ("limit", "used", "remaining", "bonus")


@click.group()
def reader() -> None:
    """One registered reader, by your own id of them (SUBJECT)."""


@reader.command()
@click.argument("site")
@click.argument("subject")
@command
def show(desk: Desk, site: str, subject: str) -> None:
    """Show what SUBJECT has used of each meter and which articles counted, and whether they read without limit."""
    _tell(desk, desk.client.call("GET", _path(site, subject)))


@reader.command()
@click.argument("site")
@click.argument("subject")
@YES
@command
def reset(desk: Desk, site: str, subject: str, yes: bool) -> None:
    """Give SUBJECT a whole allowance more in the current periods. What was counted stays counted."""
    desk.confirm(f"Give {subject} a whole allowance of {site} more?", yes)
    _tell(desk, desk.client.call("POST", _path(site, subject, "reset")))


@reader.command()
@click.argument("site")
@click.argument("subject")
@YES
@command
def erase(desk: Desk, site: str, subject: str, yes: bool) -> None:
    """Erase what is known of SUBJECT. What is spent of the allowance stays spent, without saying on what."""
    desk.confirm(f"Erase what {site} knows of {subject}? It cannot be undone.", yes)
    answer = desk.client.call("DELETE", _path(site, subject))
    if desk.as_json:
        desk.answer(answer)
    desk.say(f"{subject} is erased.")


@reader.command()
@click.argument("site")
@click.argument("subject")
@click.option("--meter", default="default", show_default=True, help="Of which meter")
@click.option("--reads", type=click.IntRange(0), required=True, help="How many above the limit; 0 takes them back")
@click.option(
    "--until",
    callback=instant,
    show_default="the period's end",
    help="A day (2026-12-01, UTC) or an instant with its offset",
)
@command
def bonus(desk: Desk, site: str, subject: str, meter: str, reads: int, until: str | None) -> None:
    """Give SUBJECT reads above the limit of a meter, in place of a bonus that they had."""
    body = {"meter": meter, "reads": reads} | ({} if until is None else {"until": until})
    _tell(desk, desk.client.call("PUT", _path(site, subject, "bonus"), body=body))


def _path(site: str, subject: str, *below: str) -> str:
    return site_path(site, "readers", words(subject), *below)


def _tell(desk: Desk, answer: Any) -> None:
    if desk.as_json:
        desk.answer(answer)
    desk.say(f"{answer['subject']} {'reads without limit' if answer['entitled'] else 'is metered'}.")
    meters = answer["meters"]
    rows = ([each["meter"], *(number(each[name]) for name in _NUMBERS), each["resets_at"] or "–"] for each in meters)
    desk.table(["meter", *_NUMBERS, "resets at"], rows, set(_NUMBERS))
    counted = [
        [each["meter"], article["title"] or article["article"], article["section"] or "–"]
        for each in meters
        for article in each["articles"]
    ]
    if counted:
        desk.say("")
        desk.table(["meter", "counted article", "section"], counted)
    if (gifts := answer["gifts"]) is not None:
        desk.say(f"Gifts this month: {number(gifts['given'])} of {number(gifts['per_month'])} given.")
