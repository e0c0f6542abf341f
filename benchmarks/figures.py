"""What a part of the benchmark found, as the document shows it."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Spread:
    """One figure over several runs."""

    values: Sequence[float]

    @property
    def middle(self) -> float:
        return statistics.median(self.values)

    def text(self, digits: int = 0) -> str:
        """`least / middle / most`."""
        return " / ".join(f"{value:,.{digits}f}" for value in (min(self.values), self.middle, max(self.values)))


@dataclass(frozen=True)
class Table:
    """Rows of text; the first column is left-aligned, the others are figures."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        rule = ["---", *("---:" for _ in self.columns[1:])]
        return "\n".join(f"| {' | '.join(row)} |" for row in (self.columns, rule, *self.rows))


@dataclass(frozen=True)
class Headline:
    """A line of the summary: what Readmeter takes beside what the baseline takes, in the same unit.

    `timed`: seconds, which others on the machine change. Counts, bytes and prices they do not.
    """

    what: str
    unit: str
    ours: float
    baseline: str
    theirs: float
    digits: int = 0
    timed: bool = False

    def row(self, noise: float) -> list[str]:
        """`noise`: up to which difference timed figures are the same, as a share of the smaller one."""
        ours, theirs = (f"{value:,.{self.digits}f} {self.unit}".strip() for value in (self.ours, self.theirs))
        is_noise = self.timed and max(self.ours, self.theirs) <= (1 + noise) * min(self.ours, self.theirs)
        ratio = times(self.ours, self.theirs)
        return [self.what, ours, self.baseline, theirs, f"{ratio} (within the noise)" if is_noise else ratio]


@dataclass(frozen=True)
class Part:
    """One subject. `before` and `after` its tables: how it was measured, how it is to be read."""

    name: str
    before: str
    tables: Sequence[Table]
    after: str
    headlines: Sequence[Headline] = field(default_factory=list)


def times(figure: float, of: float) -> str:
    """The ratio as text: `0.4x`."""
    ratio = figure / of if of else 0.0
    return f"{ratio:.0f}x" if ratio >= 20 else f"{ratio:.2g}x" if ratio < 1 else f"{ratio:.1f}x"
