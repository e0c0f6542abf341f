"""What AWS charges, in one place: USD, us-east-1, on demand, without free tiers and discounts.

Read in November 2026 from copies of AWS's public price pages (API Gateway, Lambda, DynamoDB, CloudWatch, S3, Secrets
Manager, EC2 data transfer), DynamoDB's as lowered on 2024-11-01. No copy was at hand for recovery, table exports,
alarms and stored logs, which are cents: these four are from memory. `make bench` prints them with its model.
"""

from dataclasses import dataclass
from decimal import Decimal

PRICES_OF = "us-east-1, list prices of 2026 in USD"
SOURCE = "AWS's public price pages as of November 2026; recovery, table exports, alarms and stored logs from memory"

# What each million costs, up to so many millions a month; None: all others
Steps = tuple[tuple[Decimal | None, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Prices:
    """Per million of what is counted, per GB of what is moved, per GB and month of what is kept."""

    # API Gateway, HTTP APIs, 512 kB each
    http_api: Steps = ((Decimal(300), Decimal("1.00")), (None, Decimal("0.90")))
    lambda_requests: Decimal = Decimal("0.20")
    lambda_gb_seconds: Decimal = Decimal("13.3334")  # arm64, the first 7.5 G a month
    dynamodb_write: Decimal = Decimal("0.625")  # on-demand write units of 1 kB
    dynamodb_read: Decimal = Decimal("0.125")  # on-demand read units of 4 kB
    dynamodb_gb_month: Decimal = Decimal("0.25")
    recovery_gb_month: Decimal = Decimal("0.20")  # point-in-time recovery
    table_export_gb: Decimal = Decimal("0.10")  # DynamoDB's export to S3
    s3_put: Decimal = Decimal("5.00")  # PUT and LIST
    s3_gb_month: Decimal = Decimal("0.023")
    logs_gb: Decimal = Decimal("0.50")  # taken in
    logs_gb_month: Decimal = Decimal("0.03")
    egress_gb: Decimal = Decimal("0.09")  # to the internet, the first 10 TB a month
    secret_month: Decimal = Decimal("0.40")
    alarm_month: Decimal = Decimal("0.10")  # of each metric that it watches


PRICES = Prices()


def http_api(requests: Decimal) -> Decimal:
    """USD of so many million requests of an HTTP API in one month."""
    return stepped(PRICES.http_api, requests)


def stepped(steps: Steps, requests: Decimal) -> Decimal:
    """USD of so many million requests in one month."""
    amount, left = Decimal(0), requests
    for size, price in steps:
        part = left if size is None else min(size, left)
        amount, left = amount + part * price, left - part
    return amount
