"""How far the ledger is said to be complete, by the alarm's state and by what is in the failure bucket."""

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from moto import mock_aws

from local.engine import ROOT
from local.template import _Loader
from readmeter.usage.progress import GIVEN_UP_AFTER, StreamProgress
from tests.support.endpoint import NOW
from tests.support.engines import session
from tests.support.objects import MemoryObjects

MINUTE, HOUR = 60.0, 3600.0


class Alarms:
    """CloudWatch with one alarm, or none."""

    def __init__(self, state: str | None, changed_at: float = NOW - 5 * HOUR) -> None:
        moment = datetime.fromtimestamp(changed_at, UTC)
        alarm = {"StateValue": state, "StateTransitionedTimestamp": moment, "StateUpdatedTimestamp": moment}
        self._alarms = {"ledger-behind": alarm} if state else {}

    def describe_alarms(self, AlarmNames: list[str]) -> dict[str, Any]:  # noqa: N803 - boto3's
        return {"MetricAlarms": [self._alarms[name] for name in AlarmNames if name in self._alarms]}


def progress(alarms: Alarms, *failures_at: float) -> StreamProgress:
    instants = iter(failures_at)
    failures = MemoryObjects(lambda: next(instants))
    for number in range(len(failures_at)):
        failures.create(f"aws/lambda/{number}", b"{}")
    return StreamProgress(alarms, failures, "ledger-behind")


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_while_all_is_well_the_ledger_is_complete_until_a_quarter_of_an_hour_ago(state: str) -> None:
    """Without data nobody reads: nothing is behind."""
    assert progress(Alarms(state))(NOW) == NOW - 15 * MINUTE


def test_since_the_alarm_rang_nothing_new_is_promised() -> None:
    assert progress(Alarms("ALARM", changed_at=NOW - HOUR))(NOW) == NOW - 75 * MINUTE
    assert progress(Alarms("ALARM", changed_at=NOW - HOUR))(NOW + HOUR) == NOW - 75 * MINUTE


def test_what_lambda_gave_up_on_may_be_twelve_hours_older_than_its_object() -> None:
    """The batch was in the stream, retried, until it was given up; the alarm may be quiet again by then."""
    assert progress(Alarms("OK"), NOW - HOUR, NOW - 2 * HOUR)(NOW) == NOW - 14 * HOUR - 15 * MINUTE


def test_the_earlier_of_the_two_counts() -> None:
    assert progress(Alarms("ALARM", NOW - 20 * HOUR), NOW - HOUR)(NOW) == NOW - 20 * HOUR - 15 * MINUTE
    assert progress(Alarms("ALARM", NOW - HOUR), NOW - 2 * HOUR)(NOW) == NOW - 14 * HOUR - 15 * MINUTE


def test_an_alarm_that_is_not_there_promises_nothing() -> None:
    with pytest.raises(LookupError, match="no alarm"):
        progress(Alarms(None))(NOW)


def test_lambda_gives_up_no_later_than_is_reckoned_with() -> None:
    template = yaml.load((ROOT / "template.yaml").read_text(), Loader=_Loader)
    stream = template["Resources"]["LedgerFunction"]["Properties"]["Events"]["Stream"]["Properties"]
    assert stream["MaximumRecordAgeInSeconds"] <= GIVEN_UP_AFTER


@pytest.mark.parametrize(("state", "ringing"), [("OK", False), ("ALARM", True), ("INSUFFICIENT_DATA", False)])
def test_cloudwatchs_own_answer_is_understood(state: str, ringing: bool) -> None:
    with mock_aws():
        cloudwatch = session().client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName="ledger-behind",
            Namespace="AWS/Lambda",
            MetricName="IteratorAge",
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=5,
            Threshold=600_000,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(AlarmName="ledger-behind", StateValue=state, StateReason="tests")
        known = StreamProgress(cloudwatch, MemoryObjects(), "ledger-behind")
        assert (known(4e9) < 4e9 - 15 * MINUTE) == ringing
