"""Writes the names that robots go by: what the package crawler-user-agents lists, ready to be looked up in an instant.

`python tools/robots.py`. Left out are libraries, since a publisher's server asks for its readers by one, and what
people read with.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

DATA = Path(__file__).parent.parent / "shared" / "readmeter" / "robots.json"
SOURCE = "crawler-user-agents {} (github.com/monperrus/crawler-user-agents), MIT License, (c) 2017 Martin Monperrus"
GRAM = 3  # characters that a name is looked up by
LIBRARIES = "http-library"
READ_WITH = {"MetaIAB Facebook"}  # the browser inside an app

# As far as the list's patterns go: an escape, a class or group, a sign of its own; then what says how often.
_PIECE = re.compile(r"(\\.|\[[^]]*\]|\([^)]*\)|[\^$.]|[^\\])([*+?]?)", re.DOTALL)
_OPERATORS = ("[", "(", "^", "$", ".", r"\d", r"\s", r"\w")


def listed() -> list[Mapping[str, Any]]:
    """What the list holds of robots that visit pages."""
    robots: Iterable[Mapping[str, Any]] = CRAWLER_USER_AGENTS_DATA
    return [robot for robot in robots if LIBRARIES not in robot.get("tags", ()) and robot["pattern"] not in READ_WITH]


def generated() -> str:
    """By the first characters of a name: the names, each with its pattern where a name alone does not say it all."""
    names: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for robot in listed():
        for pattern in _alternatives(robot["pattern"]):
            name = max(_runs(pattern), key=len)
            names[name[:GRAM]].add((name,) if name == _plain(pattern) else (name, pattern))
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(sorted(names[key]))}" for key in sorted(names))
    return f'{{"source": {json.dumps(SOURCE.format(version("crawler-user-agents")))}, "names": {{\n{lines}\n}}}}\n'


def _alternatives(pattern: str) -> list[str]:
    """The patterns of which one has to match."""
    pieces, alternatives = _PIECE.findall(pattern), [""]
    for piece, often in pieces:
        if piece == "|":
            alternatives.append("")
        else:
            alternatives[-1] += piece + often
    return alternatives


def _runs(pattern: str) -> Iterator[str]:
    """The texts that whatever matches has in it."""
    run = ""
    for piece, often in _PIECE.findall(pattern):
        if piece.startswith(_OPERATORS) or often:
            yield run
            run = ""
        else:
            run += piece.removeprefix("\\")
    yield run


def _plain(pattern: str) -> str:
    return re.sub(r"\\([^a-zA-Z0-9])", r"\1", pattern)


if __name__ == "__main__":
    DATA.write_text(generated(), encoding="utf-8")
