"""`readmeter entitlement`: who reads without limit because staff say so, one by one or as a file."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import click

from readmeter.command.client import CommandError, Content, Refused, site_path, words
from readmeter.command.instant import instant
from readmeter.command.output import Desk, command, counted, number
from readmeter.command.site import YES
from readmeter.command.values import leaves, shown
from readmeter.core.article import normal
from readmeter.staff.entitlement import MOST_BYTES, MOST_LINES

_NAMED = 10  # bad lines that are told


@click.group()
def entitlement() -> None:
    """Who reads without limit, by your own id of them (SUBJECT)."""


@entitlement.command()
@click.argument("site")
@click.argument("subject")
@command
def show(desk: Desk, site: str, subject: str) -> None:
    """Show whether SUBJECT reads without limit, and why."""
    _tell(desk, desk.client.call("GET", _path(site, subject)))


@entitlement.command()
@click.argument("site")
@click.argument("subject")
@click.option("--plan", help="What you call it")
@click.option("--from", "first", callback=instant, help="A day (2026-12-01, UTC) or an instant with its offset")
@click.option("--until", callback=instant, help="The first day or instant that it no longer holds")
@command
def grant(desk: Desk, site: str, subject: str, plan: str | None, first: str | None, until: str | None) -> None:
    """Let SUBJECT read without limit: from now on and for ever, unless told otherwise."""
    given = {"plan": plan, "valid_from": first, "valid_until": until}
    body = {name: value for name, value in given.items() if value is not None}
    _tell(desk, desk.client.call("PUT", _path(site, subject), body=body))


@entitlement.command()
@click.argument("site")
@click.argument("subject")
@YES
@command
def revoke(desk: Desk, site: str, subject: str, yes: bool) -> None:
    """Take back what staff gave SUBJECT. What a payment service told of them stays."""
    desk.confirm(f"Take the entitlement of {subject} back?", yes)
    answer = desk.client.call("DELETE", _path(site, subject))
    if desk.as_json:
        desk.answer(answer)
    desk.say(f"{subject} has no entitlement by staff now.")


@entitlement.command("import")
@click.argument("site")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Count and name bad lines; write nothing")
@command
def import_(desk: Desk, site: str, file: Path, dry_run: bool) -> None:
    """Write the entitlements in FILE (CSV: subject, plan, valid_from, valid_until), all of them or none.

    Every line is looked at first; where one is bad, each is named and nothing is written. Who is not in the file
    keeps what they have. Empty cells: no plan, from now on, for ever.
    """
    parts = _parts(file.read_bytes())
    bad: list[dict[str, Any]] = list(_twice(parts))
    lines = more_bad = 0
    for part in parts:
        answer = _send(desk, site, part, dry_run=True)
        lines += answer["lines"]
        bad += [{**each, "line": part.line(each["line"])} for each in answer["bad"]]
        more_bad += answer.get("more_bad", 0)
    bad.sort(key=lambda each: each["line"])
    if not (dry_run or bad):
        _write(desk, site, parts)
    written = 0 if dry_run or bad else lines
    if desk.as_json:
        beyond = {"more_bad": more_bad} if more_bad else {}
        desk.answer({"site": site, "lines": lines, "written": written, "bad": bad, **beyond})
    if bad:
        told = "; ".join(_sentence(each) for each in bad[:_NAMED])
        untold = len(bad[_NAMED:]) + more_bad
        more = f"; and {number(untold)} more" if untold else ""
        raise Refused(f"{file}: {told}{more}. Nothing was written.")
    said = "is right" if lines == 1 else "are right"
    desk.say(f"{site}: {counted(lines, 'line')} {said}{'' if dry_run else ' and written'}.")


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines of the file under its header, which is `header` lines long; the first of them is line `first` there."""

    content: str
    header: int
    first: int
    subjects: Sequence[tuple[str, int]]  # and their lines

    def line(self, of_part: int) -> int:
        """A line of the part, as the file has it."""
        return of_part if of_part <= self.header else of_part - self.header - 1 + self.first


def _parts(content: bytes) -> list[_Part]:
    """The file in pieces that a request takes. Raises `Refused` where it is no CSV."""
    try:
        return list(_split(content.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise Refused("The file is not UTF-8 text.") from None
    except csv.Error as error:
        raise Refused(f"The file is no CSV ({error}): a quote may be missing.") from None


def _split(text: str) -> Iterator[_Part]:
    lines = StringIO(text, newline="").readlines()
    rows = csv.reader(lines)
    head = next(rows, [])
    header = rows.line_num
    column = head.index("subject") if "subject" in head else None
    top = "".join(lines[:header])
    start, end, size = header, header, len(top.encode())
    subjects: list[tuple[str, int]] = []
    for row in rows:
        record = len("".join(lines[end : rows.line_num]).encode())
        if subjects and (len(subjects) == MOST_LINES or size + record > MOST_BYTES):
            yield _Part(top + "".join(lines[start:end]), header, start + 1, subjects)
            start, size, subjects = end, len(top.encode()), []
        if row:
            subjects.append((normal(row[column]) if column is not None and column < len(row) else "", end + 1))
        end, size = rows.line_num, size + record
    yield _Part(top + "".join(lines[start:end]), header, start + 1, subjects)


def _twice(parts: Sequence[_Part]) -> Iterator[dict[str, Any]]:
    """Subjects that two parts name: a part alone cannot tell."""
    first: dict[str, tuple[int, int]] = {}
    for index, part in enumerate(parts):
        for subject, line in part.subjects:
            earlier, at = first.setdefault(subject, (index, line))
            if subject and earlier != index:
                yield {"line": line, "column": "subject", "detail": f"is on line {at} already"}


def _write(desk: Desk, site: str, parts: Sequence[_Part]) -> None:
    for index, part in enumerate(parts):
        try:
            _send(desk, site, part, dry_run=False)
        except CommandError as error:
            told = f" What stands before line {part.first} is written; type it again for the rest." if index else ""
            raise type(error)(f"{error}{told}") from None


def _send(desk: Desk, site: str, part: _Part, *, dry_run: bool) -> Any:
    query = {"dry_run": "true" if dry_run else None}
    body = Content("text/csv; charset=utf-8", part.content.encode())
    return desk.client.call("PUT", site_path(site, "entitlements"), query, body)


def _sentence(bad: dict[str, Any]) -> str:
    column = f" {bad['column']}" if bad["column"] else ""
    return f"line {bad['line']}:{column} {bad['detail']}"


def _path(site: str, subject: str) -> str:
    return site_path(site, "entitlements", words(subject))


def _tell(desk: Desk, answer: Any) -> None:
    if desk.as_json:
        desk.answer(answer)
    desk.table(["key", "value"], ([key, shown(value)] for key, value in leaves("", answer)))
