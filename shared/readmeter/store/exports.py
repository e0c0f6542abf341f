"""The index of exports in the site table: of each period the run that began last, and what the last good one left.

The export itself is its manifest in the bucket. This says what is being made, and lists without looking there.
"""

from dataclasses import dataclass
from typing import Any, Literal

from readmeter.store.database import Database, Item, Refused

Status = Literal["running", "provisional", "final", "failed"]
LONGEST_RUN = 1200.0  # seconds; a run that began earlier and has not ended never will


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One export. `status` and `revision` are those of the last run that succeeded, None before the first.

    `began_at` is when the last run began (epoch seconds); `ended` and `failed` are that run's. `announced`: finance has
    been told that it is final.
    """

    site: str
    period: str
    began_at: float
    ended: bool = False
    failed: bool = False
    status: Literal["provisional", "final"] | None = None
    revision: int | None = None
    announced: bool = False

    def running(self, now: float) -> bool:
        return not self.ended and now - self.began_at <= LONGEST_RUN

    def state(self, now: float) -> Status:
        """What people are told. A final stays one, whatever became of a later run."""
        if self.status == "final":
            return "final"
        if self.running(now):
            return "running"
        return "failed" if self.status is None or self.failed or not self.ended else self.status


@dataclass(frozen=True, slots=True)
class VerificationLine:
    """The last verification of an export: `result` is its document as JSON text, None while it runs or where it fell.

    `began_at` is in epoch seconds.
    """

    began_at: float
    ended: bool
    result: str | None

    def state(self, now: float) -> Literal["running", "done", "failed"]:
        if self.result is not None:
            return "done"
        return "failed" if self.ended or now - self.began_at > LONGEST_RUN else "running"


class ExportStore:
    """Lines of the site table. A run is named by whoever begins it: its end says nothing of a run that began later."""

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table

    def begin(self, site: str, period: str, run: str, now: float) -> None:
        """A run begins; what an earlier one left stays."""
        self._update(_key(site, "X", period), "SET run = :run, b = :now REMOVE e, f", run, {":now": {"N": repr(now)}})

    def finish(self, site: str, period: str, run: str, status: Literal["provisional", "final"], revision: int) -> None:
        """The run made that revision, or found it made."""
        result = {":s": {"S": status}, ":r": {"N": str(revision)}}
        key = _key(site, "X", period)
        try:
            self._update(key, "SET s = :s, r = :r, e = :run REMOVE f", run, result, "run = :run")
        except Refused:  # a later run began meanwhile: it still runs, but a revision is a revision
            self._keep(key, result)

    def fail(self, site: str, period: str, run: str) -> None:
        """The run ended without an export. Changes nothing where a later run began."""
        self._end(_key(site, "X", period), "SET e = :run, f = :yes", run, {":yes": {"BOOL": True}})

    def announced(self, site: str, period: str) -> None:
        """Finance has been told that the export is final."""
        self._database.update_item(
            TableName=self._table,
            Key=_key(site, "X", period),
            UpdateExpression="SET a = :yes",
            ExpressionAttributeValues={":yes": {"BOOL": True}},
        )

    def line(self, site: str, period: str) -> ExportLine | None:
        key = _key(site, "X", period)
        item = self._database.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return None if item is None else _line(item)

    def lines(self, site: str) -> list[ExportLine]:
        """Every export of the site, newest period first."""
        items = self._database.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :x)",
            ExpressionAttributeValues={":pk": {"S": f"S#{site}"}, ":x": {"S": "X#"}},
            ScanIndexForward=False,
            ConsistentRead=True,
        )
        return [_line(item) for item in items]

    def begin_verification(self, site: str, period: str, run: str, now: float) -> None:
        self._update(_key(site, "Y", period), "SET run = :run, b = :now REMOVE e, d", run, {":now": {"N": repr(now)}})

    def finish_verification(self, site: str, period: str, run: str, result: str) -> None:
        """Keeps the result, JSON text. Changes nothing where a later verification began."""
        self._end(_key(site, "Y", period), "SET e = :run, d = :d", run, {":d": {"S": result}})

    def fail_verification(self, site: str, period: str, run: str) -> None:
        self._end(_key(site, "Y", period), "SET e = :run", run, {})

    def verification(self, site: str, period: str) -> VerificationLine | None:
        key = _key(site, "Y", period)
        item = self._database.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        if item is None:
            return None
        return VerificationLine(float(item["b"]["N"]), "e" in item, item["d"]["S"] if "d" in item else None)

    def _end(self, key: dict[str, Any], update: str, run: str, values: dict[str, Any]) -> None:
        try:
            self._update(key, update, run, values, "run = :run")
        except Refused:
            return

    def _keep(self, key: dict[str, Any], result: dict[str, Any]) -> None:
        try:
            self._database.update_item(
                TableName=self._table,
                Key=key,
                UpdateExpression="SET s = :s, r = :r",
                ConditionExpression="attribute_not_exists(r) OR r < :r",
                ExpressionAttributeValues=result,
            )
        except Refused:
            return

    def _update(
        self, key: dict[str, Any], update: str, run: str, values: dict[str, Any], condition: str | None = None
    ) -> None:
        """Raises `Refused` where `condition` does not hold."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": key,
            "UpdateExpression": update,
            "ExpressionAttributeValues": {":run": {"S": run}, **values},
        }
        if condition is not None:
            request["ConditionExpression"] = condition
        self._database.update_item(**request)


def _key(site: str, kind: str, period: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"S#{site}"}, "sk": {"S": f"{kind}#{period}"}}


def _line(item: Item) -> ExportLine:
    status = item["s"]["S"] if "s" in item else None
    return ExportLine(
        site=item["pk"]["S"].removeprefix("S#"),
        period=item["sk"]["S"].removeprefix("X#"),
        began_at=float(item["b"]["N"]),
        ended="e" in item,
        failed="f" in item,
        status=None if status is None else "final" if status == "final" else "provisional",
        revision=int(item["r"]["N"]) if "r" in item else None,
        announced="a" in item,
    )
