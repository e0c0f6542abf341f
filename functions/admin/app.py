"""The admin API (CONTRACT section 5): keeps the site documents, each PUT as a new version."""

import json
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import yaml
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2 as Event

from readmeter.core.article import digest
from readmeter.core.encoding import base64url
from readmeter.core.keys import Keyring
from readmeter.core.rules import Key, Rules
from readmeter.metering.crawlers import Crawlers, HostNames, Verdict
from readmeter.metering.keyring import CurrentKeyring
from readmeter.metering.standing import Standings
from readmeter.metering.views import Views
from readmeter.outside.fetch import Fetcher
from readmeter.outside.jwks import PublishedKeys
from readmeter.sites.articles import MOST_BYTES as MOST_ARTICLE_BYTES
from readmeter.sites.articles import Article, parse_articles
from readmeter.sites.check import Finding, lifts_over, warnings
from readmeter.sites.compile import compile_site
from readmeter.sites.differences import differences, early_limits
from readmeter.sites.parse import Invalid, Unreadable
from readmeter.staff.answers import Answer, busy, compact, instant, json_answer, no_such_site, nothing, text_answer
from readmeter.staff.body import wrong_fields
from readmeter.staff.caller import Caller
from readmeter.staff.document import document_in
from readmeter.staff.effect import UNKNOWN, Ask, ask_function, effect_job
from readmeter.staff.entitlements import Entitlements
from readmeter.staff.explain import Explain
from readmeter.staff.live import live_site
from readmeter.staff.principals import Principals
from readmeter.staff.query import is_true, unfit
from readmeter.staff.readers import Readers
from readmeter.staff.router import StaffRouter
from readmeter.staff.secrets import Secrets
from readmeter.store.accounts import AccountStore
from readmeter.store.articles import ArticleStore, Label
from readmeter.store.database import Conflict
from readmeter.store.dynamodb import CLIENT_CONFIG, DynamoDB
from readmeter.store.merging import MergeStore
from readmeter.store.meters import MeterStore
from readmeter.store.notes import NoteStore
from readmeter.store.principals import PrincipalCache, PrincipalStore
from readmeter.store.published import PublishedStore
from readmeter.store.readers import ReaderStore
from readmeter.store.secrets import SiteSecrets
from readmeter.store.sites import LiveSite, SiteStore, Version
from readmeter.web.event import Request
from readmeter.web.fault import fault_fields
from readmeter.web.problem import Problem

_TRIES = 5  # PUTs of one site at one instant that all get through


class Admin:
    """The routes' work, one method each. Each takes the caller and the event, and raises `Problem`."""

    def __init__(
        self,
        store: SiteStore,
        articles: ArticleStore,
        published: PublishedKeys,
        keyring: Callable[[], Keyring],
        clock: Callable[[], float],
        ask: Ask,
        report: Callable[[Exception], None],
    ) -> None:
        self._store = store
        self._articles = articles
        self._published = published
        self._keyring = keyring
        self._clock = clock
        self._ask = ask
        self._report = report

    def sites(self, caller: Caller, _: Event) -> Answer:
        listed = [site for site in self._store.sites() if caller.may(site.site)]
        return json_answer(
            {
                "sites": [
                    {"site": each.site, "version": each.version, "written_at": instant(each.written_at)}
                    for each in listed
                ]
            }
        )

    def put(self, caller: Caller, event: Event, site: str) -> Answer:
        document = document_in(event, site)
        rehearses = is_true(event, "dry_run")
        jwks_url = document.identity and document.identity.jwks_url
        keys = self._published.look(jwks_url) if jwks_url else ()
        for _ in range(_TRIES):
            live = self._store.live(site)
            if live is not None and live.deleted:
                raise Problem(409, "This site was deleted; its id stays taken.")
            _check_match(event, live)
            now = self._clock()
            number = live.latest.version + 1 if live else 1
            compiled = compile_site(document, number, live.compiled if live else None, now)
            try:
                if not rehearses:
                    if jwks_url:  # before the version that needs them: a view may ask for them at once, and remember
                        self._published.keep(site, jwks_url, keys)
                    self._store.write(Version(site, number, compact(document.data()), now, caller.name), compiled)
            except Conflict:
                continue  # another PUT was first: follow that one, unless If-Match says otherwise
            old = json.loads(live.latest.document) if live else None
            changes = differences(old, document.data(), compiled, now)
            found = [*warnings(document), *lifts_over(document, now), *early_limits(changes), *_missing_keys(keys)]
            told: dict[str, Any] = {}
            if rehearses:
                told["effect"] = self._effect(compiled.current) if live else None
                if live and told["effect"] is None:
                    found.append(("", UNKNOWN))
            answer = {
                "site": site,
                "version": number,
                "warnings": [{"pointer": pointer, "detail": detail} for pointer, detail in found],
                "differences": changes,
                **told,
            }
            return json_answer(answer, 200 if live or rehearses else 201, {"etag": _etag(number)})
        raise busy()

    def get(self, _: Caller, event: Event, site: str) -> Answer:
        number = event.query_string_parameters.get("version")
        version = live_site(self._store, site).latest if number is None else self._version(site, number)
        headers = {"etag": _etag(version.version), "vary": "accept"}
        if not _prefers_yaml(event.headers.get("accept", "")):
            return text_answer(200, "application/json", version.document, headers)
        body = yaml.safe_dump(json.loads(version.document), sort_keys=False, allow_unicode=True)
        return text_answer(200, "application/yaml", body, headers)

    def delete(self, _: Caller, event: Event, site: str) -> Answer:
        for _try in range(_TRIES):
            live = live_site(self._store, site)
            _check_match(event, live)
            try:
                self._store.delete(site, live.latest.version, self._clock())
            except Conflict:
                continue
            return nothing()
        raise busy()

    def versions(self, _: Caller, __: Event, site: str) -> Answer:
        versions = self._store.versions(site)
        if not versions:
            raise no_such_site()
        return json_answer(
            {
                "versions": [
                    {"version": each.version, "written_at": instant(each.written_at), "written_by": each.written_by}
                    for each in versions
                ]
            }
        )

    def put_articles(self, _: Caller, event: Event, site: str) -> Answer:
        articles = _articles(event)
        live_site(self._store, site)
        key = self._keyring().permanent_key("article", site)
        self._articles.write(site, {digest(key, each.id): Label(each.title, each.section) for each in articles})
        return json_answer({"site": site, "stored": len(articles)})

    def grant_keys(self, _: Caller, __: Event, site: str) -> Answer:
        """The keys that grants verify with now, as a JWK Set (RFC 7517), and what else a verifier has to know."""
        now = self._clock()
        return json_answer(
            {
                "site": site,
                "soft_grants": live_site(self._store, site).compiled.in_force(now).soft_grants,
                "keys": [
                    {
                        "kty": "oct",
                        "kid": token.kid,
                        "alg": "HS256",
                        "k": base64url(key),
                        "expires": None if token.expires is None else instant(token.expires),
                    }
                    for token, key in self._keyring().verifying_keys("grant", site, now)
                ],
            }
        )

    def _effect(self, proposed: Rules) -> Any:
        """None where it cannot be told now: all else that a dry run says stands without it."""
        try:
            return self._ask(effect_job(proposed))
        except Exception as fault:
            self._report(fault)
            return None

    def _version(self, site: str, number: str) -> Version:
        """That version, also of a deleted site."""
        if not re.fullmatch(r"[1-9][0-9]{0,8}", number):
            raise unfit("version", "must be a whole number from 1 on")
        version = self._store.version(site, int(number))
        if version is None:
            raise Problem(404, "There is no such version of such a site.")
        return version


def build(
    environ: Mapping[str, str],
    clock: Callable[[], float] = time.time,
    fetch: Callable[[str], Any] | None = None,
    token_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ask: Ask | None = None,
) -> StaffRouter:
    """The handler over the tables and the secret that `environ` names; `clock` gives seconds since the epoch.

    `fetch` gives the JSON at an address, or raises `Unfetched`. `ask` runs a job's event and gives its answer
    (deployed: in an invocation of the exports function).
    """
    database = DynamoDB(boto3.client("dynamodb", config=CLIENT_CONFIG))
    secrets_manager = boto3.client("secretsmanager", config=CLIENT_CONFIG)
    table, meters = environ["SITE_TABLE"], environ["METER_TABLE"]
    keyring = CurrentKeyring.stored(secrets_manager, environ["SECRET_ID"], clock)
    sites, accounts, articles = SiteStore(database, table), AccountStore(database, table), ArticleStore(database, table)
    principals, published = PrincipalStore(database, table), PublishedStore(database, table)
    logger = Logger()

    def report(fault: Exception) -> None:
        logger.error("fault", extra=fault_fields("effect", fault))

    keys = PublishedKeys(published, fetch or Fetcher(), clock)
    admin = Admin(sites, articles, keys, keyring, clock, ask or ask_function(environ), report)
    site_secrets = Secrets(sites, SiteSecrets(secrets_manager, environ["SECRET_PREFIX"]))
    readers = ReaderStore(database, meters, token_bytes)
    views = Views(MeterStore(database, meters), MergeStore(database, meters), NoteStore(database, meters), token_bytes)
    standings = Standings.stored(database, table, clock)
    crawlers = Crawlers(published.networks, HostNames(), _nobody_is_told)

    router = StaffRouter(logger, PrincipalCache(principals, clock).sites)
    router.route("/v1/admin/sites", {"GET": admin.sites})
    router.route("/v1/admin/sites/<site>", {"GET": admin.get, "PUT": admin.put, "DELETE": admin.delete})
    router.route("/v1/admin/sites/<site>/versions", {"GET": admin.versions})
    router.route("/v1/admin/sites/<site>/articles", {"PUT": admin.put_articles})
    router.route("/v1/admin/sites/<site>/grant-keys", {"GET": admin.grant_keys})
    router.route("/v1/admin/sites/<site>/secrets/<name>", {"PUT": site_secrets.put})
    Entitlements(sites, accounts, keyring, clock).add_to(router)
    Readers(sites, accounts, readers, articles, keyring, clock).add_to(router)
    Explain(sites, views, standings, crawlers, keyring, clock).add_to(router)
    Principals(principals).add_to(router)
    return router


def _nobody_is_told(name: str, verdict: Verdict, now: float) -> None:
    """Of a visitor who was only thought of."""


def _missing_keys(keys: tuple[Key, ...] | str) -> list[Finding]:
    """The warning where the document's `jwks_url` gave no keys."""
    if not isinstance(keys, str):
        return []
    kept = "it is fetched again every five minutes, and keys that came from there before still hold"
    return [("/identity/jwks_url", f"This address {keys}; {kept}.")]


def _articles(event: Event) -> list[Article]:
    content = Request.of(event.raw_event).content(MOST_ARTICLE_BYTES)
    try:
        return parse_articles(content)
    except Unreadable as error:
        raise Problem(400, error.detail) from None
    except Invalid as error:
        raise wrong_fields(error.errors, "The list of articles") from None


def _check_match(event: Event, live: LiveSite | None) -> None:
    """Raises `Problem` 412 where If-Match names neither the live version's ETag nor, with `*`, any version at all.

    If-None-Match with `*` is for who writes a new site: 412 where there is one.
    """
    if event.headers.get("if-none-match", "").strip() == "*" and live is not None:
        raise Problem(412, "The site is there already, and If-None-Match lets only a new one be written.")
    wanted = event.headers.get("if-match")
    if wanted is None:
        return
    tags = {tag.strip() for tag in wanted.split(",")}
    if live is None or not tags & {"*", _etag(live.latest.version)}:
        raise Problem(412, "The site is not at the version that If-Match names; GET it for the newest ETag.")


def _prefers_yaml(accept: str) -> bool:
    weights = {"json": 0.0, "yaml": 0.0}
    for kind, weight in re.findall(r"/(?:x-)?(json|yaml)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?", accept.lower()):
        weights[kind] = max(weights[kind], float(weight or 1))
    return weights["yaml"] > weights["json"]


def _etag(version: int) -> str:
    return f'"{version}"'


handler = build(os.environ)
