"""What a month's requests cost on AWS, by list prices: an estimate from what usage knows, not a bill.

Assumed of a request: one call of an HTTP API, one Lambda call of 6 ms at 256 MB (arm64), 300 bytes of log, 900 bytes of
answer. Each counted or recorded read, and each event of a page, is one DynamoDB write of at most 1 kB; a wall is tried
with one too. Events ride on the next view. Not in it, since usage does not know it: re-reads (a request each and no
write), the snippet's file, storage (cents), free tiers and discounts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

PRICES_OF = "us-east-1, list prices of 2026 in USD"
# Per million requests, up to so many millions a month.
_HTTP_API = ((Decimal(300), Decimal("1.00")), (None, Decimal("0.90")))
_LAMBDA_REQUESTS = Decimal("0.20")  # per million
_LAMBDA_GB_SECONDS = Decimal("13.3334")  # per million
_DYNAMODB_WRITES = Decimal("0.625")  # per million
_LOGS = Decimal("0.50")  # per GB
_EGRESS = Decimal("0.09")  # per GB

_MEMORY_GB = Decimal("0.25")
_SECONDS = Decimal("0.006")
_LOG_KB = Decimal("0.3")
_ANSWER_KB = Decimal("0.9")
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
        "API Gateway": _tiered(requests),
        "Lambda": requests * (_LAMBDA_REQUESTS + _MEMORY_GB * _SECONDS * _LAMBDA_GB_SECONDS),
        "DynamoDB": writes * _DYNAMODB_WRITES,
        "CloudWatch Logs": requests * _LOG_KB * _LOGS,
        "Data transfer": requests * _ANSWER_KB * _EGRESS,
    }


def _tiered(requests: Decimal) -> Decimal:
    amount, left = Decimal(0), requests
    for size, price in _HTTP_API:
        part = left if size is None else min(size, left)
        amount, left = amount + part * price, left - part
    return amount


def _cents(amount: Decimal) -> str:
    return str(amount.quantize(_CENT, ROUND_HALF_UP))
