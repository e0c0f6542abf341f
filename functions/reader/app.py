"""GET and DELETE /v1/reader: what is known of a reader, and its erasure. POST /v1/events and /v1/gifts."""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from aws_lambda_powertools import Logger

from readmeter.metering.endpoint import Surroundings
from readmeter.metering.gifts import GiftsEndpoint
from readmeter.metering.reader import ReaderEndpoint
from readmeter.metering.standing import Standings
from readmeter.store.dynamodb import CLIENT_CONFIG, DynamoDB
from readmeter.store.meters import MeterStore
from readmeter.store.notes import NoteStore
from readmeter.store.readers import ReaderStore

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
    readers = ReaderStore(database, table, token_bytes)
    standings = Standings.stored(database, environ["SITE_TABLE"], clock)
    known = ReaderEndpoint(readers, NoteStore(database, table), standings, around)
    gifts = GiftsEndpoint(MeterStore(database, table), readers, standings, around)

    def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
        path = event["requestContext"]["http"]["path"]
        return (gifts if path.endswith("/gifts") else known).answer(event)

    return handle


handler = build(os.environ)
