"""What the documents hold to be copied: their fenced blocks."""

import re
from pathlib import Path

from local.engine import ROOT

_BLOCK = re.compile(r"^```([\w-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """Every document of the project."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of `page` in that language, in order."""
    return [text for each, text in _BLOCK.findall(page.read_text(encoding="utf-8")) if each == language]


def block(name: str, language: str, holding: str = "") -> str:
    """The one block of docs/`name` in that language that has `holding` in it."""
    [text] = [each for each in blocks(ROOT / "docs" / name, language) if holding in each]
    return text
