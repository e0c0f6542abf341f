"""Every few minutes: fetches what others publish, so that no request of a reader ever waits for them."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext

from readmeter.outside.fetch import Fetcher
from readmeter.outside.jwks import PublishedKeys
from readmeter.store.dynamodb import CLIENT_CONFIG, DynamoDB
from readmeter.store.published import Published, PublishedStore
from readmeter.store.sites import SiteStore
from readmeter.web.fault import fault_fields

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]

_AT_ONCE = 8  # that are fetched side by side: each may take as long as a `Fetcher` waits


def build(
    environ: Mapping[str, str], clock: Callable[[], float] = time.time, fetch: Callable[[str], Any] | None = None
) -> Handler:
    """The handler over the site table that `environ` names; answers with how many were fetched, failed and are stale.

    `fetch` gives the JSON at an address, or raises `Unfetched`.
    """
    database = DynamoDB(boto3.client("dynamodb", config=CLIENT_CONFIG))
    sites = SiteStore(database, environ["SITE_TABLE"])
    keys = PublishedKeys(PublishedStore(database, environ["SITE_TABLE"]), fetch or Fetcher(), clock)
    logger = Logger()

    def handle(_: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        def outcome(name: str, refresh: Callable[[], Published]) -> str:
            """One that cannot be fetched or kept stops no other."""
            try:
                kept = refresh()
            except Exception as fault:
                logger.error("fault", extra={"published": name, **fault_fields(context.aws_request_id, fault)})
                return "failed"
            if kept.failure is None:
                return "fetched"
            stale = kept.stale(clock())
            logger.warning("not fetched", extra={"published": name, "why": kept.failure, "good_at": kept.good_at})
            return "stale" if stale else "failed"

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            outcomes = list(pool.map(lambda task: outcome(*task), _tasks(sites, keys, clock())))
        if stale := outcomes.count("stale"):
            _tell(environ["METRICS_NAMESPACE"], stale)
        return {name: outcomes.count(name) for name in ("fetched", "failed", "stale")}

    return handle


def _tasks(sites: SiteStore, keys: PublishedKeys, now: float) -> Iterator[tuple[str, Callable[[], Published]]]:
    for listed in sites.sites():
        compiled = sites.compiled(listed.site)
        identity = compiled.in_force(now).identity if compiled else None
        if identity is not None and identity.jwks_url is not None:
            yield f"keys of {listed.site}", partial(keys.refresh, listed.site, identity.jwks_url)


def _tell(namespace: str, stale: int) -> None:
    """The metric that an alarm watches: what was last good more than a day ago."""
    with single_metric(name="PublishedStale", unit=MetricUnit.Count, value=stale, namespace=namespace):
        pass


handler = build(os.environ)
