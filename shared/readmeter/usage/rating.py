"""What a final month costs by a price list: invoice lines in exact decimals. No payment is handled here.

Every line is rounded once, half away from zero, to the currency's smallest coin; the total is the sum of the lines.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import ROUND_HALF_UP, Decimal, localcontext
from io import StringIO
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from readmeter.sites.document import MeterName
from readmeter.usage.currencies import EXPONENTS
from readmeter.usage.spreadsheet import safe_text

_DIGITS = 60  # no sum of ours comes near: every product and sum before the rounding is exact
_PER = 1000


def _currency(code: str) -> str:
    if code not in EXPONENTS:
        raise ValueError("must be a currency of ISO 4217, as in BRL, EUR or USD")
    return code


def _exact(value: object) -> object:
    """YAML and JSON read 4.1 as a binary fraction; its shortest form is what was written."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Price = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, max_digits=18, decimal_places=9)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tier(_Model):
    """The price of 1,000 billable reads up to the `up_to`-th of the month; the last tier has no end."""

    up_to: Annotated[int, Field(ge=1)] | None = None
    per_1000: Price


class Tiers(_Model):
    """Graduated: each tier's price is for the reads within it, and for no other."""

    tiers: Annotated[list[Tier], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _rising(self) -> Self:
        ends = [tier.up_to for tier in self.tiers]
        if None in ends[:-1] or ends[-1] is not None:
            raise ValueError("every tier but the last must have up_to, and the last none")
        bounds = [end for end in ends if end is not None]
        if any(low >= high for low, high in pairwise(bounds)):
            raise ValueError("up_to must rise from tier to tier")
        return self


class PriceList(Tiers):
    """What a publisher pays. A meter named in `meters` has tiers of its own; all others share `tiers`."""

    currency: Annotated[str, AfterValidator(_currency)]
    minimum: Price = Decimal(0)
    meters: dict[MeterName, Tiers] = {}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the invoice. `meter` is "" for all meters without prices of their own.

    `quantity` reads of `billing_period` at `per_1000`: the `first` to the `last` of the month (corrections: none).
    A `minimum` line tops the month's usage up and has no quantity.
    """

    kind: Literal["usage", "correction", "minimum"]
    billing_period: str
    meter: str
    first: int | None
    last: int | None
    quantity: int | None
    per_1000: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Rating:
    """The lines of one final export, and what they add up to."""

    site: str
    export_id: str
    revision: int
    period: str
    currency: str
    quantity: int
    total: Decimal
    lines: Sequence[Line]

    def document(self) -> dict[str, Any]:
        """As JSON: amounts are strings, so that no program reads them as binary fractions."""
        data = {"schema_version": "1", **asdict(self), "total": str(self.total)}
        return data | {"lines": [_plain(line) for line in self.lines]}

    def json(self) -> str:
        return json.dumps(self.document(), ensure_ascii=False, indent=2) + "\n"

    def csv(self) -> str:
        """A line each, without a total (a sum over the column is one). Text is safe to open in a spreadsheet."""
        head = {"export_id": self.export_id, "revision": self.revision, "site": self.site, "currency": self.currency}
        names = [*head, *(field.name for field in fields(Line))]
        with StringIO() as text:
            writer = csv.DictWriter(text, names)
            writer.writeheader()
            for line in self.lines:
                row = {**head, **_plain(line)}
                numbers = {"quantity", "per_1000", "amount"}
                writer.writerow({name: value if name in numbers else _safe(value) for name, value in row.items()})
            return "\ufeff" + text.getvalue()


def price_list(text: str) -> PriceList:
    """The price list that YAML or JSON holds. Raises ValueError with all that is wrong in it, a line each."""
    try:
        return PriceList.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {error}") from None
    except ValidationError as error:
        problems = [
            (".".join(map(str, each["loc"])), each["msg"].removeprefix("Value error, ")) for each in error.errors()
        ]
        raise ValueError("\n".join(f"{at}: {message}" if at else message for at, message in problems)) from None


def rate(prices: PriceList, manifest: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> Rating:
    """The invoice lines of a final month: `manifest` as its document, `rows` the usage rows that it names.

    Corrections are rated at the first tier of today's list, a line per month that they correct: what the month's other
    tiers were is on an invoice that is closed. They do not count towards the minimum.
    Raises ValueError for a provisional month, and where the rows do not add up to the manifest's total.
    """
    if manifest["status"] != "final":
        raise ValueError(f"{manifest['period']} is {manifest['status']}: only a final month can be rated")
    usage: dict[str, int] = defaultdict(int)
    corrections: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if row["billable"]:
            meter = row["meter"] if row["meter"] in prices.meters else ""
            if row["row_class"] == "usage":
                usage[meter] += row["quantity"]
            else:
                corrections[row["billing_period"], meter] += row["quantity"]
    quantity = sum(usage.values()) + sum(corrections.values())
    expected = manifest["control_totals"]["to_invoice"]
    if quantity != expected:
        raise ValueError(f"the rows add up to {quantity}, the manifest says {expected}")
    lines = _lines(prices, manifest["period"], usage, corrections)
    return Rating(
        site=manifest["site"],
        export_id=manifest["export_id"],
        revision=manifest["revision"],
        period=manifest["period"],
        currency=prices.currency,
        quantity=quantity,
        total=sum((line.amount for line in lines), _round(Decimal(0), prices.currency)),
        lines=lines,
    )


def _lines(
    prices: PriceList, period: str, usage: Mapping[str, int], corrections: Mapping[tuple[str, str], int]
) -> list[Line]:
    lines = [
        line
        for meter, quantity in sorted({"": 0, **usage}.items())
        for line in _graduated(prices, period, meter, quantity)
    ]
    missing = _round(prices.minimum, prices.currency) - sum(line.amount for line in lines)
    if missing > 0:
        lines.append(Line("minimum", period, "", None, None, None, None, missing))
    for (corrected, meter), quantity in sorted(corrections.items()):
        if quantity:
            price = _tiers(prices, meter)[0].per_1000
            amount = _amount(quantity, price, prices.currency)
            lines.append(Line("correction", corrected, meter, None, None, quantity, price, amount))
    return lines


def _graduated(prices: PriceList, period: str, meter: str, quantity: int) -> Iterable[Line]:
    below = 0
    for tier in _tiers(prices, meter):
        last = quantity if tier.up_to is None else min(quantity, tier.up_to)
        if last > below:
            amount = _amount(last - below, tier.per_1000, prices.currency)
            yield Line("usage", period, meter, below + 1, last, last - below, tier.per_1000, amount)
        below = max(below, last)


def _tiers(prices: PriceList, meter: str) -> list[Tier]:
    return prices.meters[meter].tiers if meter in prices.meters else prices.tiers


def _amount(quantity: int, per_1000: Decimal, currency: str) -> Decimal:
    with localcontext(prec=_DIGITS):
        return _round(quantity * per_1000 / _PER, currency)


def _round(amount: Decimal, currency: str) -> Decimal:
    with localcontext(prec=_DIGITS):
        return amount.quantize(Decimal(1).scaleb(-EXPONENTS[currency]), ROUND_HALF_UP)


def _plain(line: Line) -> dict[str, Any]:
    return {key: f"{value:f}" if isinstance(value, Decimal) else value for key, value in asdict(line).items()}


def _safe(value: object) -> object:
    return safe_text(value) if isinstance(value, str) else value
