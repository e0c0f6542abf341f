"""The estimate of what a month costs on AWS."""

import re
from decimal import Decimal

from local.engine import ROOT
from readmeter.usage.cost import MEMORY_GB, Activity, cost


def test_a_million_counted_views_cost_what_the_price_lists_say() -> None:
    estimate = cost(Activity(reads=1_000_000, walls=0, events=0))
    assert {line["service"]: line["amount"] for line in estimate["lines"]} == {
        "API Gateway": "1.00",
        "Lambda": "0.29",
        "DynamoDB": "0.63",
        "CloudWatch Logs": "0.10",
        "Data transfer": "0.13",
    }
    assert (estimate["total"], estimate["per_million_requests"]) == ("2.14", "2.14")


def test_the_gateway_is_cheaper_past_300_million() -> None:
    lines = cost(Activity(reads=1_000_000_000, walls=0, events=0))["lines"]
    assert lines[0] == {"service": "API Gateway", "amount": "930.00"}


def test_a_wall_is_a_request_and_a_write_and_an_event_a_write() -> None:
    estimate = cost(Activity(reads=5, walls=3, events=2))
    assert (estimate["requests"], estimate["writes"]) == (8, 10)


def test_nothing_costs_nothing() -> None:
    estimate = cost(Activity(0, 0, 0))
    assert Decimal(estimate["total"]) == Decimal(estimate["per_million_requests"]) == 0


def test_the_memory_is_that_of_the_views_function() -> None:
    template = (ROOT / "template.yaml").read_text()
    [memory] = re.findall(r"^  ViewsFunction:.*?MemorySize: (\d+)", template, re.DOTALL | re.MULTILINE)
    assert int(memory) == MEMORY_GB * 1024
