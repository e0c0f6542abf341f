"""What a million views costs on AWS by the list prices, from measured sizes and named assumptions: every part of it."""

import gzip
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import exports, kinds, lambdas, stub
from benchmarks.figures import Headline, Part, Table, times
from benchmarks.requests import item_bytes
from benchmarks.snippet import ASSETS
from local.engine import ROOT
from readmeter.core.keys import Keyring
from readmeter.store.meters import partition
from readmeter.usage.cost import MEMORY_GB, SECONDS
from readmeter.usage.ledger import new_rows, objects_of
from readmeter.usage.prices import PRICES, PRICES_OF, SOURCE, Steps, http_api, stepped

_PRICE = {name: float(getattr(PRICES, name)) for name in PRICES.__slots__ if name != "http_api"}
_GB = 1e9
_MONTH = 30  # days
_WINDOWS = _MONTH * 24 * 12  # of 300 s: how often the ledger function is called at least while views come
_BATCH = 1_000  # records that it is called with at most
_EXPORTED = 100_000  # reads, for the speed of an export
_LOG_OVERHEAD = 26  # bytes that CloudWatch adds to a line
_ITEM_OVERHEAD = 100  # bytes that DynamoDB adds to an item

_VIEWS_GB, _VIEWS_SECONDS = float(MEMORY_GB), float(SECONDS)
_SNIPPET_GB, _SNIPPET_SECONDS = 0.5, 0.003
_LEDGER_GB, _PUT_SECONDS = 1.0, 0.05
_EXPORTS_GB, _EXPORT_SECONDS = 3008 / 1024, 3.0  # seconds beside the work itself: start, files up and down

# Millions a month and USD of each, of API Gateway's REST APIs
_REST_API: Steps = (
    (Decimal(333), Decimal("3.50")),
    (Decimal(667), Decimal("2.80")),
    (Decimal(19_000), Decimal("2.38")),
    (None, Decimal("1.51")),
)

_SAMPLE = {
    "requestId": "JKJaXmPLvHcESHA=",
    "requestTimeEpoch": "1795345200000",
    "routeKey": "ANY /v1/views",
    "status": "200",
    "responseLength": "1100",
    "responseLatency": "12",
    "integrationLatency": "9",
    "integrationStatus": "200",
    "error.responseType": "-",
}


@dataclass(frozen=True)
class Sizes:
    """What was measured for the model: bytes, and seconds of CPU."""

    answer: int
    log_line: int
    snippet: int
    item: int  # of a reader with two counted reads
    ledger_row: float  # gzip
    ledger_seconds: float  # of a thousand records
    reads_a_second: float  # of an export


@dataclass(frozen=True)
class Case:
    """One month of one site. All but `views` (millions) are per view."""

    name: str
    views: float
    writes: float  # decisions that write (counted, or asked of the database)
    counted: float
    downloads: float  # of the snippet
    events: float  # views that carry events of the page


@dataclass(frozen=True)
class Call:
    """One call of the function that decides a view: GB of memory, seconds, bytes of its answer and of its log line."""

    gigabytes: float
    seconds: float
    answer: int
    log_line: int


@dataclass(frozen=True)
class Design:
    """Another way to decide a view. `writes` and `reads`: units of DynamoDB a view; `requests`: of the API, a view."""

    name: str
    writes: float
    reads: float = 0
    requests: float = 1
    api: Steps = PRICES.http_api
    is_logged: bool = True

    def cost(self, views: float, call: Call) -> float:
        """USD per million, of so many million views a month."""
        return (
            float(stepped(self.api, Decimal(str(views * self.requests)))) / views
            + _call(call.gigabytes, call.seconds)
            + self.writes * _PRICE["dynamodb_write"]
            + self.reads * _PRICE["dynamodb_read"]
            + self.is_logged * call.log_line * _kept_log() / _GB * 1e6
            + call.answer * _PRICE["egress_gb"] / _GB * 1e6
        )


DESIGNS = (
    Design("REST API, 2 strong reads, transactional write of 2 items", writes=4, reads=2, api=_REST_API),
    Design("HTTP API, 2 strong reads, write, synchronous site counter", writes=2, reads=2),
    Design("HTTP API, one write, preflight on every view", writes=1, requests=2),
    Design("HTTP API, one conditional write, nothing else", writes=1),
    Design("Function URL, one write, no logs", writes=1, api=((None, Decimal(0)),), is_logged=False),
)

_ALONE = Case("view alone", 1_000, 1.0, 1.0, 0.0, 0.0)
_OF_A_VIEW = (
    "API Gateway: views",
    "Lambda: views",
    "DynamoDB: decisions",
    "Logs: access lines of views",
    "Data transfer: answers",
)
_CASES = (
    Case("mixed, 1 M a month", 1, 0.55, 0.45, 0.4, 0.3),
    Case("mixed, 1,000 M a month", 1_000, 0.55, 0.45, 0.4, 0.3),
    Case("every view counted and downloaded, 1 M", 1, 1.0, 1.0, 1.0, 0.0),
)

_BEFORE = """\
USD per million views: {prices}; {source}; no free tier, no discount. Measured here: {measured}. Assumed: a
view's Lambda call takes {views_ms:.0f} ms at 1,024 MB (the CPU of a quiet run, about 1.7 ms, on 0.58 of a
processor, and 4 ms for DynamoDB), one of the snippet's 3 ms at 512 MB, an S3 write 50 ms; two counted reads a
reader and month. Mixed: of 100 views 45 are counted, 10 more are asked of the database, 45 are answered from
the page's state or by rule; 40 download the snippet, 30 carry events. One site; logs kept 30 days, meter items
about 75, the ledger a year."""

_AFTER = """\
The second table is what the design of a counted view costs: in each row every view writes, with the same memory,
ms and bytes, though reads and transactions take longer than one write. Readmeter's is one conditional write.
The ledger's floor at small volumes is its window of 300 s: {windows:,} calls and files a month, however few the
views. Fixed costs come once a month for a deployment, not per million: the secret, alarms on {alarms} metrics;
the first ten of these and three dashboards are free and not taken off here. Warm Lambda time is small change: a
decision that took no time at all would save ${saved:.2f} of the million. A Function URL in place of the HTTP API
would save $1.00, and loses throttles and access logs."""


def measure(_runs: int) -> Part:
    sizes = _measured()
    priced = {case.name: _lines(case, sizes) for case in _CASES}
    services = list(next(iter(priced.values())))
    rows = [[service, *(f"{lines[service]:.3f}" for lines in priced.values())] for service in services]
    totals = {name: sum(lines.values()) for name, lines in priced.items()}
    rows.append(["**all**", *(f"**{total:.3f}**" for total in totals.values())])
    fixed = _fixed()
    rows.append(["fixed, USD a month", *[f"{fixed:.2f}"] * len(_CASES)])
    table = Table(("USD per million views", *priced), rows)
    lines = _lines(_ALONE, sizes)
    alone = sum(lines[name] for name in _OF_A_VIEW)
    call = Call(_VIEWS_GB, _VIEWS_SECONDS, sizes.answer, sizes.log_line)
    beside = {design.name: design.cost(_ALONE.views, call) for design in DESIGNS}
    rows = [
        [name, f"{price:.3f}", times(price, alone)] for name, price in {"Readmeter, counted": alone, **beside}.items()
    ]
    baselines = Table(("every view counted, alone, 1,000 M a month", "USD per million", "of Readmeter's"), rows)
    measured = (
        f"an answer of {sizes.answer:,} bytes, an access log line of {sizes.log_line}, a snippet of "
        f"{sizes.snippet:,} gzip, a reader's item of {sizes.item}, {sizes.ledger_row:.0f} bytes of ledger a read, "
        f"{sizes.ledger_seconds * 1e3:.0f} ms for a thousand records, "
        f"an export of {sizes.reads_a_second:,.0f} reads a second"
    )
    views_lambda = _VIEWS_GB * _VIEWS_SECONDS * _PRICE["lambda_gb_seconds"]
    return Part(
        "cost",
        _BEFORE.format(prices=PRICES_OF, source=SOURCE, measured=measured, views_ms=_VIEWS_SECONDS * 1e3),
        [table, baselines],
        _AFTER.format(windows=_WINDOWS, alarms=_alarms(), saved=views_lambda),
        [
            Headline("A million views, each counted, alone", "USD", alone, name, beside[name], 2)
            for name in (DESIGNS[0].name, DESIGNS[-1].name)
        ],
    )


def _lines(case: Case, sizes: Sizes) -> Mapping[str, float]:
    """USD per million views, a line for each thing that is paid; they add up to the whole."""
    calls = max(_WINDOWS, case.views * 1e6 * case.writes / _BATCH) / case.views / 1e6  # of the ledger, per view
    readers = case.counted / 2
    exported = _EXPORT_SECONDS * (_MONTH + 1) / case.views / 1e6 + 2 * case.counted / sizes.reads_a_second
    log = sizes.log_line * _kept_log() / _GB
    stored = readers * (sizes.item + _ITEM_OVERHEAD) / _GB
    ledger = case.counted * sizes.ledger_row / _GB
    request = float(http_api(Decimal(str(case.views)))) / case.views
    return {
        "API Gateway: views": request,
        "Lambda: views": _call(_VIEWS_GB, _VIEWS_SECONDS),
        "DynamoDB: decisions": case.writes * _PRICE["dynamodb_write"],
        "DynamoDB: page events": case.events * _PRICE["dynamodb_write"],
        "Logs: access lines of views": log * 1e6,
        "Data transfer: answers": sizes.answer / _GB * _PRICE["egress_gb"] * 1e6,
        "Snippet: requests, Lambda, log, transfer": case.downloads
        * (
            request + _call(_SNIPPET_GB, _SNIPPET_SECONDS) + log * 1e6 + sizes.snippet / _GB * _PRICE["egress_gb"] * 1e6
        ),
        "Ledger: Lambda (the stream's reads are free)": calls * _call(_LEDGER_GB, _PUT_SECONDS)
        + case.writes * sizes.ledger_seconds / _BATCH * _LEDGER_GB * _PRICE["lambda_gb_seconds"],
        "Ledger: S3 writes, a year's storage": calls * _PRICE["s3_put"] + ledger * 12 * _PRICE["s3_gb_month"] * 1e6,
        "DynamoDB: items kept, point-in-time recovery": stored
        * 2.5
        * (_PRICE["dynamodb_gb_month"] + _PRICE["recovery_gb_month"])
        * 1e6,
        "Exports: daily and monthly, reconciliation": exported * _EXPORTS_GB * _PRICE["lambda_gb_seconds"]
        + stored * _PRICE["table_export_gb"] * 1e6,
    }


def _call(gigabytes: float, seconds: float) -> float:
    """USD of a million calls."""
    return _PRICE["lambda_requests"] + gigabytes * seconds * _PRICE["lambda_gb_seconds"]


def _kept_log() -> float:
    """USD of a GB of log, taken in and kept for a month."""
    return _PRICE["logs_gb"] + _PRICE["logs_gb_month"]


def _fixed() -> float:
    """USD a month of a deployment that nobody visits."""
    return _PRICE["secret_month"] + _alarms() * _PRICE["alarm_month"]


def _alarms() -> int:
    """Metrics that alarms watch, which is what they are paid by: those that compute watch several."""
    alarms, computing, of_those = (
        len(re.findall(pattern, _template(), re.MULTILINE))
        for pattern in ("Type: AWS::CloudWatch::Alarm$", "^ {6}Metrics:$", "MetricStat:")
    )
    return alarms - computing + of_those


def _template() -> str:
    return (ROOT / "template.yaml").read_text()


def _measured() -> Sizes:
    canned, make = kinds.prepared()
    with stub.running(canned) as running, lambdas.running(lambdas.READMETER, running) as readmeter:
        counted = make(lambda event: readmeter.call(event).answer)[0]
        answer = readmeter.call(counted.event).answer
    records = list(_records(_BATCH))
    seconds, row = _ledger(records)
    name = partition(kinds.SITE, "r" * 22)["S"]
    item = item_bytes(kinds.meter_item(kinds.SITE, name, kinds.READ_BEFORE[:2]))
    headers = sum(len(each) + len(value) + 4 for each, value in answer["headers"].items())
    return Sizes(
        answer=len(answer["body"].encode()) + headers,
        log_line=_log_line(),
        snippet=len(gzip.compress((ASSETS / "snippet.js").read_bytes(), 9)),
        item=item,
        ledger_row=row,
        ledger_seconds=seconds,
        reads_a_second=_export_speed(),
    )


def _log_line() -> int:
    """Bytes of one line of the access log, by the format that template.yaml gives."""
    [text] = re.findall(r"&accessLogFormat >-\n((?: {10}.*\n)+)", _template())
    line = " ".join(each.strip() for each in text.splitlines())
    return len(re.sub(r"\$context\.([\w.]+\w)", lambda found: _SAMPLE[found[1]], line)) + _LOG_OVERHEAD


def _records(number: int) -> Iterator[dict[str, Any]]:
    """What the stream says of so many counted reads: each reader's first."""
    for n in range(number):
        name = partition(kinds.SITE, f"reader-{n:015d}")["S"]
        item = kinds.meter_item(kinds.SITE, name, (f"article-{n % 30}",))
        yield {"NewImage": item, "SequenceNumber": f"442158450000000001745{n:07d}"}


def _ledger(records: list[dict[str, Any]]) -> tuple[float, float]:
    """Seconds of CPU that a batch takes to become ledger objects, and bytes of them a row."""
    keyring = Keyring.parse('{"permanent": "of a benchmark"}')
    began = time.process_time()
    rows = [
        row
        for record in records
        for row in new_rows(record["NewImage"], None, lambda: keyring, record["SequenceNumber"])
    ]
    objects = objects_of(rows)
    seconds = time.process_time() - began
    assert len(rows) == len(records)
    return seconds, sum(len(each.body) for each in objects) / len(rows)


def _export_speed() -> float:
    with TemporaryDirectory() as name:
        ledger = Path(name)
        exports.write_ledger(ledger, _EXPORTED)
        rows, seconds, _ = exports.measured(exports.EXPORT, ledger)
    return rows / seconds
