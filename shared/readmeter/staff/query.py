"""What the query of a request may say."""

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2 as Event

from readmeter.web.problem import Problem


def is_true(event: Event, name: str) -> bool:
    value = event.query_string_parameters.get(name, "false")
    if value not in ("true", "false"):
        raise Problem(422, f"`{name}` in the query is true or false.")
    return value == "true"
