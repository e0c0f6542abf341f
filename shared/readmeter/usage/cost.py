"""What a month's requests cost on AWS, by list prices: an estimate from what usage knows, not a bill.

Assumed of a request: one call of an HTTP API, one Lambda call of 7 ms at 1,024 MB (arm64), 200 bytes of log, 1.4 kB
of answer (`make bench` measures the last two). Each counted or recorded read, and each event of a page, is one
DynamoDB write of at most 1 kB; a wall is tried with one too. Events ride on the next view. Not in it, since usage
does not know it: re-reads (a request each and no write), the snippet's file, storage (cents), free tiers, discounts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from readmeter.usage.prices import PRICES, PRICES_OF, http_api

MEMORY_GB = Decimal(1)  # of the views function: template.yaml
# Assumed of its call: the CPU of a quiet run, about 1.7 ms, on the 0.58 of a processor that this memory is given, and
# 4 ms for DynamoDB. `make bench` measures the first, and prices with this
SECONDS = Decimal("0.007")
_LOG_KB = Decimal("0.2")
_ANSWER_KB = Decimal("1.4")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Activity:
    """What usage knows of a month: counted and recorded reads, walls shown, events stored."""

    reads: int
    walls: int
    events: int

    @property
    def requests(self) -> int:
        return self.reads + self.walls

    @property
    def writes(self) -> int:
        return self.reads + self.walls + self.events


def cost(activity: Activity) -> dict[str, Any]:
    """The estimate as JSON data: USD to the cent as strings, a line per service, and what was assumed."""
    lines = _lines(Decimal(activity.requests) / 1_000_000, Decimal(activity.writes) / 1_000_000)
    total = sum(lines.values(), Decimal(0))
    per_million = total / activity.requests * 1_000_000 if activity.requests else Decimal(0)
    return {
        "currency": "USD",
        "prices": PRICES_OF,
        "requests": activity.requests,
        "writes": activity.writes,
        "total": _cents(total),
        "per_million_requests": _cents(per_million),
        "lines": [{"service": service, "amount": _cents(amount)} for service, amount in lines.items()],
    }


def _lines(requests: Decimal, writes: Decimal) -> Mapping[str, Decimal]:
    """USD by service; both arguments in millions."""
    return {
        "API Gateway": http_api(requests),
        "Lambda": requests * (PRICES.lambda_requests + MEMORY_GB * SECONDS * PRICES.lambda_gb_seconds),
        "DynamoDB": writes * PRICES.dynamodb_write,
        "CloudWatch Logs": requests * _LOG_KB * PRICES.logs_gb,
        "Data transfer": requests * _ANSWER_KB * PRICES.egress_gb,
    }


def _cents(amount: Decimal) -> str:
    return str(amount.quantize(_CENT, ROUND_HALF_UP))
