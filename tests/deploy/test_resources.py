"""What CloudFormation is asked for: APIs, functions, tables, secret, logs, alarms, limits, outputs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from local.engine import ROOT
from local.template import Route, Template
from readmeter.sites.document import LEDGER_DAYS
from tests.deploy.conftest import Stack

FUNCTIONS = (
    "ViewsFunction",
    "ReaderFunction",
    "WebhooksFunction",
    "SnippetFunction",
    "AdminFunction",
    "LedgerFunction",
    "ExportsFunction",
    "RefreshFunction",
)
ROUTES = Template.read(ROOT / "template.yaml").routes
BUCKETS = ("LedgerBucket", "FailureBucket", "ExportBucket")
STAGES = {api: f"{api}ApiGatewayDefaultStage" for api in ("PublicApi", "AdminApi", "StaffApi")}


def operations(stack: Stack, api: str) -> list[dict[str, Any]]:
    body = stack.properties(api)["Body"]
    return [operation for path in body["paths"].values() for operation in path.values()]


def _method(name: str) -> str:
    return "ANY" if name == "x-amazon-apigateway-any-method" else name.upper()


def pattern_of(path: str) -> str:
    return re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)).replace("\\{proxy\\+\\}", ".+")


class TestApis:
    def test_the_public_api_leaves_cors_and_callers_to_the_code(self, stack: Stack) -> None:
        properties = stack.properties("PublicApi")
        assert "CorsConfiguration" not in properties
        assert "x-amazon-apigateway-cors" not in properties["Body"]
        assert not [operation for operation in operations(stack, "PublicApi") if "security" in operation]

    def test_every_admin_route_asks_for_aws_credentials_and_none_has_cors(self, stack: Stack) -> None:
        assert "CorsConfiguration" not in stack.properties("AdminApi")
        asked = [operation["security"] for operation in operations(stack, "AdminApi")]
        assert asked == [[{"AWS_IAM": []}]] * len(asked)
        assert len(asked) == sum(route.authorizer == "AWS_IAM" for route in ROUTES)

    def test_the_api_for_staff_with_tokens_is_there_only_where_an_issuer_is_named(self, stack: Stack) -> None:
        named = [name for name, each in stack.resources.items() if "StaffApi" in json.dumps(each) or "StaffApi" in name]
        assert len(named) == 4
        assert {stack.resources[name]["Condition"] for name in named} == {"HasStaff"}
        assert stack.outputs["StaffUrl"]["Condition"] == "HasStaff"
        assert "CorsConfiguration" not in stack.properties("StaffApi")

    def test_each_of_its_routes_asks_for_a_token_of_that_issuer(self, stack: Stack) -> None:
        asked = [operation["security"] for operation in operations(stack, "StaffApi")]
        assert asked == [[{"Oidc": []}]] * len(asked)
        schemes = stack.properties("StaffApi")["Body"]["components"]["securitySchemes"]
        tokens = schemes["Oidc"]["x-amazon-apigateway-authorizer"]
        assert tokens["jwtConfiguration"] == {"issuer": {"Ref": "OidcIssuer"}, "audience": [{"Ref": "OidcAudience"}]}

    @pytest.mark.parametrize("route", [route for route in ROUTES if route.authorizer], ids=lambda route: route.key)
    def test_it_leads_every_admin_request_to_the_same_function(self, stack: Stack, route: Route) -> None:
        """API Gateway takes a path that matches as a whole before one that ends in `{proxy+}`."""
        paths: dict[str, Any] = stack.properties("StaffApi")["Body"]["paths"]
        matching = [path for path in paths if re.fullmatch(pattern_of(path), route.path)]
        [operation] = paths[min(matching, key=lambda path: ("+" in path, -len(path)))].values()
        uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        assert f"${{{route.function}Aliaslive}}" in uri

    def test_it_may_call_exactly_those_functions(self, stack: Stack) -> None:
        calls = [
            each["Properties"]
            for each in stack.of_type("AWS::Lambda::Permission").values()
            if "StaffApi" in json.dumps(each)
        ]
        assert {each["FunctionName"]["Ref"] for each in calls} == {"AdminFunctionAliaslive", "ExportsFunctionAliaslive"}
        assert all(each["SourceArn"]["Fn::Sub"].endswith(":${StaffApi}/*") for each in calls)

    @pytest.mark.parametrize("api", STAGES)
    def test_events_have_the_shape_that_the_code_reads_and_go_to_the_alias(self, stack: Stack, api: str) -> None:
        for operation in operations(stack, api):
            integration = operation["x-amazon-apigateway-integration"]
            assert integration["payloadFormatVersion"] == "2.0"
            assert "Aliaslive}/invocations" in integration["uri"]["Fn::Sub"]

    @pytest.mark.parametrize("api", STAGES)
    def test_every_route_is_throttled(self, stack: Stack, api: str) -> None:
        limits = stack.properties(STAGES[api])["DefaultRouteSettings"]
        assert limits.keys() == {"ThrottlingRateLimit", "ThrottlingBurstLimit"}
        assert all(limits.values())

    @pytest.mark.parametrize("api", STAGES)
    def test_routes_with_a_limit_of_their_own_exist_and_have_less_than_the_others(self, stack: Stack, api: str) -> None:
        paths = stack.properties(api)["Body"]["paths"]
        routes = {f"{_method(name)} {path}" for path, methods in paths.items() for name in methods}
        limits = stack.properties(STAGES[api])["RouteSettings"]
        assert limits.keys() <= routes
        assert all(limit["ThrottlingRateLimit"] <= 20 for limit in limits.values())

    def test_the_routes_of_a_page_view_share_no_limit_with_others(self, stack: Stack) -> None:
        limited = stack.properties(STAGES["PublicApi"])["RouteSettings"].keys()
        assert limited.isdisjoint({"ANY /v1/views", "ANY /v1/access", "ANY /v1/events", "GET /v1/{asset}"})

    @pytest.mark.parametrize("api", STAGES)
    def test_the_access_log_names_the_route_and_neither_path_nor_address(self, stack: Stack, api: str) -> None:
        line = stack.properties(STAGES[api])["AccessLogSettings"]["Format"]
        assert json.loads(line)["route"] == "$context.routeKey"
        assert set(re.findall(r"\$context\.[\w.]+", line)) == {
            "$context.requestId",
            "$context.requestTimeEpoch",
            "$context.routeKey",
            "$context.status",
            "$context.responseLength",
            "$context.responseLatency",
            "$context.integrationLatency",
            "$context.integrationStatus",
            "$context.error.responseType",
        }


class TestFunctions:
    @pytest.mark.parametrize("name", FUNCTIONS)
    def test_a_function_runs_on_python_3_13_on_the_chosen_processor_with_the_layer(
        self, stack: Stack, name: str
    ) -> None:
        function = stack.properties(name)
        (layer,) = stack.of_type("AWS::Lambda::LayerVersion")
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == [{"Ref": "Architecture"}]
        assert function["Layers"] == [{"Ref": layer}]

    @pytest.mark.parametrize("name", FUNCTIONS)
    def test_lambda_itself_writes_no_line_for_a_call_that_went_well(self, stack: Stack, name: str) -> None:
        logging = stack.properties(name)["LoggingConfig"]
        assert (logging["LogFormat"], logging["SystemLogLevel"]) == ("JSON", "WARN")
        assert logging["LogGroup"]["Ref"] in stack.of_type("AWS::Logs::LogGroup")

    @pytest.mark.parametrize("name", ["ViewsFunction", "ReaderFunction", "SnippetFunction"])
    def test_what_readers_reach_is_rolled_out_step_by_step_and_back_on_an_alarm(self, stack: Stack, name: str) -> None:
        group = stack.properties(f"{name}DeploymentGroup")
        assert group["DeploymentConfigName"]["Fn::Sub"][1] == {"ConfigName": "Canary10Percent5Minutes"}
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        short = name.removesuffix("Function")
        alarms = [alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]]
        assert alarms == [f"{short}Errors", f"{short}Throttles"]
        update = stack.resources[f"{name}Aliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        assert update["DeploymentGroupName"] == {"Ref": f"{name}DeploymentGroup"}

    def test_a_change_of_the_layer_alone_publishes_a_new_version_of_every_function(
        self, translate: Callable[..., Stack]
    ) -> None:
        before = translate("layer-1").of_type("AWS::Lambda::Version").keys()
        after = translate("layer-2").of_type("AWS::Lambda::Version").keys()
        assert len(before) == len(after) == len(FUNCTIONS)
        assert not before & after

    def test_no_concurrency_is_reserved_unless_it_is_asked_for(self, stack: Stack) -> None:
        reserved = stack.properties("ViewsFunction")["ReservedConcurrentExecutions"]
        assert reserved["Fn::If"] == [
            "HasReservedConcurrency",
            {"Ref": "ViewsReservedConcurrency"},
            {"Ref": "AWS::NoValue"},
        ]


class TestState:
    @pytest.mark.parametrize("name", ["MeterTable", "SiteTable", "Secret", *BUCKETS])
    def test_state_outlives_the_stack_and_every_replacement(self, stack: Stack, name: str) -> None:
        assert stack.resources[name]["DeletionPolicy"] == "Retain"
        assert stack.resources[name]["UpdateReplacePolicy"] == "Retain"

    @pytest.mark.parametrize("name", ["MeterTable", "SiteTable"])
    def test_a_table_is_paid_by_use_recoverable_and_protected(self, stack: Stack, name: str) -> None:
        table = stack.properties(name)
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["DeletionProtectionEnabled"] is True
        assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]

    def test_meter_items_expire_and_their_changes_stream(self, stack: Stack) -> None:
        table = stack.properties("MeterTable")
        assert table["TimeToLiveSpecification"] == {"AttributeName": "x", "Enabled": True}
        assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}

    def test_what_the_site_table_forgets_is_marked_so(self, stack: Stack) -> None:
        table = stack.properties("SiteTable")
        assert table["TimeToLiveSpecification"] == {"AttributeName": "x", "Enabled": True}
        assert "StreamSpecification" not in table

    def test_the_meter_table_takes_no_more_writes_than_the_fuse_allows(self, stack: Stack) -> None:
        fuse = stack.properties("MeterTable")["OnDemandThroughput"]
        assert fuse == {"MaxWriteRequestUnits": {"Ref": "MaxWritesPerSecond"}}

    def test_the_secret_is_drawn_as_on_the_first_day(self, stack: Stack) -> None:
        # Any difference makes CloudFormation draw a new one: every reader would start anew.
        assert stack.properties("Secret")["GenerateSecretString"] == {
            "SecretStringTemplate": "{}",
            "GenerateStringKey": "permanent",
            "PasswordLength": 64,
            "ExcludePunctuation": True,
        }


class TestUsage:
    @pytest.mark.parametrize("name", BUCKETS)
    def test_a_bucket_is_closed_to_the_public_and_to_plain_http(self, stack: Stack, name: str) -> None:
        assert all(stack.properties(name)["PublicAccessBlockConfiguration"].values())
        statement = stack.properties(f"{name}Policy")["PolicyDocument"]["Statement"][0]
        assert statement["Resource"][0] == {"Fn::GetAtt": [name, "Arn"]}
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}

    @pytest.mark.parametrize(
        ("name", "part", "written"),
        [
            (
                "LedgerBucket",
                "NotResource",
                [{"Fn::Sub": f"${{LedgerBucket.Arn}}/{other}/*"} for other in ("items", "athena")],
            ),
            ("ExportBucket", "Resource", {"Fn::Sub": "${ExportBucket.Arn}/*"}),
        ],
    )
    def test_nothing_in_a_ledger_or_an_export_can_be_overwritten(
        self, stack: Stack, name: str, part: str, written: Any
    ) -> None:
        statement = stack.properties(f"{name}Policy")["PolicyDocument"]["Statement"][1]
        assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:PutObject")
        assert statement["Condition"]["Null"] == {"s3:if-none-match": "true"}
        assert statement[part] == written

    @pytest.mark.parametrize("name", ["LedgerBucket", "ExportBucket"])
    def test_what_names_readers_ends_after_the_days_that_a_site_may_choose(self, stack: Stack, name: str) -> None:
        rules = stack.properties(name)["LifecycleConfiguration"]["Rules"]
        ends = {rule["TagFilters"][0]["Value"]: rule["ExpirationInDays"] for rule in rules if "TagFilters" in rule}
        assert ends == {str(days): days for days in LEDGER_DAYS}

    def test_nothing_else_of_an_export_ends(self, stack: Stack) -> None:
        rules = stack.properties("ExportBucket")["LifecycleConfiguration"]["Rules"]
        assert not [rule for rule in rules if "ExpirationInDays" in rule and "TagFilters" not in rule]

    def test_exports_keep_every_version_and_can_be_locked(self, stack: Stack) -> None:
        bucket = stack.properties("ExportBucket")
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert bucket["ObjectLockEnabled"] is True

    def test_a_batch_that_cannot_be_read_is_halved_and_kept_before_the_stream_forgets_it(self, stack: Stack) -> None:
        (mapping,) = stack.of_type("AWS::Lambda::EventSourceMapping").values()
        properties = mapping["Properties"]
        assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert properties["BisectBatchOnFunctionError"] is True
        assert 0 < properties["MaximumRetryAttempts"] < 10_000
        assert 0 < properties["MaximumRecordAgeInSeconds"] < 24 * 3600
        assert properties["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["FailureBucket", "Arn"]}

    def test_the_failure_bucket_rings(self, stack: Stack) -> None:
        (told,) = stack.properties("FailureBucket")["NotificationConfiguration"]["TopicConfigurations"]
        assert told == {"Event": "s3:ObjectCreated:*", "Topic": {"Ref": "AlarmTopic"}}

    def test_exports_look_every_hour_and_tell_when_they_gave_up(self, stack: Stack) -> None:
        rule = stack.properties("ExportsFunctionHourly")
        assert rule["ScheduleExpression"] == "rate(1 hour)"
        assert json.loads(rule["Targets"][0]["Input"]) == {"job": "schedule"}
        given_up = stack.properties("ExportsFunctionEventInvokeConfig")["DestinationConfig"]["OnFailure"]
        assert given_up == {"Destination": {"Ref": "AlarmTopic"}}

    def test_what_others_publish_is_fetched_every_five_minutes_one_run_after_the_other(self, stack: Stack) -> None:
        assert stack.properties("RefreshFunctionOften")["ScheduleExpression"] == "rate(5 minutes)"
        assert stack.properties("RefreshFunction")["Timeout"] < 300
        assert stack.properties("RefreshFunctionEventInvokeConfig")["MaximumRetryAttempts"] == 0

    def test_finance_hears_only_where_an_address_is_given(self, stack: Stack) -> None:
        assert stack.resources["FinanceSubscription"]["Condition"] == "HasFinanceEmail"


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("RequestsPerSecond", 1),
        ("NetworkRequestsPerSecond", 1),
        ("NetworkBurst", 1),
        ("MaxWritesPerSecond", 1),
        ("ViewsReservedConcurrency", 1),
        ("LambdaConcurrency", 10),
    ],
)
def test_a_limit_is_a_whole_number_that_lets_something_through(stack: Stack, name: str, least: int) -> None:
    declared = stack.parameters[name]
    assert declared["Type"] == "String"

    def taken(value: str) -> bool:
        return re.search(declared["AllowedPattern"], value) is not None

    assert all(taken(value) for value in (declared["Default"], str(least), "2000"))
    assert not any(taken(value) for value in ("0", "1000.5", "-1", "1e3", str(least - 1)))


def test_the_outputs_are_what_make_deploy_prints(stack: Stack) -> None:
    assert stack.outputs.keys() == {
        "ApiUrl",
        "AdminUrl",
        "StaffUrl",
        "LedgerFunctionName",
        "ScriptTag",
        "NextCommand",
    }
