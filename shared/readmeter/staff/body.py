"""A body of JSON as the model that it has to be."""

from collections.abc import Sequence
from typing import TypeVar

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2 as Event
from pydantic import BaseModel, ValidationError

from readmeter.sites.parse import Unreadable, invalid, parse_json
from readmeter.web.event import Request
from readmeter.web.problem import FieldError, Problem

Model = TypeVar("Model", bound=BaseModel)


def model_in(event: Event, model: type[Model], what: str) -> Model:
    """Raises `Problem` 413, 400 or 422, which calls the body `what`."""
    content = Request.of(event.raw_event).content()
    try:
        return model.model_validate(parse_json(content))
    except Unreadable as error:
        raise Problem(400, error.detail) from None
    except ValidationError as error:
        raise wrong_fields(invalid(error, model).errors, what) from None


def wrong_fields(errors: Sequence[tuple[str, str]], what: str) -> Problem:
    return Problem(422, f"{what} has fields that are not as they should be.", [FieldError(*each) for each in errors])
