"""`readmeter site`: a site's rules, changed so that everybody can see what it does before it is done."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import yaml

from readmeter.command import documents
from readmeter.command.client import Content, Misused, Refused, site_path
from readmeter.command.output import Desk, command, counted, number, offline
from readmeter.command.values import leaves, shown

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
YES = click.option("--yes", is_flag=True, help="Do not ask")
_AT_ONCE = 60  # seconds between the service's clock and this one that make no difference


@click.group()
def site() -> None:
    """A site's rules: checked, compared, written, rolled back."""


@site.command()
@FILE
@offline
def validate(desk: Desk, file: Path) -> None:
    """Check the site document in FILE without a service: its errors and warnings, by line.

    Ends with 1 where there is an error.
    """
    written = documents.read(file)
    if desk.as_json:
        told = {"errors": written.told(written.errors), "warnings": written.told(written.warnings)}
        desk.answer({"file": str(file), "valid": not written.errors, **told})
    for kind, findings in (("error", written.errors), ("warning", written.warnings)):
        for finding in findings:
            desk.say(documents.sentence(written, kind, *finding))
    if written.errors:
        raise Refused(f"{file} is no site document: {counted(len(written.errors), 'error')}.")
    desk.say(f"{file}: fine, {counted(len(written.warnings), 'warning')}.")


@site.command()
@FILE
@command
def diff(desk: Desk, file: Path) -> None:
    """Show what FILE would change, from when on, and how many readers would meet a wall. Nothing is written.

    Ends as `diff` does: with 0 where FILE is what is in force, with 1 where it differs.
    """
    written, name = documents.read_right(file)
    rehearsed = _rehearsed(desk, name, written.body, None)
    if desk.as_json:
        desk.answer(rehearsed)
    _tell(desk, rehearsed, written)
    if not _is_in_force(rehearsed):
        click.get_current_context().exit(1)


@site.command()
@FILE
@click.option("--if-version", type=click.IntRange(1), help="Only where this version is the newest")
@YES
@command
def apply(desk: Desk, file: Path, if_version: int | None, yes: bool) -> None:
    """Write FILE as the newest version of its site, once you have seen what it changes and said yes.

    Another person's change that comes in between is not overwritten: the command is refused.
    """
    written, name = documents.read_right(file)
    _write(desk, name, written.body, if_version, yes, written)


@site.command()
@click.argument("site")
@click.argument("version", type=click.IntRange(1))
@YES
@command
def rollback(desk: Desk, site: str, version: int, yes: bool) -> None:
    """Write VERSION of SITE once more, as the newest one: what it changes is shown first."""
    old = desk.client.call("GET", site_path(site), {"version": str(version)})
    _write(desk, site, Content("application/json", json.dumps(old, ensure_ascii=False).encode()), None, yes)


@site.command()
@click.argument("site")
@click.option("--version", type=click.IntRange(1), show_default="the newest", help="An earlier one")
@click.option("--yaml", "as_yaml", is_flag=True, help="Print a file that `site apply` takes")
@command
def show(desk: Desk, site: str, version: int | None, as_yaml: bool) -> None:
    """Show the rules of SITE, with what they leave to the defaults."""
    if as_yaml and desk.as_json:
        raise Misused("--json and --yaml exclude each other.")
    query = {"version": None if version is None else str(version)}
    document = desk.client.call("GET", site_path(site), query)
    if desk.as_json:
        desk.answer(document)
    elif as_yaml:
        click.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), nl=False)
    else:
        desk.table(["key", "value"], ([dotted, shown(value)] for dotted, value in leaves("", document)))


@site.command()
@click.argument("site")
@command
def versions(desk: Desk, site: str) -> None:
    """List the versions of SITE: when each was written, and by whom."""
    answer = desk.client.call("GET", site_path(site, "versions"))
    if desk.as_json:
        desk.answer(answer)
    rows = ([str(each["version"]), each["written_at"], each["written_by"]] for each in answer["versions"])
    desk.table(["version", "written at", "by"], rows, {"version"})


@site.command("list")
@command
def list_(desk: Desk) -> None:
    """List the sites that you may see."""
    answer = desk.client.call("GET", site_path())
    if desk.as_json:
        desk.answer(answer)
    elif not answer["sites"]:
        desk.say("No site yet. `readmeter init` writes a document for one.")
    else:
        rows = ([each["site"], str(each["version"]), each["written_at"]] for each in answer["sites"])
        desk.table(["site", "version", "written at"], rows, {"version"})


def _write(
    desk: Desk,
    site: str,
    body: Content,
    if_version: int | None,
    yes: bool,
    written: documents.Written | None = None,
) -> None:
    """Shows, asks, and writes over the version that was compared with, or not at all."""
    rehearsed = _rehearsed(desk, site, body, if_version)
    before = rehearsed["version"] - 1
    if _is_in_force(rehearsed):
        if desk.as_json:
            desk.answer({**rehearsed, "version": before})
        desk.say(f"{site} has these rules already, as version {before}. Nothing was written.")
        return
    _tell(desk, rehearsed, written)
    desk.confirm(f"Write it as version {rehearsed['version']} of {site}?", yes)
    answer = desk.client.call("PUT", site_path(site), None, body, _follows(before))
    if desk.as_json:
        desk.answer(answer)
    desk.say(f"{site} is at version {answer['version']}.")


def _rehearsed(desk: Desk, site: str, body: Content, if_version: int | None) -> Any:
    headers = {} if if_version is None else _follows(if_version)
    return desk.client.call("PUT", site_path(site), {"dry_run": "true"}, body, headers)


def _follows(version: int) -> dict[str, str]:
    """The header by which the service refuses to write over any other version; 0: over any at all."""
    return {"if-match": f'"{version}"'} if version else {"if-none-match": "*"}


def _is_in_force(rehearsed: Mapping[str, Any]) -> bool:
    return rehearsed["version"] > 1 and not rehearsed["differences"]


def _tell(desk: Desk, rehearsed: Mapping[str, Any], written: documents.Written | None) -> None:
    site, version = rehearsed["site"], rehearsed["version"]
    if version == 1:
        desk.say(f"{site} is a new site.")
    elif not rehearsed["differences"]:
        desk.say(f"{site} has these rules already, as version {version - 1}.")
    else:
        rows = (
            [
                documents.dotted(each["path"]),
                shown(each["from"]),
                shown(each["to"]),
                _from(each["in_force"], desk.clock()),
            ]
            for each in rehearsed["differences"]
        )
        desk.table(["key", f"version {version - 1}", f"version {version}", "in force"], rows)
    if rehearsed.get("effect"):
        _tell_effect(desk, rehearsed["effect"])
    for each in rehearsed["warnings"]:
        told = (each["pointer"], each["detail"])
        desk.note(documents.sentence(written, "warning", *told))


def _tell_effect(desk: Desk, effect: Mapping[str, Any]) -> None:
    """Who would meet a wall at once, where anybody has read yet, and what that cannot know."""
    meters = [each for each in effect["meters"] if each["readers"]]
    if not meters:
        return
    numbers = ("readers", "walled_before", "walled_now")
    rows = ([each["meter"], *(number(each[name]) for name in numbers)] for each in meters)
    desk.table(
        ["meter", "current readers", "at a wall now", "then"], rows, {"current readers", "at a wall now", "then"}
    )
    for note in effect["notes"]:
        desk.note(note)


def _from(in_force: str, now: float) -> str:
    return "at once" if datetime.fromisoformat(in_force).timestamp() <= now + _AT_ONCE else in_force
