"""POST /v1/webhooks/stripe/{site}: takes in what Stripe tells of subscriptions (CONTRACT section 3)."""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3
from aws_lambda_powertools import Logger

from readmeter.core.article import normal
from readmeter.core.keys import Keyring
from readmeter.core.period import DAY
from readmeter.core.rules import SITE_ID
from readmeter.core.subscriptions import Fact
from readmeter.core.tokens import registered_reader
from readmeter.metering.keyring import CurrentKeyring
from readmeter.store.database import Unavailable
from readmeter.store.dynamodb import CLIENT_CONFIG, DynamoDB
from readmeter.store.secrets import SecretCache, SiteSecrets
from readmeter.store.sites import SiteCache, SiteStore
from readmeter.store.subscriptions import SubscriptionStore
from readmeter.web.event import Request
from readmeter.web.fault import fault_fields
from readmeter.web.problem import Problem
from readmeter.web.stripe import Told, is_signed, parse_event

Handler = Callable[[dict[str, Any], object], dict[str, Any]]

MOST_BYTES = 262_144
SECRET_SECONDS = 60.0
HEARD_DAYS = 60  # that an event is remembered: Stripe sends one again for three days, and by hand for thirty


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Answers events. `report` is told of faults of ours, so that Stripe, which hears 5xx, tells its event again."""

    sites: SiteCache
    secrets: SecretCache
    subscriptions: SubscriptionStore
    keyring: Callable[[], Keyring]
    clock: Callable[[], float]
    report: Callable[[str, Exception], None]

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The answer in payload 2.0."""
        request = Request.of(event)
        try:
            return self._heard(request, request.path.rpartition("/")[2])
        except Problem as problem:
            return problem.response()
        except Unavailable as fault:
            self.report(request.id, fault)
            return Problem(503, "The store cannot answer now; send it again.", headers={"retry-after": "1"}).response()
        except Exception as fault:
            self.report(request.id, fault)
            return Problem(500, "Something went wrong on our side.").response()

    def _heard(self, request: Request, site: str) -> dict[str, Any]:
        content = request.content(MOST_BYTES)
        if not SITE_ID.fullmatch(site) or self.sites.compiled(site) is None:
            raise Problem(404, "There is no site of that id.")
        self._check_signature(request, site, content)
        told = parse_event(content)
        if told is not None:
            expires = int(self.clock()) + HEARD_DAYS * DAY
            fact = self._named(site, told)
            self.subscriptions.hear(site, told.event, told.customer, told.subscription, fact, expires)
        return {
            "statusCode": 200,
            "headers": {"content-type": "application/json", "cache-control": "no-store"},
            "body": json.dumps({"received": True}),
        }

    def _check_signature(self, request: Request, site: str, content: bytes) -> None:
        """Raises `Problem` 404 where the site has no secret, 400 where none of its signed these bytes of late."""
        now = self.clock()
        header = request.headers.get("stripe-signature", "")
        has_secret = False
        for secret in self.secrets.candidates(site):
            has_secret = True
            if is_signed(content, header, secret, now):
                return
        if not has_secret:
            raise Problem(404, "This site has no secret of Stripe's.")
        raise Problem(400, "Stripe-Signature does not hold a recent signature of this body by the site's secret.")

    def _named(self, site: str, told: Told) -> Fact:
        """The fact, with the name in keys of the reader whom the publisher knows as its subject."""
        if told.subject is None:
            return told.fact
        return replace(told.fact, reader=registered_reader(self.keyring(), site, normal(told.subject)).name)


def build(environ: Mapping[str, str], clock: Callable[[], float] = time.time) -> Handler:
    """The handler over the site table and the secrets that `environ` names."""
    database = DynamoDB(boto3.client("dynamodb", config=CLIENT_CONFIG))
    secrets_manager = boto3.client("secretsmanager", config=CLIENT_CONFIG)
    table = environ["SITE_TABLE"]
    log = Logger().error
    webhooks = Webhooks(
        sites=SiteCache(SiteStore(database, table), float(environ["SITE_CACHE_SECONDS"]), clock),
        secrets=SecretCache(SiteSecrets(secrets_manager, environ["SECRET_PREFIX"]), "stripe", SECRET_SECONDS, clock),
        subscriptions=SubscriptionStore(database, table),
        keyring=CurrentKeyring.stored(secrets_manager, environ["SECRET_ID"], clock),
        clock=clock,
        report=lambda request_id, fault: log("fault", extra=fault_fields(request_id, fault)),
    )
    return lambda event, _context: webhooks.answer(event)


handler = build(os.environ)
