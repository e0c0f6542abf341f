"""What the query of a request may say."""

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2 as Event

from readmeter.web.problem import FieldError, Problem


def unfit(name: str, detail: str) -> Problem:
    """The answer where the query's `name` is not as `detail` says."""
    return Problem(422, f"`{name}` in the query {detail}.", [FieldError(f"/{name}", detail)])


def is_true(event: Event, name: str) -> bool:
    value = event.query_string_parameters.get(name, "false")
    if value not in ("true", "false"):
        raise unfit(name, "must be true or false")
    return value == "true"
