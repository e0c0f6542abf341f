"""What was changed for ministack is what stand_ins.py tells, no more; and ministack still needs it.

Where a test of the second half fails, ministack does what it could not: take that out of stand_ins.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from local.engine import ROOT
from local.template import Route, Template
from tests.deploy.conftest import Stack
from tests.deploy.rehearsal.emulator import Emulator, emulator
from tests.deploy.rehearsal.stand_ins import CHANGED, LEFT_OUT, for_ministack

MADE_OF_ROUTES = {"AWS::ApiGatewayV2::Authorizer", "AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Route"}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator(tmp_path_factory.mktemp("empty")) as made:
        yield made


@pytest.fixture(scope="module")
def reduced(stack: Stack) -> dict[str, Any]:
    resources: dict[str, Any] = for_ministack({"Resources": stack.resources})["Resources"]
    return resources


def test_only_resources_of_the_named_types_are_left_out(stack: Stack, reduced: dict[str, Any]) -> None:
    gone = {stack.resources[name]["Type"] for name in stack.resources.keys() - reduced.keys()}
    assert gone == LEFT_OUT.keys()


def test_only_routes_are_added(stack: Stack, reduced: dict[str, Any]) -> None:
    assert {reduced[name]["Type"] for name in reduced.keys() - stack.resources.keys()} == MADE_OF_ROUTES


def test_every_route_of_the_template_is_made_with_its_function_and_authorizer(reduced: dict[str, Any]) -> None:
    def route(properties: dict[str, Any]) -> Route:
        method, path = properties["RouteKey"].split(" ")
        integration = reduced[properties["Target"]["Fn::Sub"].removeprefix("integrations/${").rstrip("}")]["Properties"]
        function = integration["IntegrationUri"]["Fn::Sub"].rpartition("/functions/${")[2].partition("Aliaslive}")[0]
        authorizer = {"NONE": None}.get(properties["AuthorizationType"], properties["AuthorizationType"])
        return Route(properties["ApiId"]["Ref"], method, path, function, authorizer)

    made = {route(each["Properties"]) for each in reduced.values() if each["Type"] == "AWS::ApiGatewayV2::Route"}
    always = {each for each in made if each.authorizer != "JWT"}
    assert always == set(Template.read(ROOT / "template.yaml").routes)
    assert {each.api for each in made - always} == {"StaffApi"}


def test_what_is_made_of_a_conditional_apis_routes_is_as_conditional(reduced: dict[str, Any]) -> None:
    of_staff = [each for each in reduced.values() if each.get("Properties", {}).get("ApiId") == {"Ref": "StaffApi"}]
    assert {each["Type"] for each in of_staff} == MADE_OF_ROUTES | {"AWS::ApiGatewayV2::Stage"}
    assert {each.get("Condition") for each in of_staff} == {"HasStaff"}


def test_nothing_else_is_changed(stack: Stack, reduced: dict[str, Any]) -> None:
    """Each difference is one of `CHANGED`, which is taken back here, one by one."""
    secrets = {name: {"Ref": name} for name in stack.of_type("AWS::SecretsManager::Secret")}
    back = {f'{{"Fn::GetAtt": ["{name}", "Id"]}}': json.dumps(ref) for name, ref in secrets.items()}
    back['"${ExportsFunction.Arn}"'] = '"${ExportsFunction.Arn}:live"'
    different = set()
    for name in reduced.keys() & stack.resources.keys():
        text = json.dumps(reduced[name])
        for ours, theirs in back.items():
            text = text.replace(ours, theirs)
        if json.loads(text) != stack.resources[name]:
            different.add(name)
    computing = {
        name for name, each in stack.of_type("AWS::CloudWatch::Alarm").items() if "Metrics" in each["Properties"]
    }
    apis = stack.of_type("AWS::ApiGatewayV2::Api").keys()
    assert different == apis | computing | {"ExportsStartThemselves", "ExportsRole"}
    [exports] = reduced["ExportsRole"]["Properties"]["Policies"]
    widened = [each for each in exports["PolicyDocument"]["Statement"] if each["Resource"] == "*"]
    assert [each["Action"] for each in widened] == [["cloudwatch:DescribeAlarms"]]


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_ministack_still_knows_no(aws: Emulator, kind: str) -> None:
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        created(aws, {"It": {"Type": kind, "Properties": {}}})


def created(aws: Emulator, resources: dict[str, Any], **outputs: Any) -> dict[str, str]:
    """A stack's outputs."""
    client = aws.client("cloudformation")
    told = {name: {"Value": value} for name, value in outputs.items()}
    made = client.create_stack(
        StackName=f"probe-{len(client.list_stacks()['StackSummaries'])}",
        TemplateBody=json.dumps({"Resources": resources, "Outputs": told}),
        Capabilities=["CAPABILITY_IAM"],
    )
    client.get_waiter("stack_create_complete").wait(StackName=made["StackId"], WaiterConfig={"Delay": 1})
    [stack] = client.describe_stacks(StackName=made["StackId"])["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def a_document_still_makes_no_route(aws: Emulator) -> None:
    integration = {
        "type": "http_proxy",
        "uri": "https://example.com",
        "payloadFormatVersion": "1.0",
        "httpMethod": "GET",
    }
    paths = {"/a": {"get": {"x-amazon-apigateway-integration": integration, "responses": {}}}}
    document = {"openapi": "3.0.1", "info": {"title": "It", "version": "1"}, "paths": paths}
    told = created(aws, {"It": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": document}}}, Id={"Ref": "It"})
    assert aws.client("apigatewayv2").get_routes(ApiId=told["Id"])["Items"] == []


def an_alarm_that_computes_is_still_refused(aws: Emulator) -> None:
    computed = [{"Id": "it", "Expression": "1"}]
    alarm = {"EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 1, "Metrics": computed}
    with pytest.raises(WaiterError):
        created(aws, {"It": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}})


def the_reference_of_a_secret_is_still_its_name(aws: Emulator) -> None:
    told = created(aws, {"It": {"Type": "AWS::SecretsManager::Secret", "Properties": {}}}, Ref={"Ref": "It"})
    assert not told["Ref"].startswith("arn:")


def an_invocation_is_still_not_asked_of_the_alias(aws: Emulator) -> None:
    allowed = "arn:aws:lambda:us-east-1:000000000000:function:it:live"
    invoke = {"FunctionName": "it", "Qualifier": "live", "InvocationType": "DryRun"}
    with pytest.raises(ClientError, match="not authorized"):
        user(aws, "lambda:InvokeFunction", allowed)("lambda").invoke(**invoke)


def an_alarms_state_is_still_not_asked_of_the_alarm(aws: Emulator) -> None:
    allowed = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:it"
    with pytest.raises(ClientError, match="not authorized"):
        user(aws, "cloudwatch:DescribeAlarms", allowed)("cloudwatch").describe_alarms(AlarmNames=["it"])


def user(aws: Emulator, action: str, resource: str) -> Callable[[str], Any]:
    """Clients of somebody who may do one thing."""
    iam = aws.client("iam")
    name = action.replace(":", "-")
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="one", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    credentials = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return lambda service: aws.client(service, **credentials)


STILL = {
    "AWS::ApiGatewayV2::Api": a_document_still_makes_no_route,
    "AWS::CloudWatch::Alarm": an_alarm_that_computes_is_still_refused,
    "AWS::SecretsManager::Secret": the_reference_of_a_secret_is_still_its_name,
    "lambda:InvokeFunction": an_invocation_is_still_not_asked_of_the_alias,
    "cloudwatch:DescribeAlarms": an_alarms_state_is_still_not_asked_of_the_alarm,
}


def test_ministack_still_knows_no_policy_of_one_role(aws: Emulator) -> None:
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        created(aws, {"It": {"Type": "AWS::IAM::RolePolicy", "Properties": {}}})


@pytest.mark.parametrize("name", [name for name in CHANGED if name != "AWS::IAM::RolePolicy"])
def test_ministack_still_differs_in(aws: Emulator, name: str) -> None:
    STILL[name](aws)
