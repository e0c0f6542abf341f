"""Batches of the meter table's stream, as tests give them to the ledger."""

import gzip
import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from local.engine import ROOT
from local.pump import event_record
from readmeter.core.rules import CompiledSite
from readmeter.usage.ledger import natural_key
from readmeter.usage.objects import Objects
from tests.support.engines import Tables, session

Record = dict[str, Any]


def records(name: str) -> list[Record]:
    """The records of tests/events/stream-<name>.json, in Lambda's shape."""
    return json.loads((ROOT / "tests" / "events" / f"stream-{name}.json").read_text())["Records"]


def sequence(record: Record) -> str:
    return record["dynamodb"]["SequenceNumber"]


def poisoned(record: Record) -> Record:
    """The record with a stamp that is none of ours."""
    record = deepcopy(record)
    record["dynamodb"]["NewImage"]["p" * 22] = {"S": "a secret of a reader"}
    return record


def rows(ledger: Objects) -> list[dict[str, Any]]:
    """Every row of the ledger as it lies there, copies included."""
    bodies = [ledger.read(stored.key) or b"" for stored in ledger.stored("")]
    return [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]


def distinct(ledger: Objects) -> set[tuple[Any, ...]]:
    """The natural keys of the rows: what counts, whatever came twice."""
    return {natural_key(row) for row in rows(ledger)}


class Sites:
    """What the ledger asks of a site cache."""

    def __init__(self, **sites: CompiledSite) -> None:
        self._sites: Mapping[str, CompiledSite] = sites

    def compiled(self, site: str) -> CompiledSite | None:
        return self._sites.get(site)


def streams_of(tables: Tables) -> Any:
    """The client of the streams of the tables' engine."""
    endpoint = tables.client.meta.endpoint_url
    if "127.0.0.1" not in endpoint:
        endpoint = "https://streams.dynamodb.us-east-1.amazonaws.com"  # moto knows none with the account in its name
    return session().client("dynamodbstreams", endpoint_url=endpoint)


def stream_arn(tables: Tables) -> str:
    return tables.client.describe_table(TableName=tables.meter_table)["Table"]["LatestStreamArn"]


def committed(tables: Tables) -> list[Record]:
    """Every record of the meter table's stream, from its beginning."""
    streams, arn = streams_of(tables), stream_arn(tables)
    found: list[Record] = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while page := streams.get_records(ShardIterator=iterator):
            found += [event_record(record, arn) for record in page["Records"]]
            iterator = page.get("NextShardIterator")
            if not page["Records"] or iterator is None:
                break
    return found
