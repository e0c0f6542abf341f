"""Writes docs/reference/command.md below its mark: every command and option of `readmeter`, from the command itself.

`PYTHONPATH=shared python tools/command_reference.py`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from readmeter.command.main import main

GUIDE = Path(__file__).parent.parent / "docs" / "reference" / "command.md"
MARK = "<!-- From here on written by tools/command_reference.py. -->\n"
SHARED = ("--api", "--json", "--help")  # of every command: told above the mark


def guide(text: str) -> str:
    """The guide with its commands as they are now."""
    return text.partition(MARK)[0] + MARK + "".join(_section(path, each) for path, each in commands(main, "readmeter"))


def commands(group: click.Group, above: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that can be typed, with its whole name."""
    for name in sorted(group.commands):
        found = group.commands[name]
        if isinstance(found, click.Group):
            yield from commands(found, f"{above} {name}")
        else:
            yield f"{above} {name}", found


def _section(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    arguments = " ".join(
        str(each.human_readable_name).upper() for each in command.params if isinstance(each, click.Argument)
    )
    rows = [row for row in _options(command, context) if not row[0].startswith(SHARED)]
    table = "".join(f"| `{option}` | {meaning} |\n" for option, meaning in rows)
    head = f"\n## {' '.join(filter(None, (path, arguments)))}\n\n{' '.join((command.help or '').split())}\n"
    return head + (f"\n| option | meaning |\n|---|---|\n{table}" if rows else "")


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """What --help says of each option, as cells of a table."""
    for parameter in command.params:
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None:
            option, meaning = (text.replace("|", "\\|") for text in record)
            meaning = re.sub(r"default: \((.*?)\)", r"default: \1", meaning)  # click's mark of a default that is told
            yield option, meaning.replace("  [", " (").removesuffix("]") + ")" if "  [" in meaning else meaning


if __name__ == "__main__":
    GUIDE.write_text(guide(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
