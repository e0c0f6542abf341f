"""Each role, with its own credentials, does what tests/deploy/test_roles.py lists, and is denied all else.

What the buckets' own policies refuse is not rehearsed: ministack knows no `s3:ObjectCreationOperation`, and speaks TLS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.rehearsal.deployment import STACK, Deployment
from tests.deploy.test_roles import EXPECTED, LOGS, SITES_SECRETS

Clients = Callable[[str], Any]
Probe = Callable[[Clients, dict[str, str]], Any]

DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
KEY = {"pk": {"S": "probe"}, "sk": {"S": "probe"}}
SECRET_OF_A_SITE = f"{STACK}/sites/probe/stripe"
NEVER = {"ConditionExpression": "attribute_exists(nothing)"}  # what is allowed still writes nothing


def table(name: str) -> dict[str, Probe]:
    def probe(method: str, **given: Any) -> Probe:
        return lambda clients, names: getattr(clients("dynamodb"), method)(TableName=names[name], **given)

    sought = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "probe"}}}
    return {
        "dynamodb:GetItem": probe("get_item", Key=KEY),
        "dynamodb:PutItem": probe("put_item", Item=KEY, **NEVER),
        "dynamodb:UpdateItem": probe("update_item", Key=KEY, **NEVER),
        "dynamodb:DeleteItem": probe("delete_item", Key=KEY, **NEVER),
        "dynamodb:Query": probe("query", **sought),
        "dynamodb:Scan": probe("scan"),
        "dynamodb:BatchWriteItem": lambda clients, names: clients("dynamodb").batch_write_item(
            RequestItems={names[name]: [{"DeleteRequest": {"Key": KEY}}]}
        ),
        "dynamodb:UpdateTimeToLive": probe(
            "update_time_to_live", TimeToLiveSpecification={"Enabled": True, "AttributeName": "x"}
        ),
    }


def bucket(name: str) -> dict[str, Probe]:
    return {"s3:ListBucket": lambda clients, names: clients("s3").list_objects_v2(Bucket=names[name])}


def objects(name: str, key: str = "probe") -> dict[str, Probe]:
    def probe(method: str, **given: Any) -> Probe:
        return lambda clients, names: getattr(clients("s3"), method)(Bucket=names[name], Key=key, **given)

    return {
        "s3:GetObject": probe("get_object"),
        "s3:PutObject": probe("put_object", IfNoneMatch="*"),
        "s3:DeleteObject": probe("delete_object"),
        "s3:PutObjectTagging": probe("put_object_tagging", Tagging={"TagSet": []}),
        "s3:GetObjectTagging": probe("get_object_tagging"),
    }


def log(name: str) -> dict[str, Probe]:
    return {
        "logs:GetLogEvents": lambda clients, names: clients("logs").get_log_events(
            logGroupName=names[name], logStreamName="probe"
        )
    }


def topic(name: str) -> dict[str, Probe]:
    return {"sns:Publish": lambda clients, names: clients("sns").publish(TopicArn=names[name], Message="probe")}


def function(name: str) -> dict[str, Probe]:
    return {
        "lambda:InvokeFunction": lambda clients, names: clients("lambda").invoke(
            FunctionName=names[name], Qualifier="live", InvocationType="DryRun"
        )
    }


# By what it is done to, in the words of test_roles.py. Also what no role may
PROBES: dict[str, dict[str, Probe]] = {
    "MeterTable.Arn": table("MeterTable"),
    "SiteTable.Arn": table("SiteTable"),
    "Secret": {
        "secretsmanager:GetSecretValue": lambda clients, names: clients("secretsmanager").get_secret_value(
            SecretId=names["Secret"]
        ),
        "secretsmanager:PutSecretValue": lambda clients, names: clients("secretsmanager").put_secret_value(
            SecretId=names["Secret"], SecretString="{}"
        ),
    },
    SITES_SECRETS: {
        "secretsmanager:CreateSecret": lambda clients, _: clients("secretsmanager").create_secret(
            Name=SECRET_OF_A_SITE, SecretString="probe"
        ),
        "secretsmanager:PutSecretValue": lambda clients, _: clients("secretsmanager").put_secret_value(
            SecretId=SECRET_OF_A_SITE, SecretString="probe"
        ),
        "secretsmanager:GetSecretValue": lambda clients, _: clients("secretsmanager").get_secret_value(
            SecretId=SECRET_OF_A_SITE
        ),
        "secretsmanager:DeleteSecret": lambda clients, _: clients("secretsmanager").delete_secret(
            SecretId=SECRET_OF_A_SITE
        ),
    },
    "LedgerBucket.Arn": bucket("LedgerBucket"),
    "${LedgerBucket.Arn}/*": objects("LedgerBucket"),
    "ExportBucket.Arn": bucket("ExportBucket"),
    "${ExportBucket.Arn}/*": objects("ExportBucket"),
    "FailureBucket.Arn": bucket("FailureBucket"),
    "${FailureBucket.Arn}/*": objects("FailureBucket"),
    "FinanceTopic": topic("FinanceTopic"),
    "AlarmTopic": topic("AlarmTopic"),
    "LedgerBehind.Arn": {
        "cloudwatch:DescribeAlarms": lambda clients, names: clients("cloudwatch").describe_alarms(
            AlarmNames=[names["LedgerBehind"]]
        ),
        "cloudwatch:DeleteAlarms": lambda clients, names: clients("cloudwatch").delete_alarms(AlarmNames=["probe"]),
    },
    "ViewsFunction.Arn": function("ViewsFunction"),
    "ExportsFunction.Arn": function("ExportsFunction"),
    "*": {
        "iam:ListRoles": lambda clients, names: clients("iam").list_roles(),
        "s3:CreateBucket": lambda clients, names: clients("s3").create_bucket(Bucket="readmeter-probe"),
    },
    **{f"{role.removesuffix('Role')}Log.Arn": log(f"{role.removesuffix('Role')}Log") for role in EXPECTED},
}

# Not asked. The run itself shows that these are enough (test_stream.py), or only the service asks in the role's name;
# ministack asks for the last three of another resource than AWS does
NOT_ASKED = {
    ("MeterTable.StreamArn", "dynamodb:DescribeStream"),
    ("MeterTable.StreamArn", "dynamodb:GetRecords"),
    ("MeterTable.StreamArn", "dynamodb:GetShardIterator"),
    ("MeterTable.StreamArn", "dynamodb:ListStreams"),
    ("${MeterTable.Arn}/export/*", "dynamodb:DescribeExport"),
    ("${LedgerBucket.Arn}/items/*", "s3:PutObject"),
    ("${LedgerBucket.Arn}/items/*", "s3:PutObjectAcl"),
    ("${LedgerBucket.Arn}/items/*", "s3:AbortMultipartUpload"),
    ("${ExportBucket.Arn}/*", "s3:PutObjectRetention"),
    ("MeterTable.Arn", "dynamodb:ExportTableToPointInTime"),
    *((f"{role.removesuffix('Role')}Log.Arn", action) for role in EXPECTED for action in LOGS),
}

# In a policy of its own: test_roles.py, test_exports_may_start_themselves_and_nothing_else
ITSELF = {"ExportsRole": {("ExportsFunction.Arn", "lambda:InvokeFunction")}}


def listed(role: str) -> set[tuple[str, str]]:
    """As ministack asks: of a function, whatever the alias."""
    return {
        (re.sub(r"^\$\{(.+)\}:live$", r"\1", target), action)
        for target, actions in EXPECTED[role].items()
        for action in actions
    }


def is_allowed(probe: Probe, clients: Clients, names: dict[str, str]) -> bool:
    try:
        probe(clients, names)
    except ClientError as error:
        return error.response["Error"]["Code"] not in DENIED
    return True


def allowed(clients: Clients, names: dict[str, str]) -> set[tuple[str, str]]:
    return {
        (target, action)
        for target, probes in PROBES.items()
        for action, probe in probes.items()
        if is_allowed(probe, clients, names)
    }


def clients_with(deployment: Deployment, credentials: dict[str, str]) -> Clients:
    return cache(lambda service: deployment.client(service, **credentials))


@pytest.mark.parametrize("role", EXPECTED)
def test_a_role_may_do_what_is_listed_and_nothing_else(deployment: Deployment, role: str) -> None:
    arn = f"arn:aws:iam::000000000000:role/{deployment.names[role]}"
    assumed = deployment.client("sts").assume_role(RoleArn=arn, RoleSessionName="probe")["Credentials"]
    credentials = {
        "aws_access_key_id": assumed["AccessKeyId"],
        "aws_secret_access_key": assumed["SecretAccessKey"],
        "aws_session_token": assumed["SessionToken"],
    }
    asked = {(target, action) for target, probes in PROBES.items() for action in probes}
    expected = (listed(role) | ITSELF.get(role, set())) & asked
    assert allowed(clients_with(deployment, credentials), deployment.names) == expected


def test_every_listed_action_is_asked_for_or_shown_elsewhere() -> None:
    asked = {(target, action) for target, probes in PROBES.items() for action in probes}
    assert set().union(*map(listed, EXPECTED)) - asked == NOT_ASKED


def test_iam_is_enforced_at_all(deployment: Deployment) -> None:
    """The control: who has no policy may do nothing, and with one action exactly that."""
    iam = deployment.client("iam")
    iam.create_user(UserName="control")
    key = iam.create_access_key(UserName="control")["AccessKey"]
    credentials = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    clients = clients_with(deployment, credentials)
    assert allowed(clients, deployment.names) == set()
    meters = f"arn:aws:dynamodb:us-east-1:000000000000:table/{deployment.names['MeterTable']}"
    statement = {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": meters}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="control", PolicyName="scan", PolicyDocument=document)
    assert allowed(clients, deployment.names) == {("MeterTable.Arn", "dynamodb:Scan")}
