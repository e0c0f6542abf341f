"""Invoice lines from a final month: exact, rounded once per line, adding up."""

import csv
import json
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from babel.core import get_global
from hypothesis import given
from hypothesis import strategies as st

from readmeter.usage.currencies import EXPONENTS
from readmeter.usage.rating import PriceList, Rating, price_list, rate

GRADUATED = """
currency: BRL
tiers:
  - {up_to: 1000, per_1000: 10}
  - {up_to: 3000, per_1000: "4.10"}
  - {per_1000: 2.5}
"""


def row(quantity: int, **given: Any) -> dict[str, Any]:
    said = {"row_class": "usage", "meter": "default", "billing_period": "2026-11", "billable": True}
    return {**said, "quantity": quantity, **given}


def correction(quantity: int, month: str = "2026-10", **given: Any) -> dict[str, Any]:
    return row(quantity, row_class="correction", billing_period=month, **given)


def rated(prices: str | PriceList, *rows: dict[str, Any], status: str = "final", total: int | None = None) -> Rating:
    listed = price_list(prices) if isinstance(prices, str) else prices
    billable = sum(each["quantity"] for each in rows if each["billable"])
    manifest = {
        "site": "riotimes",
        "export_id": "riotimes_2026-11",
        "period": "2026-11",
        "revision": 4,
        "status": status,
        "control_totals": {"to_invoice": billable if total is None else total},
    }
    return rate(listed, manifest, rows)


def amounts(rating: Rating) -> list[tuple[str, int | None, str]]:
    return [(line.kind, line.quantity, str(line.amount)) for line in rating.lines]


def test_each_tier_prices_the_reads_within_it() -> None:
    rating = rated(GRADUATED, row(1500), row(2000, local_date="2026-11-02"))
    assert amounts(rating) == [("usage", 1000, "10.00"), ("usage", 2000, "8.20"), ("usage", 500, "1.25")]
    assert [(line.first, line.last) for line in rating.lines] == [(1, 1000), (1001, 3000), (3001, 3500)]
    assert str(rating.total) == "19.45"


def test_a_line_is_rounded_once_half_away_from_zero() -> None:
    prices = "{currency: USD, tiers: [{per_1000: 5}]}"
    assert amounts(rated(prices, row(1), correction(-1))) == [("usage", 1, "0.01"), ("correction", -1, "-0.01")]
    assert rated(prices, row(3)).total == Decimal("0.02")  # 0.015


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "1235"), ("USD", "1234.57"), ("KWD", "1234.568")])
def test_amounts_have_the_decimals_of_the_currency(currency: str, amount: str) -> None:
    assert str(rated(f"{{currency: {currency}, tiers: [{{per_1000: 1234567.5}}]}}", row(1)).total) == amount


def test_a_price_is_what_was_written_not_the_binary_fraction_next_to_it() -> None:
    assert price_list("{currency: USD, tiers: [{per_1000: 0.1}]}").tiers[0].per_1000 == Decimal("0.1")


def test_the_minimum_tops_the_months_usage_up_and_corrections_come_on_top() -> None:
    rating = rated(GRADUATED + "minimum: 25.00\n", row(1000), correction(-100))
    assert amounts(rating) == [("usage", 1000, "10.00"), ("minimum", None, "15.00"), ("correction", -100, "-1.00")]
    assert rated(GRADUATED + "minimum: 25.00\n").total == Decimal("25.00")


def test_a_meter_may_have_prices_of_its_own() -> None:
    prices = GRADUATED + "meters: {markets: {tiers: [{per_1000: 100}]}}\n"
    rating = rated(prices, row(1000), row(10, meter="markets"), correction(2, meter="markets"))
    assert [(line.meter, str(line.amount)) for line in rating.lines] == [
        ("", "10.00"),
        ("markets", "1.00"),
        ("markets", "0.20"),
    ]


def test_corrections_are_a_line_per_month_that_they_correct_at_the_first_tier() -> None:
    rating = rated(GRADUATED, row(5000), correction(-3), correction(-1), correction(2, "2026-09"))
    assert [(line.billing_period, line.quantity, str(line.amount)) for line in rating.lines[3:]] == [
        ("2026-09", 2, "0.02"),
        ("2026-10", -4, "-0.04"),
    ]


def test_what_is_not_billable_costs_nothing() -> None:
    assert amounts(rated(GRADUATED, row(7, billable=False), row(100))) == [("usage", 100, "1.00")]


def test_a_month_without_a_read_has_no_line() -> None:
    rating = rated(GRADUATED)
    assert (rating.lines, str(rating.total)) == ([], "0.00")


def test_a_provisional_month_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-11 is provisional: only a final month can be rated"):
        rated(GRADUATED, row(1), status="provisional")


def test_rows_that_do_not_add_up_to_the_manifest_are_refused() -> None:
    with pytest.raises(ValueError, match="the rows add up to 7, the manifest says 8"):
        rated(GRADUATED, row(7), total=8)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{currency: XYZ, tiers: [{per_1000: 1}]}", "currency: must be a currency of ISO 4217"),
        ("{currency: USD, tiers: []}", "tiers: List should have at least 1 item"),
        ("{currency: USD, tiers: [{per_1000: -1}]}", "tiers.0.per_1000: Input should be greater than or equal to 0"),
        ("{currency: USD, tiers: [{up_to: 5, per_1000: 1}]}", "the last none"),
        ("{currency: USD, tiers: [{up_to: 5, per_1000: 1}, {up_to: 5, per_1000: 1}, {per_1000: 1}]}", "must rise"),
        ("{currency: USD, tiers: [{per_1000: 1}], discount: 3}", "discount: Extra inputs are not permitted"),
        ("{currency: USD, tiers: [{per_1000: true}]}", "tiers.0.per_1000"),
        ("{currency: [", "not YAML"),
        ("just text", "valid dictionary"),
    ],
)
def test_a_wrong_price_list_is_told_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem.replace("[", r"\[")):
        price_list(text)


def test_the_csv_opens_in_a_spreadsheet_and_adds_up_to_the_json() -> None:
    prices = GRADUATED + "meters: {-sum: {tiers: [{per_1000: 1}]}}\n"
    rating = rated(prices, row(1500), row(1000, meter="-sum"), correction(-1000))
    text = rating.csv()
    assert text.startswith("\ufeffexport_id,revision,site,currency,kind,")
    lines = list(csv.DictReader(StringIO(text[1:])))
    assert [line["meter"] for line in lines] == ["", "", "'-sum", ""]
    assert lines[-1]["quantity"] == "-1000"  # a number, so without the apostrophe
    document = json.loads(rating.json())
    assert [line["amount"] for line in lines] == [line["amount"] for line in document["lines"]]
    assert sum(Decimal(line["amount"]) for line in lines) == Decimal(document["total"])


def test_every_currency_is_one_that_cldr_knows() -> None:
    assert set(EXPONENTS) <= set(get_global("all_currencies"))


@st.composite
def price_lists(draw: st.DrawFn) -> PriceList:
    price = st.decimals(0, 1000, places=4).map(str)
    ends = sorted(draw(st.sets(st.integers(1, 5000), max_size=4)))
    tiers = [{"up_to": end, "per_1000": draw(price)} for end in ends] + [{"per_1000": draw(price)}]
    currency = draw(st.sampled_from(["JPY", "BRL", "KWD", "CLF"]))
    minimum = draw(st.sampled_from(["0", "12.3456"]))
    return PriceList.model_validate({"currency": currency, "tiers": tiers, "minimum": minimum})


@given(price_lists(), st.lists(st.integers(0, 3000), max_size=4), st.integers(-50, 50))
def test_the_total_is_the_sum_of_the_lines_and_every_read_is_in_one(
    prices: PriceList, quantities: list[int], late: int
) -> None:
    rating = rated(prices, *map(row, quantities), correction(late))
    assert rating.total == sum(line.amount for line in rating.lines)
    assert sum(line.quantity or 0 for line in rating.lines) == rating.quantity == sum(quantities) + late


@given(price_lists(), st.integers(0, 6000))
def test_one_more_read_never_costs_less_and_never_more_than_its_price(prices: PriceList, quantity: int) -> None:
    more = rated(prices, row(quantity + 1)).total - rated(prices, row(quantity)).total
    coin = Decimal(1).scaleb(-EXPONENTS[prices.currency])
    assert 0 <= more <= max(tier.per_1000 for tier in prices.tiers) / 1000 + coin
