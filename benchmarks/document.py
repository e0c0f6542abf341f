"""docs/performance.md: the figures of one run, how they were had, and what they do not say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.figures import Part, Table
from benchmarks.machine import QUIET
from local.engine import ROOT

PATH = ROOT / "docs" / "performance.md"
TITLES = {
    "decisions": "CPU per decision",
    "start": "Time to first answer",
    "requests": "Store requests per decision",
    "snippet": "Snippet bytes",
    "page": "Main-thread time",
    "exports": "Exports",
    "cost": "Cost per million views",
}

_INTRODUCTION = """\
# Performance

Written by `make bench`: do not edit it, run it. Each figure stands beside a named baseline that was measured in
the same run, by code in [benchmarks/](../benchmarks/) that is as short as such a thing can be. What is *quoted*
was measured before, elsewhere, and says so. One part alone: `make bench PART=decisions` (it prints, and leaves
this page as it is)."""

_LOUD = 0.2  # of the machine used by others: more of it spoils what is timed
_NOISE = (
    (QUIET, 1 / 5),
    (_LOUD, 1 / 3),
    (float("inf"), 1.0),
)  # up to which share of others: the least difference that is one

_WARNING = """\
> **Not a quiet machine.** Others used {most:.0%} of it at worst, above {loud:.0%} in {parts}. What is timed
> there (µs, ms, s) is not to be relied on: run `make bench` again with nothing beside it. Counts, bytes and costs are
> not timed."""

READING = """\
## How to read it

- **least / middle / most** of the runs. The ratio is of the middles, the other's to Readmeter's or as its column
  says.
- **CPU time is the figure**, wall time is beside it: others may use the machine, and wall time shows them first.
  The share of the machine that others used during each part is in the table above. *Within the noise* are
  differences of timed figures under a fifth, above 6 % of others under a third, above 20 % up to the double.
- µs and ms are of *this* processor and this Python. Ratios carry over to others better than figures do."""

NOT_CLAIMED = """\
## What is not claimed

- The latency of real DynamoDB, API Gateway or Lambda, cold or warm: none is reached from here. The stub's answers
  are canned.
- CPU on Graviton (arm64, which is deployed), or of Lambda's own build of Python 3.13.
- A reader's network, or a real phone: the main thread is that of a desktop's Chromium, slowed down.
- A bill: the cost is a model on list prices, with its assumptions beside it.
- The peers as they are today, or tuned: their rows are quoted, with version and date."""


@dataclass(frozen=True)
class Run:
    """What the figures were made on: `versions` by name, `foreign` by part: the share that others used, 0 to 1."""

    date: str
    machine: str
    versions: dict[str, str]
    seconds: float
    foreign: dict[str, float]


def document(run: Run, parts: Sequence[Part]) -> str:
    """The whole page."""
    return (
        "\n\n".join(
            [
                _INTRODUCTION,
                *_warning(run.foreign),
                _summary(parts, run.foreign),
                _made_on(run),
                READING,
                *map(section, parts),
                NOT_CLAIMED,
                "",
            ]
        ).rstrip("\n")
        + "\n"
    )


def section(part: Part) -> str:
    """A part of the page."""
    tables = [table.markdown() for table in part.tables]
    return "\n\n".join([f"## {TITLES[part.name]}", part.before, *tables, part.after])


def _warning(foreign: Mapping[str, float]) -> list[str]:
    loud = [TITLES[name] for name, share in foreign.items() if share > _LOUD]
    return [_WARNING.format(most=max(foreign.values()), loud=_LOUD, parts=", ".join(loud))] if loud else []


def _noise(foreign: float) -> float:
    return next(noise for most, noise in _NOISE if foreign <= most)


def _summary(parts: Sequence[Part], foreign: Mapping[str, float]) -> str:
    rows = [headline.row(_noise(foreign[part.name])) for part in parts for headline in part.headlines]
    table = Table(("what", "Readmeter", "beside", "that", "Readmeter, of that"), rows)
    return f"## At a glance\n\n{table.markdown()}"


def _made_on(run: Run) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    table = Table(("part", "used by others"), [(name, f"{share:.0%}") for name, share in run.foreign.items()])
    made_on = f"{run.date}, {run.seconds / 60:.0f} minutes, on {run.machine}."
    return f"## The run\n\n{made_on}\n{versions}.\n\n{table.markdown()}"
