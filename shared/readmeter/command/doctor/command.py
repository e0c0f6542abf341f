"""The command: fetches what the checks look at, and tells what they found."""

from collections.abc import Iterator
from typing import Any

import click

from readmeter.command.client import CommandError, Refused, site_path
from readmeter.command.doctor.checks import Check, of_page, page_itself, snippet_file
from readmeter.command.doctor.leaks import leaks
from readmeter.command.doctor.page import Page
from readmeter.command.doctor.visit import NotFetched, Visitor
from readmeter.command.output import Desk, command

_STYLES = {"ok": "green", "warning": "yellow", "FAILED": "bold red"}


@click.command()
@click.argument("url")
@click.option("--site", required=True, help="The site's id")
@command
def doctor(desk: Desk, url: str, site: str) -> None:
    """Look at the live article at URL: the tag, the site's rules, the gate, caches, and copies that leak its text.

    Only GETs, a dozen at most: of the page, of what it links at its own origin, of the snippet. Ends with 1 where a
    check fails. What scripts do to the page cannot be seen.
    """
    visitor = Visitor(desk.surroundings.transport, desk.clock)
    checks = list(_checks(desk, visitor, url, site))
    failed = sum(check.outcome == "failed" for check in checks)
    if desk.as_json:
        told = [{"check": each.name, "outcome": each.outcome, "detail": each.detail} for each in checks]
        desk.answer({"url": url, "site": site, "fine": not failed, "checks": told})
    rows = ([_mark(check), check.name, _printable(check.detail)] for check in checks)
    desk.table(["", "check", "what was found"], rows, styles=_STYLES)
    if failed:
        raise Refused(f"{failed} of {len(checks)} checks failed." if failed > 1 else "One check failed.")


def _checks(desk: Desk, visitor: Visitor, url: str, site: str) -> Iterator[Check]:
    try:
        page = Page(visitor.get(url))
    except NotFetched as error:
        yield Check("page", "failed", f"{error}.")
        return
    there = page_itself(page)
    yield there
    if there.outcome == "failed":
        return
    yield from of_page(page, site, _rules(desk, site))
    if page.snippet and page.snippet.src:
        try:
            yield snippet_file(page, visitor.get(page.snippet.src))
        except NotFetched as error:
            yield Check("snippet's file", "failed", f"{error}.")
    yield from leaks(page, visitor)


def _rules(desk: Desk, site: str) -> Any:
    """The site document, or in a sentence why it is not there."""
    try:
        return desk.client.call("GET", site_path(site))
    except CommandError as error:
        return str(error)


def _mark(check: Check) -> str:
    return "FAILED" if check.outcome == "failed" else check.outcome


def _printable(text: str) -> str:
    """A page may hold anything: nothing of it moves a terminal's cursor."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
