"""What ministack does not know of the processed template, and what stands there instead. Nothing else is changed.

test_stand_ins.py fails when one of these is not needed any more, or when more was changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Resource = dict[str, Any]
Template = dict[str, Any]

# Types that ministack refuses a whole template for, and what is not rehearsed without them
LEFT_OUT = {
    "AWS::CodeDeploy::Application": "a new version takes all traffic at once",
    "AWS::CodeDeploy::DeploymentGroup": "nothing rolls back on an alarm",
    "AWS::Athena::NamedQuery": "tests/deploy/test_athena.py reads the query",
}

# Resources, references and policies that it reads otherwise than CloudFormation and IAM do
CHANGED = {
    "AWS::ApiGatewayV2::Api": "no route is made of an OpenAPI document: each is a resource, with its integration",
    "AWS::IAM::RolePolicy": "an unknown type: AWS::IAM::Policy says the same",
    "AWS::CloudWatch::Alarm": "one that computes is refused: it watches a metric that nobody writes",
    "AWS::SecretsManager::Secret": "its Ref is its name, not its ARN: Fn::GetAtt Id is",
    "lambda:InvokeFunction": "asked of the function, whatever the alias: the policy names the function",
    "cloudwatch:DescribeAlarms": "asked of no alarm: the policy names them all",
}


def for_ministack(processed: Template) -> Template:
    """The template without `LEFT_OUT` and with `CHANGED`."""
    resources = processed["Resources"]
    secrets = {name for name, resource in resources.items() if resource["Type"] == "AWS::SecretsManager::Secret"}
    return {**processed, "Resources": _seen(dict(_known(resources)), secrets)}


def _known(resources: dict[str, Resource]) -> Iterator[tuple[str, Resource]]:
    for name, resource in resources.items():
        match resource["Type"]:
            case kind if kind in LEFT_OUT:
                continue
            case "AWS::ApiGatewayV2::Api":
                yield name, _without_document(resource)
                condition = {key: resource[key] for key in ("Condition",) if key in resource}
                for made, route in _routes(name, resource["Properties"]["Body"]):
                    yield made, {**route, **condition}
            case "AWS::CloudWatch::Alarm" if "Metrics" in resource["Properties"]:
                yield name, _without_sums(resource)
            case "AWS::IAM::RolePolicy":
                given = dict(resource["Properties"])
                yield name, {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [given.pop("RoleName")], **given}}
            case _:
                yield name, resource


def _without_document(api: Resource) -> Resource:
    info = api["Properties"]["Body"]["info"]
    described = {"Name": info["title"], "Description": info["description"], "ProtocolType": "HTTP"}
    return {**api, "Properties": {key: value for key, value in api["Properties"].items() if key != "Body"} | described}


def _without_sums(alarm: Resource) -> Resource:
    told = {key: alarm["Properties"][key] for key in ("AlarmDescription", "AlarmActions")}
    watched = {"Namespace": "Readmeter", "MetricName": "Computed", "Statistic": "Maximum", "Period": 60}
    rings = {"EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 1}
    return {**alarm, "Properties": {**told, **watched, **rings}}


def _routes(api: str, document: dict[str, Any]) -> Iterator[tuple[str, Resource]]:
    """The routes, integrations and authorizers that API Gateway makes of the document's paths."""
    tokens = document.get("components", {}).get("securitySchemes", {}).get("Oidc")
    if tokens is not None:
        yield f"{api}Authorizer", _authorizer(api, tokens["x-amazon-apigateway-authorizer"])
    operations = [(path, method, each) for path, by in document["paths"].items() for method, each in by.items()]
    for number, (path, method, operation) in enumerate(sorted(operations, key=lambda each: each[:2])):
        integration = operation["x-amazon-apigateway-integration"]
        properties = {
            "ApiId": {"Ref": api},
            "IntegrationType": integration["type"].upper(),
            "IntegrationUri": integration["uri"],
            "PayloadFormatVersion": integration["payloadFormatVersion"],
        }
        yield f"{api}Integration{number}", {"Type": "AWS::ApiGatewayV2::Integration", "Properties": properties}
        verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
        properties = {
            "ApiId": {"Ref": api},
            "RouteKey": f"{verb} {path}",
            "Target": {"Fn::Sub": f"integrations/${{{api}Integration{number}}}"},
            **_asked(api, operation),
        }
        yield f"{api}Route{number}", {"Type": "AWS::ApiGatewayV2::Route", "Properties": properties}


def _asked(api: str, operation: dict[str, Any]) -> dict[str, Any]:
    """What a route asks of who calls."""
    schemes = {scheme for each in operation.get("security", []) for scheme in each}
    if "Oidc" in schemes:
        return {"AuthorizationType": "JWT", "AuthorizerId": {"Ref": f"{api}Authorizer"}}
    return {"AuthorizationType": "AWS_IAM" if "AWS_IAM" in schemes else "NONE"}


def _authorizer(api: str, tokens: dict[str, Any]) -> Resource:
    named = {key.capitalize(): value for key, value in tokens["jwtConfiguration"].items()}
    properties = {
        "ApiId": {"Ref": api},
        "Name": "Oidc",
        "AuthorizerType": "JWT",
        "IdentitySource": [tokens["identitySource"]],
        "JwtConfiguration": named,
    }
    return {"Type": "AWS::ApiGatewayV2::Authorizer", "Properties": properties}


def _seen(value: Any, secrets: set[str]) -> Any:
    """References and policies as ministack reads them."""
    match value:
        case {"Ref": str(name)} if name in secrets:
            return {"Fn::GetAtt": [name, "Id"]}
        case {"Action": ["cloudwatch:DescribeAlarms"]}:
            return {**value, "Resource": "*"}
        case {"Action": ["lambda:InvokeFunction"], "Resource": {"Fn::Sub": str(resource)}}:
            return {**value, "Resource": {"Fn::Sub": resource.removesuffix(":live")}}
        case dict():
            return {key: _seen(each, secrets) for key, each in value.items()}
        case list():
            return [_seen(each, secrets) for each in value]
    return value
