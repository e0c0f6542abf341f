"""Puts the items of a restored table back into the table that the stack uses (docs/operate.md, "Restore").

Nothing is renamed: names, roles, the stream and the ledger's reader of it stay. What is put back flows into the ledger
again, where every read has its natural key and counts once.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient

Item = dict[str, Any]

SEGMENTS = 16  # of the restored table, copied side by side
PATIENT = Config(retries={"mode": "adaptive", "total_max_attempts": 20})  # at the table's write cap it slows down


def put_back(client: "DynamoDBClient", source: str, target: str, now: float, *, overwrite: bool) -> Counter[str]:
    """How many items of `source` were put into `target`, and how many were `left` as they are there.

    Without `overwrite` only what `target` lacks; with it everything, but never over an item that was erased since.
    An erasure that found no item left none behind, and is undone. What had expired by `now` (epoch seconds) stays away.
    """
    request = _over_all_but_erased if overwrite else _where_missing

    def segment(number: int) -> Counter[str]:
        return Counter(_put(client, target, request(item)) for item in _items(client, source, now, number))

    with ThreadPoolExecutor(SEGMENTS) as pool:
        return sum(pool.map(segment, range(SEGMENTS)), Counter())


def running(client: "LambdaClient", functions: Sequence[str]) -> list[str]:
    """Those of `functions` that are not stopped: by a reserved concurrency of 0."""
    kept = {name: client.get_function_concurrency(FunctionName=name) for name in functions}
    return [name for name, answer in kept.items() if answer.get("ReservedConcurrentExecutions") != 0]


def _items(client: "DynamoDBClient", table: str, now: float, segment: int) -> Iterator[Item]:
    pages = client.get_paginator("scan").paginate(
        TableName=table,
        Segment=segment,
        TotalSegments=SEGMENTS,
        FilterExpression="attribute_not_exists(x) OR x > :now",
        ExpressionAttributeValues={":now": {"N": str(int(now))}},
    )
    return (item for page in pages for item in page["Items"])


def _where_missing(item: Item) -> dict[str, Any]:
    return {"Item": item, "ConditionExpression": "attribute_not_exists(pk)"}


def _over_all_but_erased(item: Item) -> dict[str, Any]:
    """`g` counts a reader's erasures: another number there is an erasure that must not be undone."""
    if "g" not in item:
        return {"Item": item, "ConditionExpression": "attribute_not_exists(g)"}
    same = "attribute_not_exists(pk) OR g = :g"
    return {"Item": item, "ConditionExpression": same, "ExpressionAttributeValues": {":g": item["g"]}}


def _put(client: "DynamoDBClient", table: str, request: dict[str, Any]) -> str:
    try:
        client.put_item(TableName=table, **request)
    except client.exceptions.ConditionalCheckFailedException:
        return "left"
    return "put back"


def main() -> None:
    parser = argparse.ArgumentParser(description="Puts the items of a restored table back into the stack's.")
    parser.add_argument("source", help="the restored table")
    parser.add_argument("target", help="the stack's table")
    parser.add_argument(
        "--overwrite",
        nargs="+",
        default=[],
        metavar="FUNCTION",
        help="also over what is there, but for erased readers; these functions, which write it, have to be stopped",
    )
    given = parser.parse_args()
    if at_work := running(boto3.client("lambda"), given.overwrite):
        parser.error(f"{' and '.join(at_work)} may still write what would be taken back: stop them first")
    client = boto3.client("dynamodb", config=PATIENT)
    counts = put_back(client, given.source, given.target, time.time(), overwrite=bool(given.overwrite))
    print(f"{counts['put back']} items put back, {counts['left']} left as they are.")


if __name__ == "__main__":
    main()
