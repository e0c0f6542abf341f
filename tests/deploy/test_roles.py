"""Each function may do exactly what it does, on exactly what it does it to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.conftest import Stack

LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
SITES_SECRETS = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${AWS::StackName}/sites/*"

EXPECTED = {
    "ViewsRole": {
        "MeterTable.Arn": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "SiteTable.Arn": {"dynamodb:GetItem"},
        "Secret": {"secretsmanager:GetSecretValue"},
        "ViewsLog.Arn": LOGS,
    },
    "SnippetRole": {"SnippetLog.Arn": LOGS},
    "AdminRole": {
        "MeterTable.Arn": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"},
        "SiteTable.Arn": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"},
        "Secret": {"secretsmanager:GetSecretValue"},
        SITES_SECRETS: {"secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"},
        "${ExportsFunction.Arn}:live": {"lambda:InvokeFunction"},
        "AdminLog.Arn": LOGS,
    },
    "ReaderRole": {
        "MeterTable.Arn": {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"},
        "SiteTable.Arn": {"dynamodb:GetItem"},
        "Secret": {"secretsmanager:GetSecretValue"},
        "ReaderLog.Arn": LOGS,
    },
    "WebhooksRole": {
        "SiteTable.Arn": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "Secret": {"secretsmanager:GetSecretValue"},
        SITES_SECRETS: {"secretsmanager:GetSecretValue"},
        "WebhooksLog.Arn": LOGS,
    },
    "LedgerRole": {
        "MeterTable.StreamArn": {
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        },
        "SiteTable.Arn": {"dynamodb:GetItem"},
        "Secret": {"secretsmanager:GetSecretValue"},
        "${LedgerBucket.Arn}/*": {"s3:PutObject", "s3:PutObjectTagging"},
        "FailureBucket.Arn": {"s3:ListBucket"},
        "${FailureBucket.Arn}/*": {"s3:PutObject", "s3:GetObject", "s3:DeleteObject"},
        "LedgerLog.Arn": LOGS,
    },
    "ExportsRole": {
        "SiteTable.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:Query"},
        "MeterTable.Arn": {"dynamodb:ExportTableToPointInTime"},
        "${MeterTable.Arn}/export/*": {"dynamodb:DescribeExport"},
        "Secret": {"secretsmanager:GetSecretValue"},
        "LedgerBucket.Arn": {"s3:ListBucket"},
        "${LedgerBucket.Arn}/*": {"s3:GetObject", "s3:PutObject", "s3:PutObjectTagging"},
        "${LedgerBucket.Arn}/items/*": {"s3:PutObject", "s3:PutObjectAcl", "s3:AbortMultipartUpload"},
        "ExportBucket.Arn": {"s3:ListBucket"},
        "${ExportBucket.Arn}/*": {"s3:GetObject", "s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectRetention"},
        "FailureBucket.Arn": {"s3:ListBucket"},
        "LedgerBehind.Arn": {"cloudwatch:DescribeAlarms"},
        "FinanceTopic": {"sns:Publish"},
        "AlarmTopic": {"sns:Publish"},
        "ExportsLog.Arn": LOGS,
    },
    "RefreshRole": {
        "SiteTable.Arn": {"dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:Query"},
        "RefreshLog.Arn": LOGS,
    },
}


def statements(role: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in role["Properties"].get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]


def actions(statement: dict[str, Any]) -> set[str]:
    return set(statement["Action"])


def target(statement: dict[str, Any]) -> str:
    resource = statement["Resource"]
    if "Fn::Sub" in resource:
        return str(resource["Fn::Sub"])
    return resource["Ref"] if "Ref" in resource else ".".join(resource["Fn::GetAtt"])


@pytest.mark.parametrize("name", EXPECTED)
def test_a_role_allows_exactly_its_actions(stack: Stack, name: str) -> None:
    role = stack.resources[name]
    assert {target(statement): actions(statement) for statement in statements(role)} == EXPECTED[name]
    assert all(statement["Effect"] == "Allow" for statement in statements(role))
    assert "ManagedPolicyArns" not in role["Properties"]


def test_every_function_has_a_role_of_its_own(stack: Stack) -> None:
    functions = stack.of_type("AWS::Lambda::Function")
    assert {name: function["Properties"]["Role"]["Fn::GetAtt"][0] for name, function in functions.items()} == {
        "ViewsFunction": "ViewsRole",
        "ReaderFunction": "ReaderRole",
        "WebhooksFunction": "WebhooksRole",
        "SnippetFunction": "SnippetRole",
        "AdminFunction": "AdminRole",
        "LedgerFunction": "LedgerRole",
        "ExportsFunction": "ExportsRole",
        "RefreshFunction": "RefreshRole",
    }


def test_there_is_no_other_role_than_the_one_that_rolls_deployments_back(stack: Stack) -> None:
    others = stack.of_type("AWS::IAM::Role").keys() - EXPECTED.keys()
    assert others == {"CodeDeployServiceRole"}
    managed = stack.properties("CodeDeployServiceRole")["ManagedPolicyArns"]
    assert managed == ["arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda"]


def test_no_action_and_no_resource_is_a_wildcard(stack: Stack) -> None:
    for role in stack.of_type("AWS::IAM::Role").values():
        for statement in statements(role):
            assert not [action for action in actions(statement) if "*" in action]
            # Of a bucket of ours every object, of our table every export, of sites every secret: their names come later
            named_later = re.compile(rf"\$\{{\w+\.Arn\}}/(export/|items/)?\*|{re.escape(SITES_SECRETS)}")
            assert named_later.fullmatch(target(statement)) or "*" not in target(statement)


@pytest.mark.parametrize("name", ["ViewsRole", "SnippetRole", "WebhooksRole"])
@pytest.mark.parametrize("word", ["Scan", "Query", "Delete", "Batch", "PartiQL", "Export"])
def test_what_the_public_reaches_can_neither_list_nor_delete(stack: Stack, name: str, word: str) -> None:
    allowed = set().union(*(actions(statement) for statement in statements(stack.resources[name])))
    assert not [action for action in allowed if word in action]


def test_who_writes_a_sites_secret_cannot_read_it_and_who_reads_it_cannot_write_it(stack: Stack) -> None:
    allowed = {
        name: {action for each in statements(role) if target(each) == SITES_SECRETS for action in actions(each)}
        for name, role in stack.of_type("AWS::IAM::Role").items()
    }
    assert {name for name, may in allowed.items() if may} == {"AdminRole", "WebhooksRole"}
    assert allowed["WebhooksRole"] == {"secretsmanager:GetSecretValue"}
    assert "secretsmanager:GetSecretValue" not in allowed["AdminRole"]


def test_nobody_may_scan(stack: Stack) -> None:
    for role in stack.of_type("AWS::IAM::Role").values():
        assert not [action for statement in statements(role) for action in actions(statement) if "Scan" in action]


def test_the_reader_function_can_list_one_readers_items_and_delete_none(stack: Stack) -> None:
    allowed = set().union(*(actions(statement) for statement in statements(stack.resources["ReaderRole"])))
    assert not [action for action in allowed if "Delete" in action or "Batch" in action]


def test_nobody_can_delete_or_overwrite_a_ledger_or_an_export(stack: Stack) -> None:
    for role in stack.of_type("AWS::IAM::Role").values():
        for statement in statements(role):
            deletes = [action for action in actions(statement) if "Delete" in action]
            assert not deletes or target(statement) == "${FailureBucket.Arn}/*"


def test_exports_may_start_themselves_and_nothing_else(stack: Stack) -> None:
    (policy,) = stack.of_type("AWS::IAM::RolePolicy").values()
    assert policy["Properties"]["RoleName"] == {"Ref": "ExportsRole"}
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (actions(statement), target(statement)) == ({"lambda:InvokeFunction"}, "${ExportsFunction.Arn}:live")
