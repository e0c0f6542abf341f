"""How the command speaks: tables and progress for people, JSON for machines, one line for what went wrong."""

import functools
import json
import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click
from rich.cells import cell_len
from rich.console import Console

from readmeter.command.client import Client, CommandError, Transport, urllib_transport

DEFAULT_API = "http://localhost:8080"
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Surroundings:
    """What the command touches besides files: the network, the clock, the environment."""

    transport: Transport = field(default_factory=urllib_transport)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(frozen=True)
class Desk:
    """What every command works with. `screen` takes progress and tables, `say` and `answer` the result."""

    client: Client
    as_json: bool
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    screen: Console

    def answer(self, document: object) -> None:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))

    def say(self, text: str) -> None:
        if not self.as_json:
            click.echo(text)

    def note(self, text: str) -> None:
        """Beside the result: on standard error."""
        if not self.as_json:
            click.echo(text, err=True)


def command(function: Function) -> Function:
    """Adds --api and --json to a command, gives it its `Desk` first, and ends it with a line and a code on errors."""

    @click.option(
        "--api", metavar="URL", envvar="READMETER_API", default=DEFAULT_API, show_default=True, help="The service"
    )
    @click.option("--json", "as_json", is_flag=True, help="Print JSON for machines")
    @click.pass_context
    @functools.wraps(function)
    def run(context: click.Context, /, api: str, as_json: bool, **given: Any) -> None:
        surroundings = context.find_object(Surroundings) or Surroundings()
        try:
            client = Client(api, surroundings.environ, surroundings.transport)
            desk = Desk(client, as_json, surroundings.sleep, surroundings.clock, Console(stderr=True, quiet=as_json))
            function(desk, **given)
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


def columns(head: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[str] = ()) -> str:
    """A plain table as wide as its content, whatever the terminal: it is piped into files and mails."""
    lines = [list(head), *map(list, rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            " " * (width - cell_len(cell)) + cell if name in right else cell + " " * (width - cell_len(cell))
            for name, cell, width in zip(head, cells, widths, strict=True)
        )
        return "  ".join(padded).rstrip()

    return "\n".join(map(line, lines))


def number(value: int) -> str:
    return f"{value:,}"
