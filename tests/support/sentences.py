"""Whether a sentence holds a number: in digits, or in a word that its language's file names."""

import re
import tomllib
from functools import cache
from pathlib import Path

from readmeter.core.language import find, shipped

LOCALES = Path(__file__).parent.parent.parent / "locales"
WORDS = {
    tag: tomllib.loads((LOCALES / f"{tag}.toml").read_text(encoding="utf-8")).get("number_words", {})
    for tag in shipped()
}


def numbers_in(text: str) -> set[int]:
    return {int(digits) for digits in re.findall(r"[0-9]+", text)}


def says(text: str, tag: str, number: int) -> bool:
    """Whether `text` holds `number`, in digits or in a word for it."""
    return number in numbers_in(text) or any(re.search(rf"\b{word}\b", text) for word in _words(tag, number))


@cache
def _words(tag: str, number: int) -> list[str]:
    """Words for this number alone: of its own form, or of the category that only it takes."""
    language = find(tag)
    assert language is not None
    alone = [other for other in range(1, 501) if language.category(other) == language.category(number)] == [number]
    return [*WORDS[tag].get(f"={number}", []), *(WORDS[tag].get(language.category(number), []) if alone else [])]
