"""The meter table's stream, and its redrive: what the table committed becomes ledger objects."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from readmeter.metering.keyring import CurrentKeyring
from readmeter.store.dynamodb import CLIENT_CONFIG, DynamoDB
from readmeter.store.sites import SiteCache, SiteStore
from readmeter.usage.objects import S3Objects
from readmeter.usage.stream import LedgerStream, Redrive
from readmeter.web.fault import fault_fields

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]

_SITE_SECONDS = 60.0  # that a site's retention may be old
_REDRIVE_SECONDS = 90.0  # in which a redrive begins an object: the last one, too, ends before the function's time does
_S3_CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"})


def build(environ: Mapping[str, str], clock: Callable[[], float] = time.time) -> Handler:
    """The handler over the buckets, the site table and the secret that `environ` names.

    A batch of the stream, `{"Records": […]}`, is answered with `{"batchItemFailures": […]}`; `{"redrive": true}` with
    `{"redriven": n, "left": n}`, the objects of the failure bucket.
    """
    s3 = boto3.client("s3", config=_S3_CONFIG)
    secrets_manager = boto3.client("secretsmanager", config=CLIENT_CONFIG)
    database = DynamoDB(boto3.client("dynamodb", config=CLIENT_CONFIG))
    ledger, failures = S3Objects(s3, environ["LEDGER_BUCKET"]), S3Objects(s3, environ["FAILURE_BUCKET"])
    sites = SiteCache(SiteStore(database, environ["SITE_TABLE"]), _SITE_SECONDS, clock)
    logger = Logger()

    keyring = CurrentKeyring.stored(secrets_manager, environ["SECRET_ID"], clock)

    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        def report(fault: Exception) -> None:
            logger.error("fault", extra=fault_fields(context.aws_request_id, fault))

        stream = LedgerStream(ledger, sites, keyring, clock, report)
        if event.get("redrive"):
            return dict(Redrive(failures, stream, clock, report).run(until=clock() + _REDRIVE_SECONDS))
        return stream.answer(event["Records"])

    return handle


handler = build(os.environ)
