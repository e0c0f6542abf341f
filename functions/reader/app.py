"""GET and DELETE /v1/reader: what is known of a reader, and its erasure. POST /v1/events: what pages report."""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from aws_lambda_powertools import Logger

from readmeter.metering.keyring import CurrentKeyring
from readmeter.metering.reader import ReaderEndpoint
from readmeter.store.dynamodb import CLIENT_CONFIG, DynamoDB
from readmeter.store.notes import NoteStore
from readmeter.store.readers import ReaderStore
from readmeter.store.sites import SiteCache, SiteStore
from readmeter.web.fault import fault_fields

Handler = Callable[[dict[str, Any], object], dict[str, Any]]


def build(
    environ: Mapping[str, str],
    clock: Callable[[], float] = time.time,
    token_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> Handler:
    """The handler over the tables and the secret that `environ` names."""
    database = DynamoDB(boto3.client("dynamodb", config=CLIENT_CONFIG))
    secrets_manager = boto3.client("secretsmanager", config=CLIENT_CONFIG)
    sites = SiteCache(SiteStore(database, environ["SITE_TABLE"]), float(environ["SITE_CACHE_SECONDS"]), clock)
    readers = ReaderStore(database, environ["METER_TABLE"], token_bytes)
    logger = Logger()

    def secret() -> str:
        return secrets_manager.get_secret_value(SecretId=environ["SECRET_ID"])["SecretString"]

    def report(request_id: str, fault: Exception) -> None:
        logger.error("fault", extra=fault_fields(request_id, fault))

    notes = NoteStore(database, environ["METER_TABLE"])
    endpoint = ReaderEndpoint(readers, notes, sites, CurrentKeyring(secret, clock), clock, report)
    return lambda event, _context: endpoint.answer(event)


handler = build(os.environ)
