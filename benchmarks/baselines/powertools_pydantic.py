"""The usual well-made function: Powertools' resolver, pydantic, its logger and metrics, one UpdateItem."""

import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel

from benchmarks.baselines import one_update

_client = boto3.client("dynamodb")
_app = APIGatewayHttpResolver(enable_validation=True)
_quiet = open(os.devnull, "w")  # noqa: SIM115 - open as long as the process
_log = Logger(service="meter", stream=_quiet)
_metrics = Metrics(namespace="meter", service="meter")


class View(BaseModel):
    site: str
    article: str
    url: str
    seed: str
    locale: str | None = None


class Answer(BaseModel):
    allowed: bool
    remaining: int


@_app.post("/v1/views")
def count(view: View) -> Answer:
    stored = _client.update_item(**one_update.request(view.seed, view.article))
    _metrics.add_metric(name="Views", unit=MetricUnit.Count, value=1)
    _log.info("view", extra={"site": view.site})
    return Answer(**one_update.answer(stored["Attributes"]))


def handler(event: dict[str, Any], context: Any) -> Any:
    answered = _app.resolve(event, context)
    print(_metrics.serialize_metric_set(), file=_quiet)
    _metrics.clear_metrics()
    return answered
