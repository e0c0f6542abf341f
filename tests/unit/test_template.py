"""The local service and the tests see what template.yaml declares, resolved as the caller names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.template import Route, Template

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def template() -> Template:
    return Template.read(ROOT / "template.yaml")


def write(folder: Path, variable: str) -> Path:
    path = folder / "template.yaml"
    path.write_text(
        f"""
Parameters: {{Size: {{Type: Number, Default: 3}}}}
Globals: {{Function: {{Timeout: 3, Environment: {{Variables: {{SHARED: yes please, OWN: shared}}}}}}}}
Resources:
  Things: {{Type: "AWS::DynamoDB::Table", Properties: {{BillingMode: PAY_PER_REQUEST}}}}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/work
      Handler: main.entry
      Environment: {{Variables: {{OWN: {variable}}}}}
"""
    )
    return path


def test_every_route_of_both_apis_is_read_with_its_function(template: Template) -> None:
    assert {(route.api, route.key): route.function for route in template.routes} == {
        ("PublicApi", "ANY /v1/views"): "ViewsFunction",
        ("PublicApi", "ANY /v1/access"): "ViewsFunction",
        ("PublicApi", "ANY /v1/reader"): "ReaderFunction",
        ("PublicApi", "ANY /v1/events"): "ReaderFunction",
        ("PublicApi", "ANY /v1/gifts"): "ReaderFunction",
        ("PublicApi", "POST /v1/webhooks/stripe/{site}"): "WebhooksFunction",
        ("PublicApi", "GET /v1/{asset}"): "SnippetFunction",
        ("PublicApi", "GET /v1/health"): "SnippetFunction",
        ("PublicApi", "GET /v1/openapi.json"): "SnippetFunction",
        ("PublicApi", "GET /v1/docs"): "SnippetFunction",
        ("AdminApi", "GET /v1/admin/sites"): "AdminFunction",
        ("AdminApi", "GET /v1/admin/sites/{site}"): "AdminFunction",
        ("AdminApi", "PUT /v1/admin/sites/{site}"): "AdminFunction",
        ("AdminApi", "DELETE /v1/admin/sites/{site}"): "AdminFunction",
        ("AdminApi", "GET /v1/admin/sites/{site}/versions"): "AdminFunction",
        ("AdminApi", "PUT /v1/admin/sites/{site}/articles"): "AdminFunction",
        ("AdminApi", "PUT /v1/admin/sites/{site}/secrets/{name}"): "AdminFunction",
        ("AdminApi", "GET /v1/admin/sites/{site}/grant-keys"): "AdminFunction",
        ("AdminApi", "PUT /v1/admin/sites/{site}/entitlements"): "AdminFunction",
        ("AdminApi", "GET /v1/admin/sites/{site}/entitlements/{subject}"): "AdminFunction",
        ("AdminApi", "PUT /v1/admin/sites/{site}/entitlements/{subject}"): "AdminFunction",
        ("AdminApi", "DELETE /v1/admin/sites/{site}/entitlements/{subject}"): "AdminFunction",
        ("AdminApi", "POST /v1/admin/sites/{site}/explain"): "AdminFunction",
        ("AdminApi", "GET /v1/admin/sites/{site}/readers/{subject}"): "AdminFunction",
        ("AdminApi", "DELETE /v1/admin/sites/{site}/readers/{subject}"): "AdminFunction",
        ("AdminApi", "POST /v1/admin/sites/{site}/readers/{subject}/reset"): "AdminFunction",
        ("AdminApi", "PUT /v1/admin/sites/{site}/readers/{subject}/bonus"): "AdminFunction",
        ("AdminApi", "GET /v1/admin/principals/{name}"): "AdminFunction",
        ("AdminApi", "PUT /v1/admin/principals/{name}"): "AdminFunction",
        ("AdminApi", "DELETE /v1/admin/principals/{name}"): "AdminFunction",
        ("AdminApi", "GET /v1/admin/sites/{site}/usage"): "ExportsFunction",
        ("AdminApi", "GET /v1/admin/sites/{site}/report"): "ExportsFunction",
        ("AdminApi", "POST /v1/admin/sites/{site}/replay"): "ExportsFunction",
        ("AdminApi", "GET /v1/admin/exports"): "ExportsFunction",
        ("AdminApi", "POST /v1/admin/exports"): "ExportsFunction",
        ("AdminApi", "GET /v1/admin/exports/{id}"): "ExportsFunction",
        ("AdminApi", "GET /v1/admin/exports/{id}/verification"): "ExportsFunction",
        ("AdminApi", "POST /v1/admin/exports/{id}/verification"): "ExportsFunction",
    }


def test_admin_routes_ask_for_aws_credentials_and_public_routes_for_nothing(template: Template) -> None:
    assert {(route.api, route.authorizer) for route in template.routes} == {
        ("PublicApi", None),
        ("AdminApi", "AWS_IAM"),
    }


def test_a_route_is_a_plain_value(template: Template) -> None:
    assert Route("PublicApi", "ANY", "/v1/views", "ViewsFunction", None) in template.routes


def test_a_function_has_its_folder_its_handler_and_its_environment(template: Template) -> None:
    views = template.functions["ViewsFunction"]
    assert (views.code, views.module, views.attribute) == (ROOT / "functions/views", "app", "handler")
    assert views.environment["METER_TABLE"] == "MeterTable"
    assert views.environment["SITE_TABLE"] == "SiteTable"
    assert views.environment["SECRET_ID"] == "Secret"
    assert views.environment["POWERTOOLS_SERVICE_NAME"] == "readmeter"


def test_names_given_by_the_caller_replace_logical_ids_in_tables_and_environment() -> None:
    template = Template.read(ROOT / "template.yaml", {"MeterTable": "meters-7"})
    assert template.tables["MeterTable"].name == "meters-7"
    assert template.tables["MeterTable"].create["TableName"] == "meters-7"
    assert template.functions["ViewsFunction"].environment["METER_TABLE"] == "meters-7"


def test_the_meter_table_is_made_as_the_data_model_says(template: Template) -> None:
    meters = template.tables["MeterTable"]
    assert meters.create == {
        "TableName": "MeterTable",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    }
    assert meters.ttl == "x"


def test_the_site_table_forgets_what_is_marked_so_and_has_no_stream(template: Template) -> None:
    sites = template.tables["SiteTable"]
    assert sites.ttl == "x"
    assert "StreamSpecification" not in sites.create


def test_buckets_have_names_that_s3_takes_and_only_exports_are_locked(template: Template) -> None:
    assert {name: bucket.create for name, bucket in template.buckets.items()} == {
        "LedgerBucket": {"Bucket": "ledgerbucket", "ObjectLockEnabledForBucket": False},
        "FailureBucket": {"Bucket": "failurebucket", "ObjectLockEnabledForBucket": False},
        "ExportBucket": {"Bucket": "exportbucket", "ObjectLockEnabledForBucket": True},
    }


def test_functions_are_told_the_names_of_the_buckets() -> None:
    template = Template.read(ROOT / "template.yaml", {"FailureBucket": "failures-7"})
    environment = template.functions["LedgerFunction"].environment
    assert (environment["LEDGER_BUCKET"], environment["FAILURE_BUCKET"]) == ("ledgerbucket", "failures-7")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("plain", "plain"),
        ("7", "7"),
        ("!Ref Size", "3"),
        ("!Ref Things", "Things"),
        ("!GetAtt Things.Arn", "Things"),
        ("{Ref: Things}", "Things"),
        ("{'Fn::GetAtt': [Things, Arn]}", "Things"),
    ],
)
def test_a_variable_stands_for_what_it_refers_to(tmp_path: Path, variable: str, value: str) -> None:
    work = Template.read(write(tmp_path, variable)).functions["Work"]
    assert work.environment == {"SHARED": "yes please", "OWN": value}
    assert (work.module, work.attribute, work.code) == ("main", "entry", tmp_path / "functions/work")


def test_an_attribute_may_be_named_by_the_caller(tmp_path: Path) -> None:
    template = Template.read(write(tmp_path, "!GetAtt Things.Arn"), {"Things.Arn": "arn:of:things"})
    assert template.functions["Work"].environment["OWN"] == "arn:of:things"


@pytest.mark.parametrize("variable", ["!Ref Missing", "!If [A, b, c]", "!Split [',', 'a,b']", "[1, 2]"])
def test_what_is_not_understood_is_refused_and_never_guessed(tmp_path: Path, variable: str) -> None:
    with pytest.raises(ValueError, match="is not understood here"):
        Template.read(write(tmp_path, variable))


def test_a_schedule_is_read_in_seconds_with_its_event(template: Template) -> None:
    assert [(each.function, each.seconds, each.event()) for each in template.schedules] == [
        ("ExportsFunction", 3600, {"job": "schedule"}),
        ("RefreshFunction", 300, {"job": "refresh"}),
    ]
