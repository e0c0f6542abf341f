"""How far the ledger is complete: what CloudWatch and the failure bucket say of the stream."""

from datetime import datetime
from typing import TYPE_CHECKING

from readmeter.usage.objects import Objects

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

MARGIN = 900.0  # seconds from a write to its row: batching window, the function's time, and what the alarm allows
GIVEN_UP_AFTER = 43_200.0  # seconds in the stream until Lambda gives a record up: template.yaml's MaximumRecordAge


class StreamProgress:
    """Called with an instant, gives `complete_until`: all that was counted before it is in the ledger.

    `alarm` names the alarm of the ledger function's iterator age.
    """

    def __init__(self, cloudwatch: "CloudWatchClient", failures: Objects, alarm: str) -> None:
        self._cloudwatch = cloudwatch
        self._failures = failures
        self._alarm = alarm

    def __call__(self, now: float) -> float:
        """Epoch seconds. Raises LookupError where the alarm does not exist."""
        oldest = min((stored.modified for stored in self._failures.stored("")), default=None)
        return complete_until(now, self._behind_since(), oldest)

    def _behind_since(self) -> float | None:
        """When the alarm rang; None while it does not, or has nothing to measure (nobody reads)."""
        alarms = self._cloudwatch.describe_alarms(AlarmNames=[self._alarm])["MetricAlarms"]
        if not alarms:
            raise LookupError("there is no alarm of the iterator's age")
        alarm = alarms[0]
        if alarm["StateValue"] != "ALARM":
            return None
        rang: datetime = alarm.get("StateTransitionedTimestamp", alarm["StateUpdatedTimestamp"])
        return rang.timestamp()


def complete_until(now: float, behind_since: float | None, oldest_failure: float | None) -> float:
    """The last instant from which on something may be missing; all in epoch seconds.

    `oldest_failure` is when the oldest batch was given up: by then it may have been in the stream for `GIVEN_UP_AFTER`.
    """
    since = now if behind_since is None else min(now, behind_since)
    if oldest_failure is not None:
        since = min(since, oldest_failure - GIVEN_UP_AFTER)
    return since - MARGIN
