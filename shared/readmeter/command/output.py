"""How the command speaks: tables and progress for people, JSON for machines, one line for what went wrong."""

import functools
import json
import os
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from readmeter.command.client import Client, CommandError, Misused, Refused, Transport, urllib_transport

DEFAULT_API = "http://localhost:8080"
_WIDEST = 100_000
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Surroundings:
    """What the command touches besides files: the network, the clock, the environment, who sits in front of it."""

    transport: Transport = field(default_factory=urllib_transport)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    asks: Callable[[], bool] = lambda: sys.stdin.isatty()  # whether a question finds somebody


@dataclass(frozen=True)
class Desk:
    """What every command works with. `screen` takes progress; `say`, `table` and `answer` the result."""

    surroundings: Surroundings
    api: str
    as_json: bool
    screen: Console

    @functools.cached_property
    def client(self) -> Client:
        """Made when it is first wanted: what asks nobody needs no credentials."""
        return Client(self.api, self.surroundings.environ, self.surroundings.transport)

    @property
    def clock(self) -> Callable[[], float]:
        return self.surroundings.clock

    @property
    def sleep(self) -> Callable[[float], None]:
        return self.surroundings.sleep

    @property
    def asks(self) -> bool:
        """Whether there is somebody to answer a question."""
        return not self.as_json and self.surroundings.asks()

    def answer(self, document: object) -> None:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))

    def say(self, text: str) -> None:
        if not self.as_json:
            click.echo(text)

    def table(
        self,
        head: Sequence[str],
        rows: Iterable[Sequence[str]],
        right: Collection[str] = (),
        styles: Mapping[str, str] | None = None,
    ) -> None:
        """As wide as a terminal; elsewhere as wide as its content: it is piped into files and mails.

        `styles` says how cells of these words look on a terminal.
        """
        if self.as_json:
            return
        shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for name in head:
            shown.add_column(name, justify="right" if name in right else "left", overflow="fold")
        for row in rows:
            # Nothing in a cell is taken for markup
            shown.add_row(*(Text(cell, (styles or {}).get(cell, "")) for cell in row))
        page = Console(highlight=False)
        if not page.is_terminal:
            page.width = _WIDEST
        with page.capture() as drawn:
            page.print(shown)
        lines = (line.rstrip() for line in drawn.get().splitlines())
        click.echo("\n".join(lines), color=page.is_terminal)

    def confirm(self, question: str, yes: bool) -> None:
        """Goes on where somebody says yes, or said so beforehand. Raises `Refused` or `Misused` elsewhere."""
        if yes:
            return
        if not self.asks:
            raise Misused("Nothing was changed: without a terminal (and with --json) only --yes says that it is meant.")
        if not click.confirm(question, err=True):
            raise Refused("Nothing was changed.")

    def note(self, text: str) -> None:
        """Beside the result: on standard error."""
        if not self.as_json:
            click.echo(text, err=True)


def command(function: Function) -> Function:
    """Adds --api and --json to a command, gives it its `Desk` first, and ends it with a line and a code on errors."""
    return click.option(
        "--api", metavar="URL", envvar="READMETER_API", default=DEFAULT_API, show_default=True, help="The service"
    )(offline(function))


def offline(function: Function) -> Function:
    """The same for a command that asks no service."""

    @click.option("--json", "as_json", is_flag=True, help="Print JSON for machines")
    @click.pass_context
    @functools.wraps(function)
    def run(context: click.Context, /, as_json: bool, api: str = DEFAULT_API, **given: Any) -> None:
        surroundings = context.find_object(Surroundings) or Surroundings()
        try:
            function(Desk(surroundings, api, as_json, Console(stderr=True, quiet=as_json)), **given)
            return
        except CommandError as error:
            code, said = error.exit_code, str(error)
        except OSError as error:
            code, said = 1, f"{error.filename or 'a file'}: {error.strerror or error}"
        except (KeyError, TypeError) as error:
            code, said = 3, f"The service's answer is not what this version understands ({error!r})."
        click.echo(f"readmeter: {said}", err=True)
        context.exit(code)

    return run  # type: ignore[return-value]


def number(value: int) -> str:
    return f"{value:,}"


def counted(amount: int, what: str) -> str:
    return f"{number(amount)} {what}{'' if amount == 1 else 's'}"
