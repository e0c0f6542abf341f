"""The sentences that Readmeter ships, per language: whole ones, each with at most one number to agree with."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from readmeter.core.decision import Allowance, Decision
from readmeter.core.language import DATA, FALLBACK, Language, broader, find, shipped

Kind = Literal["countdown", "last", "wall", "registration", "locked"]


@dataclass(frozen=True, slots=True)
class Sentences:
    """One language's file. `labels` are those of buttons, `period` the phrases ("this month") per unit."""

    language: Language
    labels: Mapping[str, str]
    period: Mapping[str, Mapping[str, str]]
    sentences: Mapping[str, str]
    counted: Mapping[str, Mapping[str, str]]

    def message(self, kind: Kind, decision: Decision) -> str:
        """The message of one prompt. `kind` must fit `decision`: all but `locked` have an allowance."""
        allowance = decision.allowance or Allowance(0, 0)
        unlimited, keep_reading = self.sentences["unlimited"], self.sentences["keep_reading"]
        match kind:
            case "locked":
                said = [self.sentences["subscribers_only"], keep_reading]
            case "countdown":
                said = [self._counted("remaining", allowance.remaining), unlimited]
            case "last" if allowance.limit == 0:
                said = [self.sentences["none_remaining"], unlimited]
            case "last":
                said = [self._counted("last", allowance.limit), unlimited]
            case "wall":
                returning = self.sentences["come_back"] if decision.resets_at else keep_reading
                said = [self._counted("read", allowance.limit), returning]
            case "registration" if allowance.limit == 0:
                said = [self._counted("read_first", decision.extra)]
            case "registration":
                # "of" goes unsaid here: the next sentence names the period.
                said = [self._counted("read", allowance.limit).replace("{of}", "")]
                said.append(self._counted("read_more", decision.extra))
        phrases = self.period[decision.meter.unit if decision.meter else "days"]
        spaced = " ".join(said).replace("。 ", "。")  # a full-width stop brings its own space
        return fill(spaced, {**phrases, **values(decision, self.language)})

    def _counted(self, name: str, number: int) -> str:
        forms = self.counted[name]
        return forms.get(f"={number}") or forms[self.language.category(number)]


def best(languages: Sequence[str]) -> Sentences:
    """The sentences of the first of `languages` (or of what it is a variety of) that Readmeter ships, else English."""
    ours = {tag.lower(): tag for tag in shipped()}
    return _load(next((ours[known] for tag in languages for known in broader(tag) if known in ours), FALLBACK))


def values(decision: Decision, language: Language) -> dict[str, str]:
    """What placeholders stand for. Digits are Latin in every language: readers and scripts read the same number."""
    allowance = decision.allowance or Allowance(0, 0)
    numbers = {
        "remaining": allowance.remaining,
        "limit": allowance.limit,
        "used": allowance.used,
        "extra": decision.extra,
    }
    said = {name: str(number) for name, number in numbers.items()}
    if decision.resets_at:
        said["resets"] = language.month_day(decision.resets_at)
    return said


def fill(text: str, said: Mapping[str, str]) -> str:
    for name, value in said.items():
        text = text.replace("{" + name + "}", value)
    return text


@cache
def _load(tag: str) -> Sentences:
    language = cast(Language, find(tag))  # the generator ships no language that CLDR does not know
    return Sentences(language, **json.loads((DATA / f"{tag}.json").read_text(encoding="utf-8")))
