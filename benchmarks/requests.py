"""Requests to the store per kind of decision: counted on the wire, with the units that DynamoDB bills for them."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil
from typing import Any

from benchmarks import kinds, lambdas, stub
from benchmarks.figures import Headline, Part, Table
from readmeter.usage.prices import PRICES

Request = tuple[str, dict[str, Any]]  # operation and body

_WRITES = {"UpdateItem", "PutItem"}
_PEER_QUERIES = 27

_BEFORE = """\
Each kind is asked of the real handler once its site and secret are in memory, and what arrives at the stub is
counted. Units are DynamoDB's for these items: a write costs one per KB, a strongly consistent read one per 4
KB, an eventually consistent one half of that, a transaction twice; a write that its condition refuses costs as
much as one that is done. USD are those units a million times, at the list price."""

_AFTER = """\
Beside a decision an environment reads a site's rules once in 10 s (half a read unit) and the secret once in 5
minutes. The site has every kind of reader and rule that one may have: an anonymous view asks for none of them; the
account of who is signed in is one read. A view that carries events, or a recorded unmetered read, takes one write
more. An item stays within 1 KB, so that a write costs one unit, up to {most} counted reads of a reader in a period.
The naive pattern pays less for a repeat without state (two reads are cheaper than a write) and grants more than the
limit to parallel tabs. The peer: 27 SQL queries for a granted check, 30 and one write for a refused one (quoted,
measured 2026-11-22; not in this run)."""


@dataclass(frozen=True)
class Asked:
    """What one decision asked of DynamoDB."""

    operations: Sequence[str]
    reads: float  # read units
    writes: int  # write units

    @property
    def price(self) -> float:
        """USD per million decisions."""
        return float(PRICES.dynamodb_write) * self.writes + float(PRICES.dynamodb_read) * self.reads

    def row(self, name: str) -> list[str]:
        named = ", ".join(self.operations) or "none"
        return [name, str(len(self.operations)), named, f"{self.reads:g}", str(self.writes), f"{self.price:.3f}"]


def measure(_runs: int) -> Part:
    canned, make = kinds.prepared()
    with stub.running(canned) as running:
        with lambdas.running(lambdas.READMETER, running) as readmeter:
            decided = make(lambda event: readmeter.call(event).answer)
            ours = {kind.name: _asked(running, readmeter, kind, canned) for kind in decided}
        theirs = {}
        for name in (lambdas.BOTO3, lambdas.NAIVE):
            with lambdas.running(lambdas.BASELINES[name], running) as baseline:
                theirs[name] = _asked(running, baseline, kinds.Kind(name, lambdas.BASELINE_EVENT), canned)
    columns = ("decision", "requests", "operations", "read units", "write units", "USD per million")
    tables = [Table(columns, [asked.row(name) for name, asked in each.items()]) for each in (ours, theirs)]
    headlines = [
        Headline("Requests to the store: counted", "", len(ours["counted"].operations), each, theirs_of)
        for each, theirs_of in (
            (lambdas.NAIVE, len(theirs[lambdas.NAIVE].operations)),
            ("Leaky Paywall's SQL queries (quoted)", _PEER_QUERIES),
        )
    ]
    return Part("requests", _BEFORE, tables, _AFTER.format(most=_most_reads()), headlines)


def _asked(running: stub.Stub, called: lambdas.Lambda, kind: kinds.Kind, canned: stub.Canned) -> Asked:
    called.call(kind.event)  # the site's rules are read by the first
    running.requests()
    kind.check(called.call(kind.event).answer)
    requests = [request for request in running.requests() if request[0] != "GetSecretValue"]
    units = [_units(request, canned) for request in requests]
    reads, writes = (sum(each[index] for each in units) for index in (0, 1))
    return Asked([operation for operation, _ in requests], reads, int(writes))


def _units(request: Request, canned: stub.Canned) -> tuple[float, int]:
    """Read and write units of one request; an item that is updated is as large as what the stub holds, or larger."""
    operation, body = request
    if operation == "TransactWriteItems":
        puts = [put["Item"] for action in body["TransactItems"] for put in action.values()]
        return 0, sum(2 * _kilobytes(item) for item in puts)
    item = body.get("Item") or canned.items.get(body["Key"]["pk"]["S"], canned.usual)
    if operation in _WRITES:
        return 0, _kilobytes(item)
    return ceil(item_bytes(item) / 4096) * (1 if body.get("ConsistentRead") else 0.5), 0


def _kilobytes(item: Mapping[str, Any]) -> int:
    return ceil(item_bytes(item) / 1024)


def item_bytes(item: Mapping[str, Any]) -> int:
    """An item's size as DynamoDB counts it: names and values; binary is smaller than its base64."""
    return sum(len(name) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: dict[str, Any]) -> int:
    [(kind, held)] = value.items()
    if kind == "BS":
        return sum(len(base64.b64decode(each)) for each in held)
    return len(held.encode()) if isinstance(held, str) else len(json.dumps(held))


def _most_reads() -> int:
    """How many counted reads an item holds within 1 KB."""
    name = "S#riotimes#R#" + "r" * 22
    sizes = (
        item_bytes(kinds.meter_item(kinds.SITE, name, tuple(f"article-{n}" for n in range(reads))))
        for reads in count(1)
    )
    return next(reads for reads, size in enumerate(sizes) if size > 1024)
