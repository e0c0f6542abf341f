"""POST /v1/views and POST /v1/access: counts a view and answers with the decision. The hot path."""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from aws_lambda_powertools import Logger

from readmeter.metering.crawlers import Crawlers, HostNames, crawler_metric
from readmeter.metering.endpoint import Surroundings, ViewsEndpoint
from readmeter.metering.standing import Standings
from readmeter.metering.views import Views
from readmeter.store.dynamodb import CLIENT_CONFIG, DynamoDB
from readmeter.store.merging import MergeStore
from readmeter.store.meters import MeterStore
from readmeter.store.notes import NoteStore
from readmeter.store.published import PublishedStore

Handler = Callable[[dict[str, Any], object], dict[str, Any]]


def build(
    environ: Mapping[str, str],
    clock: Callable[[], float] = time.time,
    token_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> Handler:
    """The handler over the tables and the secret that `environ` names."""
    database = DynamoDB(boto3.client("dynamodb", config=CLIENT_CONFIG))
    secrets_manager = boto3.client("secretsmanager", config=CLIENT_CONFIG)
    around = Surroundings.deployed(environ, database, secrets_manager, Logger().error, clock)
    table = environ["METER_TABLE"]
    views = Views(MeterStore(database, table), MergeStore(database, table), NoteStore(database, table), token_bytes)
    standings = Standings.stored(database, environ["SITE_TABLE"], clock)
    published = PublishedStore(database, environ["SITE_TABLE"])
    crawlers = Crawlers(published.networks, HostNames(), crawler_metric(environ["METRICS_NAMESPACE"], print))
    endpoint = ViewsEndpoint(views, standings, crawlers, around)
    return lambda event, _context: endpoint.answer(event)


handler = build(os.environ)
