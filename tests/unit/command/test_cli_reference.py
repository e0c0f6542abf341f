"""The reference of the command is the command."""

import re

from click import Option

from readmeter.command.main import main
from tools.command_reference import GUIDE, SHARED, commands, guide


def test_the_reference_is_in_step() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert guide(text) == text, "run `PYTHONPATH=shared .venv/bin/python tools/command_reference.py`"


def test_every_command_and_option_is_told() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for path, command in commands(main, "readmeter"):
        section = re.split(rf"\n## {path}\b", text)[1].partition("\n## ")[0]
        own = [each for each in command.params if isinstance(each, Option) and each.opts[0] not in SHARED]
        assert [each.opts[0] for each in own if f"`{each.opts[0]}" not in section] == []


def test_every_command_has_what_is_said_of_all() -> None:
    asks_nobody = set()
    for path, command in commands(main, "readmeter"):
        options = {each.opts[0] for each in command.params if isinstance(each, Option)}
        assert "--json" in options, path
        assert command.help, path
        if "--api" not in options:
            asks_nobody.add(path.removeprefix("readmeter "))
    assert asks_nobody == {"init", "site validate", "token keys", "token identity"}
