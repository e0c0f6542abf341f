"""What staff say of a reader's entitlement: one in a body, many in a file of CSV."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from readmeter.core.account import Entitlement
from readmeter.core.article import normal
from readmeter.core.tokens import name_fault
from readmeter.sites import text
from readmeter.sites.document import Label
from readmeter.sites.parse import Unreadable, invalid

MOST_LINES = 5000
MOST_BYTES = 1_048_576
MOST_FAULTS = 500  # that are told of a file
_INSTANTS = ("valid_from", "valid_until")
COLUMNS = ("subject", "plan", *_INSTANTS)
_BEFORE_ITS_START = ("valid_until", "must be after valid_from")


def _of_a_calendar(value: str) -> str:
    if not 0 <= text.instant(value) < 253_402_214_400:  # 9999-12-31 in UTC: every zone can tell it
        raise PydanticCustomError("instant", "must be an instant from 1970 to 9999")
    return value


Instant = Annotated[
    str, Field(max_length=40, json_schema_extra={"format": "date-time"}), AfterValidator(_of_a_calendar)
]


class GivenEntitlement(BaseModel):
    """The right to read without limit. null is absent."""

    model_config = ConfigDict(extra="forbid", strict=True)

    plan: Label | None = Field(default=None, description="What the publisher calls it")
    valid_from: Instant | None = Field(default=None, description="RFC 3339 with its offset; absent: at once")
    valid_until: Instant | None = Field(default=None, description="Exclusive, after `valid_from`; absent: for ever")

    def entitlement(self) -> Entitlement:
        return Entitlement(self.plan, _seconds(self.valid_from), _seconds(self.valid_until))


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a file, counted from 1, and what is wrong with it; `column` is None where that is the whole line."""

    line: int
    column: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class EntitlementFile:
    """What a file says: `lines` of readers, of which the good ones are `entitlements` by subject (NFC).

    `bad` are its first 500 faults, `more_bad` is how many there are beyond them.
    """

    lines: int
    entitlements: Mapping[str, Entitlement]
    bad: Sequence[BadLine]
    more_bad: int


def _seconds(instant: str | None) -> float | None:
    return None if instant is None else text.instant(instant)


def flaws(entitlement: Entitlement) -> list[tuple[str, str]]:
    """What is wrong with an entitlement whose parts are right: (key, sentence)."""
    starts, ends = entitlement.starts, entitlement.ends
    return [_BEFORE_ITS_START] if starts is not None and ends is not None and ends <= starts else []


def read_file(content: bytes) -> EntitlementFile:
    """Raises `Unreadable` where the bytes are no text."""
    try:
        rows = csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    except UnicodeDecodeError:
        raise Unreadable("The body is not UTF-8 text.") from None
    file = _Reading()
    while True:
        number = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return file.whole()
        except csv.Error:
            file.blame(BadLine(number, None, "must be CSV: a cell with quotes or commas in it stands in quotes"))
            continue
        if cells:
            file.read(number, cells)


@dataclass(slots=True)
class _Reading:
    """A file as far as it is read. `first` tells on which line a subject was; `skips`: nobody knows the columns."""

    columns: Sequence[str] = ()
    skips: bool = False
    lines: int = 0
    entitlements: dict[str, Entitlement] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    bad: list[BadLine] = field(default_factory=list)
    more_bad: int = 0

    def blame(self, *faults: BadLine) -> None:
        told = faults[: MOST_FAULTS - len(self.bad)]
        self.bad.extend(told)
        self.more_bad += len(faults) - len(told)

    def read(self, number: int, cells: Sequence[str]) -> None:
        if not self.columns:
            self.columns = cells
            if sorted(cells) != sorted(COLUMNS):
                self.blame(BadLine(number, None, f"must name each of {', '.join(COLUMNS)} once"))
                self.skips = True
            return
        self.lines += 1
        if self.skips:
            return
        if self.lines == MOST_LINES + 1:
            self.blame(BadLine(number, None, f"is one too many: a file has at most {MOST_LINES} readers"))
        if self.lines > MOST_LINES:
            return
        if len(cells) != len(self.columns):
            self.blame(BadLine(number, None, f"must have {len(self.columns)} cells, as the header has"))
            return
        named = dict(zip(self.columns, cells, strict=True))
        subject = normal(named.pop("subject", ""))
        named |= {key: text.of_day(named[key]) for key in _INSTANTS}
        faults = list(self._faults(number, subject))
        try:
            given = GivenEntitlement.model_validate({key: cell or None for key, cell in named.items()})
            entitlement = given.entitlement()
            faults.extend(BadLine(number, *flaw) for flaw in flaws(entitlement))
        except ValidationError as error:
            faults.extend(BadLine(number, at[1:], detail) for at, detail in invalid(error, GivenEntitlement).errors)
        if faults:
            self.blame(*faults)
        else:
            self.entitlements[subject] = entitlement

    def whole(self) -> EntitlementFile:
        if not self.columns and not self.bad:
            self.blame(BadLine(1, None, f"must be the header: {','.join(COLUMNS)}"))
        return EntitlementFile(self.lines, self.entitlements, self.bad, self.more_bad)

    def _faults(self, number: int, subject: str) -> Iterator[BadLine]:
        fault = name_fault(subject)
        if fault is not None:
            yield BadLine(number, "subject", fault)
        elif self.first.setdefault(subject, number) != number:
            yield BadLine(number, "subject", f"is on line {self.first[subject]} already")
