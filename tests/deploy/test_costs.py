"""What docs/deploy.md says that a deployment costs adds up, and is what the estimate and the template say."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from readmeter.usage.cost import Activity, cost
from readmeter.usage.prices import PRICES
from tests.deploy.conftest import ROOT, Stack

VIEWS, MONTH = (
    (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8").partition("\n## What it costs\n")[2].split("\n\n")[:2]
)
CENT = Decimal("0.01")
NAMES = {
    "API Gateway": "API Gateway",
    "DynamoDB": "DynamoDB",
    "Lambda": "Lambda",
    "traffic out": "Data transfer",
    "access log": "CloudWatch Logs",
}


def amounts(text: str) -> list[Decimal]:
    return [Decimal(amount) for amount in re.findall(r"\$(\d+\.\d\d)", text)]


@pytest.mark.parametrize("told", [VIEWS, MONTH.replace("$0.10", "")], ids=["views", "month"])
def test_the_lines_add_up(told: str) -> None:
    *lines, total = amounts(told.partition("**.")[0])
    assert sum(lines) == total


def test_a_million_views_cost_what_the_estimate_of_usage_says() -> None:
    estimated = cost(Activity(reads=1_000_000, walls=0, events=0))
    lines = {line["service"]: Decimal(line["amount"]) for line in estimated["lines"]}
    for told, service in NAMES.items():
        assert re.search(rf"{told}\s\$(\S+\d)", VIEWS).group(1) == str(lines[service])  # type: ignore[union-attr]
    assert abs(amounts(VIEWS)[-1] - Decimal(estimated["total"])) <= CENT  # of the rounding


def test_an_alarm_is_paid_by_the_metrics_that_it_watches(stack: Stack) -> None:
    alarms = [alarm["Properties"] for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()]
    watched = [
        len([query for query in alarm.get("Metrics", [{"MetricStat": {}}]) if "MetricStat" in query])
        for alarm in alarms
    ]
    bands = sum(2 for alarm in alarms if "ThresholdMetricId" in alarm)
    number, amount = re.search(r"alarms \$(\S+) \((\d+) metrics", MONTH).groups()[::-1]  # type: ignore[union-attr]
    assert int(number) == sum(watched) + bands
    assert Decimal(amount) == int(number) * PRICES.alarm_month
