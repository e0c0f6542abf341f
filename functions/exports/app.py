"""Usage for staff and finance (CONTRACT sections 5 and 6): usage and exports over HTTP, and the jobs that make them."""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2 as Event
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from readmeter.core.period import local_date
from readmeter.core.rules import Rules
from readmeter.metering.keyring import CurrentKeyring
from readmeter.sites.compile import compile_rules
from readmeter.sites.parse import Invalid, Unreadable
from readmeter.staff.answers import Answer, instant, json_answer, no_such_site
from readmeter.staff.caller import Caller
from readmeter.staff.document import document_in
from readmeter.staff.query import unfit
from readmeter.staff.router import StaffRouter
from readmeter.store.articles import ArticleStore
from readmeter.store.dynamodb import CLIENT_CONFIG, DynamoDB
from readmeter.store.exports import ExportLine, ExportStore
from readmeter.store.principals import PrincipalCache, PrincipalStore
from readmeter.store.sites import SiteStore, Version
from readmeter.usage.announcement import Announcement
from readmeter.usage.effect import effect
from readmeter.usage.exports import Exporter
from readmeter.usage.jobs import Jobs, Start
from readmeter.usage.manifest import Manifest
from readmeter.usage.meter_items import ItemSource, MeterItems, PointInTimeExport
from readmeter.usage.months import Months
from readmeter.usage.objects import Objects, S3Objects
from readmeter.usage.period import ExportPeriod, export_id, parse_export_id
from readmeter.usage.progress import StreamProgress
from readmeter.usage.query import By, UsageQuery, kept_from
from readmeter.usage.reconcile_job import ReconcileJob, drift_metric
from readmeter.usage.replay_month import replay_month
from readmeter.usage.report_data import report_data
from readmeter.usage.request import NewExport, parse_new_export, period_of
from readmeter.usage.verification import Verification, verify
from readmeter.web.event import Request
from readmeter.web.fault import fault_fields
from readmeter.web.problem import FieldError, Problem

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]

MOST_DAYS = 400  # that one question may ask for
MOST_LISTED = 10_000  # exports in one answer, the newest: Lambda's ends at 6 MB
LINK_SECONDS = 900
_ALIAS = "live"
# `virtual`: links name the region's own host; the global one redirects to it for a new bucket, which no signature bears
_S3_CONFIG = Config(
    signature_version="s3v4",
    s3={"addressing_style": "virtual"},
    retries={"total_max_attempts": 5, "mode": "standard"},
)


class Usage:
    """The routes' work, one method each. Each takes the caller and the event, and raises `Problem`."""

    def __init__(
        self,
        sites: SiteStore,
        articles: ArticleStore,
        index: ExportStore,
        exporter: Exporter,
        jobs: Jobs,
        ledger: Objects,
        exports: Objects,
        progress: Callable[[float], float],
        clock: Callable[[], float],
    ) -> None:
        self._sites = sites
        self._articles = articles
        self._index = index
        self._exporter = exporter
        self._jobs = jobs
        self._ledger = ledger
        self._exports = exports
        self._query = UsageQuery(ledger, exports, exporter)
        self._progress = progress
        self._clock = clock

    def usage(self, _: Caller, event: Event, site: str) -> Answer:
        now = self._clock()
        months = Months(self._versions(site))
        today = local_date(months.rules_at(now).timezone, now)
        by = _by(event)
        end = _asked(event, "to") or ExportPeriod.parse((today + timedelta(days=1)).isoformat())
        last = end.first - timedelta(days=1)
        first = _asked(event, "from") or ExportPeriod.parse(last.replace(day=1).isoformat())
        days = (end.first - first.first).days
        if not 0 < days <= MOST_DAYS:
            raise unfit("to", f"is exclusive: 1 to {MOST_DAYS} days after `from`")
        dates = [first.first + timedelta(days=number) for number in range(days)]
        kept = kept_from(dates, today, lambda day: months.keep_days(ExportPeriod.parse(f"{day:%Y-%m}")))
        lines = self._query.lines(site, dates, by, kept)
        return json_answer(
            {
                "site": site,
                "from": first.text,
                "to": end.text,
                "by": by,
                "rows": [line.document() for line in lines],
                "complete_until": instant(max(self._progress(now), 0)),
            }
        )

    def report(self, _: Caller, event: Event, site: str) -> Answer:
        now = self._clock()
        versions = self._versions(site)
        month = _asked(event, "period")
        if month is None or not month.is_month:
            raise unfit("period", "must be a month, as in 2026-11")
        rules = self._begun(versions, month, now)
        if rules is None:
            raise unfit("period", "must be a month that has begun")
        labels = self._articles.labels(site)
        return json_answer(report_data(self._ledger, self._exports, self._exporter, labels, rules, month, now))

    def replay(self, _: Caller, event: Event, site: str) -> Answer:
        now = self._clock()
        months = Months(self._versions(site))
        month = _asked(event, "period")
        if month is None or not month.is_month:
            raise unfit("period", "must be a month, as in 2026-11")
        proposed = compile_rules(document_in(event, site), months.rules_at(now).version + 1)
        if not month.start(months.zone(month)).timestamp() <= now < months.kept_until(month):
            raise unfit("period", "must be a month that has begun and whose reads are all still kept")
        return json_answer(replay_month(self._ledger, self._articles.labels(site), months, proposed, month, now))

    def effect(self, proposed: Rules) -> dict[str, Any]:
        """What the admin function's dry run tells of the current readers."""
        now = self._clock()
        in_force = Months(self._versions(proposed.site)).rules_at(now)
        complete_until = instant(max(self._progress(now), 0))
        return effect(self._ledger, in_force, proposed, now) | {"complete_until": complete_until}

    def create(self, caller: Caller, event: Event) -> Answer:
        wanted = _new_export(event)
        caller.require(wanted.site)
        period = ExportPeriod.parse(wanted.period)
        if self._begun(self._versions(wanted.site), period, self._clock()) is None:
            problem = "must have begun on the site's calendar"
            raise Problem(422, "There is no usage yet.", [FieldError("/period", problem)])
        self._jobs.request_export(wanted.site, period)
        return json_answer({"export_id": export_id(wanted.site, period), "status": "running"}, 202)

    def listed(self, caller: Caller, event: Event) -> Answer:
        site = event.query_string_parameters.get("site")
        if site is not None:
            caller.require(site)
            self._versions(site)
        sites = [site] if site is not None else [listed.site for listed in self._sites.sites_ever()]
        now = self._clock()
        lines = [line for each in sites if caller.may(each) for line in self._index.lines(each)]
        if len(lines) > MOST_LISTED:
            lines = sorted(lines, key=lambda line: line.period, reverse=True)[:MOST_LISTED]
        return json_answer({"exports": [_listed(line, now) for line in lines]})

    def get(self, _: Caller, event: Event, export: str) -> Answer:
        site, period = parse_export_id(export)
        line = self._line(site, period)
        number = event.query_string_parameters.get("revision")
        if number is not None:
            manifest = self._exporter.revision(site, period, _number(number))
            if manifest is None:
                raise Problem(404, "This export has no such revision.")
            return json_answer(self._document(manifest))
        listed = _listed(line, self._clock())
        if listed["status"] not in ("provisional", "final"):
            return json_answer(listed)
        manifest = self._exporter.revision(site, period, line.revision or 0)
        if manifest is None:
            raise LookupError("the index names a revision that is not there")
        return json_answer(self._document(manifest))

    def verify(self, _: Caller, __: Event, export: str) -> Answer:
        site, period = parse_export_id(export)
        if self._line(site, period).revision is None:
            raise Problem(404, "This export has no revision yet.")
        self._jobs.request_verification(site, period)
        return json_answer({"export_id": export, "status": "running"}, 202)

    def verification(self, _: Caller, __: Event, export: str) -> Answer:
        site, period = parse_export_id(export)
        line = self._index.verification(site, period.text)
        if line is None:
            raise Problem(404, "This export was never verified.")
        result = {} if line.result is None else json.loads(line.result)
        return json_answer({"export_id": export, "status": line.state(self._clock()), **result})

    def _versions(self, site: str) -> list[Version]:
        """Of a site that was there once: a deleted one keeps its usage."""
        versions = self._sites.versions(site)
        if not versions:
            raise no_such_site()
        return versions

    def _line(self, site: str, period: ExportPeriod) -> ExportLine:
        line = self._index.line(site, period.text)
        if line is None:
            raise Problem(404, "There is no such export.")
        return line

    def _begun(self, versions: list[Version], period: ExportPeriod, now: float) -> Rules | None:
        """The rules of the period's month; None before the period's first instant."""
        rules = Months(versions).rules(period.month)
        return rules if period.start(rules.timezone).timestamp() <= now else None

    def _document(self, manifest: Manifest) -> dict[str, Any]:
        text = manifest.text()
        described = {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text), "rows": None}
        own = {"name": "manifest.json", "url": self._link(manifest, manifest.path, "manifest.json"), **described}
        return {
            "export_id": manifest.export_id,
            "site": manifest.site,
            "period": manifest.period,
            "status": manifest.status,
            "revision": manifest.revision,
            "files": [
                *(
                    {
                        "name": file.name,
                        "url": self._link(manifest, file.path, file.name),
                        "sha256": file.sha256,
                        "bytes": file.bytes,
                        "rows": file.rows,
                    }
                    for file in manifest.files
                ),
                own,
            ],
        }

    def _link(self, manifest: Manifest, key: str, name: str) -> str:
        return self._exports.link(key, LINK_SECONDS, f"{manifest.export_id}-r{manifest.revision}-{name}")


def build(
    environ: Mapping[str, str],
    clock: Callable[[], float] = time.time,
    start: Start | None = None,
    items: MeterItems | None = None,
    progress: Callable[[float], float] | None = None,
) -> Handler:
    """The handler over the tables, buckets and topic that `environ` names.

    `start` runs a job's event elsewhere (deployed: in another invocation of this function). `items` and `progress`
    (deployed: a point-in-time export, the stream's alarm) are the meter items and how far the ledger is complete.
    """
    dynamodb = boto3.client("dynamodb", config=CLIENT_CONFIG)
    s3 = boto3.client("s3", config=_S3_CONFIG)
    sns = boto3.client("sns")
    secrets_manager = boto3.client("secretsmanager", config=CLIENT_CONFIG)
    ledger = S3Objects(s3, environ["LEDGER_BUCKET"])
    exports = S3Objects(s3, environ["EXPORT_BUCKET"])
    database = DynamoDB(dynamodb)
    table = environ["SITE_TABLE"]
    sites, index = SiteStore(database, table), ExportStore(database, table)
    exporter = Exporter(ledger, exports, sites.versions)
    logger = Logger()

    keyring = CurrentKeyring.stored(secrets_manager, environ["SECRET_ID"], clock)
    point_in_time = PointInTimeExport(dynamodb, environ["METER_TABLE_ARN"], ledger, environ["LEDGER_BUCKET"])
    source: ItemSource = point_in_time if items is None else lambda _: items

    def verified(site: str, period: ExportPeriod, now: float) -> Verification:
        retention = Months(sites.versions(site)).rules(period.month).retention
        return verify(exports, ledger, exporter, items, keyring, site, period, now, retention)

    def announce(manifest: Manifest) -> None:
        Announcement.of(manifest).publish(sns, environ["FINANCE_TOPIC"])

    def report(fault: Exception) -> None:
        logger.error("fault", extra=fault_fields("schedule", fault))

    jobs = Jobs(
        sites,
        index,
        exporter,
        ReconcileJob(ledger, exports, source, keyring, partial(drift_metric, environ["METRICS_NAMESPACE"])),
        verified,
        announce=announce,
        start=start or _another_invocation(environ),
        report=report,
        clock=clock,
        name=lambda: secrets.token_urlsafe(12),
    )
    known = progress or StreamProgress(
        boto3.client("cloudwatch"), S3Objects(s3, environ["FAILURE_BUCKET"]), environ["ITERATOR_ALARM"]
    )
    usage = Usage(sites, ArticleStore(database, table), index, exporter, jobs, ledger, exports, known, clock)
    scopes = PrincipalCache(PrincipalStore(database, table), clock).sites
    router = _router(usage, StaffRouter(logger, scopes))

    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        match event:
            case {"requestContext": _}:
                return router(event, context)
            case {"job": "effect", "rules": dict(rules)}:
                return usage.effect(Rules.load(rules))
        return jobs.run(event)

    return handle


def _router(usage: Usage, router: StaffRouter) -> StaffRouter:
    router.route("/v1/admin/sites/<site>/usage", {"GET": usage.usage})
    router.route("/v1/admin/sites/<site>/report", {"GET": usage.report})
    router.route("/v1/admin/sites/<site>/replay", {"POST": usage.replay})
    router.route("/v1/admin/exports", {"GET": usage.listed, "POST": usage.create})
    router.route("/v1/admin/exports/<export>", {"GET": usage.get}, _site_of_export)
    verification = {"GET": usage.verification, "POST": usage.verify}
    router.route("/v1/admin/exports/<export>/verification", verification, _site_of_export)
    return router


def _another_invocation(environ: Mapping[str, str]) -> Start:
    """Starts a job in an invocation of its own, of the version that is live."""

    client = boto3.client("lambda")

    def start(event: dict[str, Any]) -> None:
        client.invoke(
            FunctionName=environ["AWS_LAMBDA_FUNCTION_NAME"],
            Qualifier=_ALIAS,
            InvocationType="Event",
            Payload=json.dumps(event).encode(),
        )

    return start


def _site_of_export(parts: Mapping[str, str]) -> str:
    try:
        site, period = parse_export_id(parts["export"])
        period_of(period.text)
    except ValueError:
        raise Problem(404, "There is no such export.") from None
    return site


def _new_export(event: Event) -> NewExport:
    try:
        return parse_new_export(Request.of(event.raw_event).content())
    except Unreadable as error:
        raise Problem(400, error.detail) from None
    except Invalid as error:
        errors = [FieldError(*each) for each in error.errors]
        raise Problem(422, "The export that is asked for has fields that are not as they should be.", errors) from None


def _asked(event: Event, name: str) -> ExportPeriod | None:
    text = event.query_string_parameters.get(name)
    try:
        return None if text is None else period_of(text)
    except ValueError as error:
        raise unfit(name, str(error)) from None


def _by(event: Event) -> By:
    match event.query_string_parameters.get("by", "day"):
        case "day":
            return "day"
        case "month":
            return "month"
    raise unfit("by", "must be day or month")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) > 0):
        raise unfit("revision", "must be a whole number from 1 on")
    return int(text)


def _listed(line: ExportLine, now: float) -> dict[str, Any]:
    return {
        "export_id": export_id(line.site, ExportPeriod.parse(line.period)),
        "site": line.site,
        "period": line.period,
        "status": line.state(now),
        "revision": line.revision,
    }


handler = build(os.environ)
