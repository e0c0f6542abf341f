"""Alarms and the dashboard: each looks at a metric that is published, and says in docs/operate.md what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.deploy.conftest import ROOT, Stack

FUNCTIONS = ("Views", "Reader", "Webhooks", "Snippet", "Admin", "Ledger", "Exports", "Refresh")
RUNBOOK = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")

# What tells of trouble without being an alarm of CloudWatch: where in the template, and its section
NOTICES = {
    "the failure bucket": "a-batch-was-given-up",
    "the exports function's last try": "no-exports",
    "the budget": "the-bill-jumped",
}

# What AWS publishes, by namespace and metric: the names of its dimensions. Lambda, API Gateway (HTTP API), DynamoDB and
# EventBridge, "metrics and dimensions" in the developer's guide of each
OF_FUNCTIONS = [{"FunctionName"}, {"FunctionName", "Resource"}]
OF_APIS = [{"ApiId"}, {"ApiId", "Stage"}]
OF_TABLES = [{"TableName"}]
PUBLISHED: dict[tuple[str, str], list[set[str]]] = {
    ("AWS/Lambda", "Errors"): OF_FUNCTIONS,
    ("AWS/Lambda", "Throttles"): OF_FUNCTIONS,
    ("AWS/Lambda", "Invocations"): OF_FUNCTIONS,
    ("AWS/Lambda", "Duration"): OF_FUNCTIONS,
    ("AWS/Lambda", "IteratorAge"): OF_FUNCTIONS,
    ("AWS/Lambda", "ConcurrentExecutions"): [set(), *OF_FUNCTIONS],
    ("AWS/ApiGateway", "Count"): OF_APIS,
    ("AWS/ApiGateway", "4xx"): OF_APIS,
    ("AWS/ApiGateway", "5xx"): OF_APIS,
    ("AWS/ApiGateway", "Latency"): OF_APIS,
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits"): OF_TABLES,
    ("AWS/DynamoDB", "WriteThrottleEvents"): OF_TABLES,
    ("AWS/DynamoDB", "ConditionalCheckFailedRequests"): OF_TABLES,
    ("AWS/Events", "Invocations"): [{"RuleName"}],
    # Ours: shared/readmeter/usage/reconcile_job.py, functions/refresh/app.py, and the filter of the access log
    ("Readmeter/${AWS::StackName}", "ReconciliationDrift"): [{"service"}],
    ("Readmeter/${AWS::StackName}", "PublishedStale"): [{"service"}],
    ("Readmeter/${AWS::StackName}", "TooManyRequests"): [set()],
}
KINDS = {
    "FunctionName": "AWS::Lambda::Function",
    "ApiId": "AWS::ApiGatewayV2::Api",
    "TableName": "AWS::DynamoDB::Table",
    "RuleName": "AWS::Events::Rule",
}


@dataclass(frozen=True)
class Metric:
    """One that is looked at; `dimensions` as in a text of `Fn::Sub`: `{"ApiId": "${PublicApi}"}`."""

    namespace: str
    name: str
    dimensions: dict[str, str]


def text(value: Any) -> str:
    """What `Ref` and `Fn::Sub` stand for, as `Fn::Sub` writes it."""
    if isinstance(value, dict):
        return f"${{{value['Ref']}}}" if "Ref" in value else str(value["Fn::Sub"])
    return str(value)


def alarms(stack: Stack) -> dict[str, dict[str, Any]]:
    return {name: alarm["Properties"] for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items()}


def metrics_of(alarm: dict[str, Any]) -> Iterator[Metric]:
    stats = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
    for metric in stats or [alarm]:
        dimensions = {each["Name"]: text(each["Value"]) for each in metric.get("Dimensions", [])}
        yield Metric(text(metric["Namespace"]), metric["MetricName"], dimensions)


def widgets(stack: Stack) -> list[dict[str, Any]]:
    body = stack.properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    numbers = re.sub(r'"value": \$\{\w+\}', '"value": 1', body)
    found: list[dict[str, Any]] = json.loads(numbers)["widgets"]
    return found


def drawn(stack: Stack) -> Iterator[Metric]:
    for widget in widgets(stack):
        for namespace, *rest in widget["properties"].get("metrics", []):
            if not isinstance(namespace, dict):
                name, *pairs = [part for part in rest if isinstance(part, str)]
                yield Metric(namespace, name, dict(zip(pairs[::2], pairs[1::2], strict=True)))


def looked_at(stack: Stack) -> list[Metric]:
    return [*drawn(stack), *(metric for alarm in alarms(stack).values() for metric in metrics_of(alarm))]


def test_every_metric_is_published_with_exactly_these_dimensions(stack: Stack) -> None:
    for metric in looked_at(stack):
        assert set(metric.dimensions) in PUBLISHED[metric.namespace, metric.name], metric


def test_every_dimension_names_a_resource_of_the_template(stack: Stack) -> None:
    for metric in looked_at(stack):
        for name, value in metric.dimensions.items():
            if name == "service":
                assert value == "readmeter"
            elif name == "Resource":
                assert value == f"{metric.dimensions['FunctionName']}:live"
            else:
                assert stack.resources[value.removeprefix("${").removesuffix("}")]["Type"] == KINDS[name], metric


def test_no_metric_is_listed_that_nobody_looks_at(stack: Stack) -> None:
    assert {(metric.namespace, metric.name) for metric in looked_at(stack)} == PUBLISHED.keys()


def test_refusals_are_counted_from_the_status_in_the_access_log(stack: Stack) -> None:
    counting = stack.properties("TooManyRequests")
    (counted,) = counting["MetricTransformations"]
    assert counting["LogGroupName"] == {"Ref": "PublicAccessLog"}
    assert (text(counted["MetricNamespace"]), counted["MetricName"]) == (
        "Readmeter/${AWS::StackName}",
        "TooManyRequests",
    )
    field, status = re.fullmatch(r'\{ \$\.(\w+) = "(\d+)" \}', counting["FilterPattern"]).groups()  # type: ignore[union-attr]
    line = stack.properties("PublicApiApiGatewayDefaultStage")["AccessLogSettings"]["Format"]
    assert (json.loads(line)[field], status) == ("$context.status", "429")


def test_the_metrics_of_two_stacks_are_apart(stack: Stack) -> None:
    publishing = ("ExportsFunction", "RefreshFunction")
    given = {text(stack.properties(each)["Environment"]["Variables"]["METRICS_NAMESPACE"]) for each in publishing}
    ours = {metric.namespace for metric in looked_at(stack) if not metric.namespace.startswith("AWS/")}
    assert given == ours == {"Readmeter/${AWS::StackName}"}


def test_one_batch_that_is_late_rings_however_seldom_batches_come(stack: Stack) -> None:
    (mapping,) = stack.of_type("AWS::Lambda::EventSourceMapping").values()
    alarm = alarms(stack)["LedgerBehind"]
    assert alarm["DatapointsToAlarm"] == 1
    assert alarm["Period"] * alarm["EvaluationPeriods"] > mapping["Properties"]["MaximumBatchingWindowInSeconds"]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_has_an_alarm_on_what_its_alias_does(stack: Stack, name: str, metric: str) -> None:
    (looked,) = metrics_of(stack.properties(f"{name}{metric}"))
    assert looked == Metric(
        "AWS/Lambda", metric, {"FunctionName": f"${{{name}Function}}", "Resource": f"${{{name}Function}}:live"}
    )


def test_silence_rings_only_where_something_must_happen_every_hour(stack: Stack) -> None:
    missing = {name: alarm["TreatMissingData"] for name, alarm in alarms(stack).items()}
    assert {name for name, treated in missing.items() if treated == "breaching"} == {"ScheduleMissed", "RefreshMissed"}
    assert set(missing.values()) == {"breaching", "notBreaching"}


def test_an_alarm_of_several_metrics_compares_one_of_them(stack: Stack) -> None:
    for name, alarm in alarms(stack).items():
        returned = [query["Id"] for query in alarm.get("Metrics", []) if query.get("ReturnData", True)]
        expected = {"WallRateJump": ["share", "usual"], "LedgerStopped": ["stopped"]}.get(name, ["share"])
        assert returned == (expected if "Metrics" in alarm else [])


def test_periods_of_one_alarm_are_one_and_it_looks_back_a_day_at_the_most(stack: Stack) -> None:
    for alarm in alarms(stack).values():
        stats = [query["MetricStat"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
        (period,) = {stat["Period"] for stat in stats or [alarm]}
        assert period * alarm["EvaluationPeriods"] <= 86_400
        assert alarm.get("DatapointsToAlarm", 1) <= alarm["EvaluationPeriods"]


def section_of(alarm: dict[str, Any]) -> str:
    described = re.fullmatch(r"[A-Z][^.]+\. What to do - docs/operate\.md#([a-z-]+)", alarm["AlarmDescription"])
    assert described, alarm["AlarmDescription"]
    return described[1]


def test_every_alarm_is_heard_and_every_section_has_an_alarm(stack: Stack) -> None:
    chapter = re.search(r"^## When an alarm rings\n(.*?)^## ", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert chapter
    sections = re.findall(r"^### (.+)$", chapter[1], re.MULTILINE)
    anchors = {title.lower().replace(" ", "-") for title in sections}
    assert len(anchors) == len(sections)
    assert {section_of(alarm) for alarm in alarms(stack).values()} | set(NOTICES.values()) == anchors
    assert all(alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}] for alarm in alarms(stack).values())


def test_what_is_no_alarm_tells_too(stack: Stack) -> None:
    (told,) = stack.properties("FailureBucket")["NotificationConfiguration"]["TopicConfigurations"]
    given_up = stack.properties("ExportsFunctionEventInvokeConfig")["DestinationConfig"]["OnFailure"]
    assert told["Topic"] == given_up["Destination"] == {"Ref": "AlarmTopic"}
    assert stack.resources["Budget"]["Condition"] == "HasBudget"
    assert stack.resources["AlarmSubscription"]["Condition"] == "HasEmail"


def test_every_log_group_forgets(stack: Stack) -> None:
    groups = stack.of_type("AWS::Logs::LogGroup")
    assert len(groups) == 10
    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())


def test_the_dashboard_begins_with_every_alarm(stack: Stack) -> None:
    first = widgets(stack)[0]
    assert (first["type"], first["y"]) == ("alarm", 0)
    assert sorted(first["properties"]["alarms"]) == sorted(f"${{{name}.Arn}}" for name in alarms(stack))


def test_no_two_widgets_of_the_dashboard_lie_on_each_other(stack: Stack) -> None:
    cells = [
        (x, y)
        for each in widgets(stack)
        for x in range(each["x"], each["x"] + each["width"])
        for y in range(each["y"], each["y"] + each["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
