"""Every few minutes: fetches what others publish, so that no request of a reader ever waits for them."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext

from readmeter.core.crawlers import CRAWLERS, Crawler
from readmeter.outside.crawlers import STALE_AFTER as LISTS_STALE_AFTER
from readmeter.outside.crawlers import CrawlerLists
from readmeter.outside.fetch import Fetcher
from readmeter.outside.jwks import PublishedKeys
from readmeter.store.dynamodb import CLIENT_CONFIG, DynamoDB
from readmeter.store.published import STALE_AFTER, Published, PublishedStore
from readmeter.store.sites import SiteStore
from readmeter.web.fault import fault_fields

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]

_AT_ONCE = 8  # that are fetched side by side: each may take as long as a `Fetcher` waits


@dataclass(frozen=True, slots=True)
class _Task:
    """Something to fetch. `refresh` gives what is kept then, None where it is not due; `stale_after` is in seconds."""

    name: str
    refresh: Callable[[], Published | None]
    stale_after: float = STALE_AFTER


def build(
    environ: Mapping[str, str],
    clock: Callable[[], float] = time.time,
    fetch: Callable[[str], Any] | None = None,
    crawlers: Sequence[Crawler] = CRAWLERS,
) -> Handler:
    """The handler over the site table that `environ` names; answers with how many were fetched, failed and are stale.

    `fetch` gives the JSON at an address, or raises `Unfetched`; `crawlers` are those whose lists are fetched.
    """
    database = DynamoDB(boto3.client("dynamodb", config=CLIENT_CONFIG))
    sites = SiteStore(database, environ["SITE_TABLE"])
    store, fetch = PublishedStore(database, environ["SITE_TABLE"]), fetch or Fetcher()
    keys, lists = PublishedKeys(store, fetch, clock), CrawlerLists(store, fetch, clock)
    logger = Logger()

    def handle(_: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        def outcome(task: _Task) -> str:
            """One that cannot be fetched or kept stops no other."""
            try:
                kept = task.refresh()
            except Exception as fault:
                logger.error("fault", extra={"published": task.name, **fault_fields(context.aws_request_id, fault)})
                return "failed"
            if kept is None:
                return "not due"
            if kept.failure is None:
                return "fetched"
            logger.warning("not fetched", extra={"published": task.name, "why": kept.failure, "good_at": kept.good_at})
            return "stale" if kept.stale(clock(), task.stale_after) else "failed"

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            outcomes = list(pool.map(outcome, [*_of_sites(sites, keys, clock()), *_of_crawlers(crawlers, lists)]))
        if stale := outcomes.count("stale"):
            _tell(environ["METRICS_NAMESPACE"], stale)
        return {name: outcomes.count(name) for name in ("fetched", "failed", "stale")}

    return handle


def _of_sites(sites: SiteStore, keys: PublishedKeys, now: float) -> Iterator[_Task]:
    for listed in sites.sites():
        compiled = sites.compiled(listed.site)
        identity = compiled.in_force(now).identity if compiled else None
        if identity is not None and identity.jwks_url is not None:
            yield _Task(f"keys of {listed.site}", partial(keys.refresh, listed.site, identity.jwks_url))


def _of_crawlers(crawlers: Sequence[Crawler], lists: CrawlerLists) -> Iterator[_Task]:
    for crawler in crawlers:
        if crawler.lists:
            yield _Task(f"networks of {crawler.name}", partial(lists.refresh, crawler), LISTS_STALE_AFTER)


def _tell(namespace: str, stale: int) -> None:
    """The metric that an alarm watches: what was last good too long ago."""
    with single_metric(name="PublishedStale", unit=MetricUnit.Count, value=stale, namespace=namespace):
        pass


handler = build(os.environ)
