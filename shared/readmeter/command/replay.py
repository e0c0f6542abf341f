"""`readmeter replay`: a month that was, under rules that might be."""

from pathlib import Path

import click

from readmeter.command.client import Misused, site_path
from readmeter.command.documents import read_right
from readmeter.command.export import month
from readmeter.command.output import Desk, command, counted, number
from readmeter.command.site import FILE

_NUMBERS = {
    "reads": "reads",
    "readers": "readers",
    "granted": "granted then",
    "walled": "walled then",
    "readers_walled": "readers walled",
    "readers_at_limit_before": "at limit before",
    "readers_at_limit_after": "at limit after",
}


@click.command()
@click.argument("site")
@click.argument("month", callback=month)
@FILE
@command
def replay(desk: Desk, site: str, month: str, file: Path) -> None:
    """Run MONTH of SITE against the site document in FILE, as if it had been in force: walls, grants, readers.

    Nothing is written. Only reads that were made are known: what the figures cannot say stands below them.
    """
    written, name = read_right(file)
    if name != site:
        raise Misused(f"{file} is the document of {name}, not of {site}.")
    answer = desk.client.call("POST", site_path(site, "replay"), {"period": month}, written.body)
    if desk.as_json:
        desk.answer(answer)
        return
    before, after = answer["before"], answer["after"]
    desk.say(f"{month} of {site}: {counted(answer['reads'], 'read')} by {counted(answer['readers'], 'reader')}.")
    rows = [
        ["reads granted", number(before["granted"]), number(after["granted"])],
        ["reads walled", "0", number(after["walled"])],
        ["readers who met a wall", "", number(after["readers_walled"])],
        ["readers at their limit", number(before["readers_at_limit"]), number(after["readers_at_limit"])],
    ]
    desk.table(["", "before", "after"], rows, {"before", "after"})
    lines = (
        [each["meter"] or "none", each["reader_class"], *(number(each[name]) for name in _NUMBERS)]
        for each in answer["meters"]
    )
    desk.say("")
    desk.table(["meter", "reader", *_NUMBERS.values()], lines, set(_NUMBERS.values()))
    for note in answer["notes"]:
        desk.note(note)
