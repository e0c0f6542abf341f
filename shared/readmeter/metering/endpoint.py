"""What readers' requests have in common; POST /v1/views and POST /v1/access: every answer, errors included."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Self
from urllib.parse import urlsplit

from readmeter.core.keys import Keyring
from readmeter.core.language import negotiate
from readmeter.core.networks import packed
from readmeter.core.rules import SITE_ID, Rules
from readmeter.core.throttle import TokenBuckets, network_of
from readmeter.core.tokens import READER_LIFETIME
from readmeter.metering.crawlers import Crawlers, Verdict
from readmeter.metering.keyring import CurrentKeyring
from readmeter.metering.standing import Standings
from readmeter.metering.views import Views, Visit, access_document, article_of, page_of
from readmeter.store.database import Database, Unavailable
from readmeter.store.meters import Traffic
from readmeter.store.sites import SiteCache, SiteStore
from readmeter.web.body import ViewRequest, parse_view
from readmeter.web.cors import check_origin, cors_headers, preflight
from readmeter.web.event import Request
from readmeter.web.fault import fault_fields
from readmeter.web.problem import Problem


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every endpoint works with. `report` is told of faults of ours: the request's id, the fault.

    `buckets` has one for each site and network that asks of it.
    """

    sites: SiteCache
    keyring: Callable[[], Keyring]
    buckets: TokenBuckets
    clock: Callable[[], float]
    report: Callable[[str, Exception], None]

    @classmethod
    def deployed(
        cls,
        environ: Mapping[str, str],
        database: Database,
        secrets_manager: Any,
        log: Callable[..., None],
        clock: Callable[[], float],
    ) -> Self:
        """The site table and the secret that `environ` names; faults are told to `log`, a logger's `error`."""
        return cls(
            SiteCache(SiteStore(database, environ["SITE_TABLE"]), float(environ["SITE_CACHE_SECONDS"]), clock),
            CurrentKeyring.stored(secrets_manager, environ["SECRET_ID"], clock),
            TokenBuckets(float(environ["NETWORK_REQUESTS_PER_SECOND"]), int(environ["NETWORK_BURST"])),
            clock,
            lambda request_id, fault: log("fault", extra=fault_fields(request_id, fault)),
        )


class Endpoint:
    """Answers events of some routes, whatever happens.

    A subclass answers what is right (`_answered`) and says which site a request names (`_named_site`).
    """

    methods = "POST, OPTIONS"
    request_headers = "content-type"

    def __init__(self, around: Surroundings) -> None:
        self._sites = around.sites
        self._keyring = around.keyring
        self._buckets = around.buckets
        self._clock = around.clock
        self._report = around.report

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The answer in payload 2.0."""
        request = Request.of(event)
        if request.method == "OPTIONS":
            return preflight(self.methods, self.request_headers)
        try:
            return self._answered(request)
        except Problem as problem:
            return self._refused(request, problem)
        except Unavailable as fault:
            self._report(request.id, fault)
            busy = "The meter cannot be reached just now. Nothing is lost: ask again."
            return self._refused(request, Problem(503, busy, headers={"retry-after": "1"}))
        except Exception as fault:
            self._report(request.id, fault)
            return self._refused(request, Problem(500, "Something went wrong on our side."))

    def _answered(self, request: Request) -> dict[str, Any]:
        """Raises `Problem`, `Unavailable`, or anything."""
        raise NotImplementedError

    def _named_site(self, request: Request) -> str:
        """The site that the request names in its body. Raises anything where it names none."""
        return str(json.loads(request.content())["site"])

    def _rules_for(self, site: str, request: Request, now: float) -> Rules:
        """The site's rules. Raises `Problem` 404 where there is none of that id, 403 for a page of another origin.

        And 429 where the reader's network asks this site too often.
        """
        rules = self._rules(site, now)
        if rules is None:
            raise Problem(404, "There is no site of that id.")
        check_origin(request.headers.get("origin"), rules.origins, rules.site)
        address = reader_address(request, self._keyring(), site, now)
        wait = self._buckets.take((site, network_of(address)), now)
        if wait:
            often = "Your network asks for this site too often. Nothing was counted."
            raise Problem(429, often, headers={"retry-after": str(ceil(wait))})
        return rules

    def _rules(self, site: str, now: float) -> Rules | None:
        compiled = self._sites.compiled(site) if SITE_ID.fullmatch(site) else None
        return compiled.in_force(now) if compiled else None

    def _refused(self, request: Request, problem: Problem) -> dict[str, Any]:
        response = problem.response()
        response["headers"] = {
            **cors_headers(request.headers.get("origin"), self._origins(request)),
            **response["headers"],
        }
        return response

    def _origins(self, request: Request) -> tuple[str, ...]:
        """Of the site that a refused request names, as far as that can be told: its pages may read the error."""
        try:
            rules = self._rules(self._named_site(request), self._clock())
        except Exception:
            return ()
        return rules.origins if rules else ()


class ViewsEndpoint(Endpoint):
    """POST /v1/views and POST /v1/access."""

    def __init__(self, views: Views, standings: Standings, crawlers: Crawlers, around: Surroundings) -> None:
        super().__init__(around)
        self._views = views
        self._standings = standings
        self._crawlers = crawlers

    def _answered(self, request: Request) -> dict[str, Any]:
        check_method(request, "POST")
        view = parse_view(request.content())
        now = self._clock()
        rules = self._rules_for(view.site, request, now)
        visit = self._visit(request, view, rules, now)
        if request.path.endswith("/access"):
            return answer_in_json(200, access_document(visit, self._views.foresee(visit)), request, rules)
        outcome = self._views.decide(visit)
        try:
            self._views.note(visit, outcome)
        except Exception as fault:  # what is beside the count must not take an article away that is counted
            self._report(request.id, fault)
        response = answer_in_json(200, outcome.document, request, rules)
        if is_same_origin(request):
            response["cookies"] = [_cookie(rules.site, outcome.document["reader"])]
        return response

    def _visit(self, request: Request, view: ViewRequest, rules: Rules, now: float) -> Visit:
        keyring = self._keyring()
        article = article_of(view, keyring, rules.site)
        address = reader_address(request, keyring, rules.site, now)
        verdict = self._crawlers.verdict(request.headers.get("user-agent", ""), address, rules, now)
        who = self._standings.who(view, cookie_of(request, rules.site), article, address, rules, keyring, now)
        if verdict == "verified":
            who = replace(who, standing=replace(who.standing, crawler=True))
        return Visit(
            view=view,
            rules=rules,
            keyring=keyring,
            page=page_of(view),
            article=article,
            who=who,
            traffic=_traffic(verdict, view.unstored),
            display=view.view or request.id,
            languages=negotiate(view.locale, request.headers.get("accept-language"), rules.locale),
            return_url=_return_url(view.url, request.headers.get("origin"), rules),
            now=now,
        )


def _traffic(verdict: Verdict | None, unstored: bool) -> Traffic:
    """As usage tells reads apart: those of robots are no reader's, whatever their page can store."""
    if verdict is not None:
        return "suspected_bot"
    return "unstored" if unstored else "reader"


def check_method(request: Request, *allowed: str) -> None:
    """Raises `Problem` 405 for any other method."""
    if request.method not in allowed:
        named = f"Only {' and '.join(allowed)} {'is' if len(allowed) == 1 else 'are'} answered here."
        raise Problem(405, named, headers={"allow": ", ".join([*allowed, "OPTIONS"])})


def reader_address(request: Request, keyring: Keyring, site: str, now: float) -> str:
    """Where the reader is: who is connected, or whom the publisher's own path names and proves to be the site's own.

    No other header says where anybody is: each can be sent by everybody.
    """
    secret = request.headers.get("x-readmeter-origin")
    if secret is not None and keyring.is_origin_secret(site, secret, now):
        address, _, _port = request.headers.get("cloudfront-viewer-address", "").rpartition(":")
        with suppress(OSError, ValueError):
            packed(address)
            return address
    return request.source_ip


def cookie_of(request: Request, site: str) -> str | None:
    """The reader's token in the cookie of the publisher's own path."""
    return request.cookies.get(_cookie_name(site)) if is_same_origin(request) else None


def answer_in_json(status: int, document: Mapping[str, Any], request: Request, rules: Rules) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **headers_for(request, rules)},
        "body": json.dumps(document, ensure_ascii=False, separators=(",", ":")),
    }


def headers_for(request: Request, rules: Rules) -> dict[str, str]:
    """What every answer about a reader bears."""
    return {
        "cache-control": "private, no-store",
        **cors_headers(request.headers.get("origin"), rules.origins),
    }


def is_same_origin(request: Request) -> bool:
    """Whether the page's own origin serves this API: then, and only then, a cookie is the reader's own."""
    return request.headers.get("sec-fetch-site") == "same-origin"


def _cookie_name(site: str) -> str:
    return f"readmeter_{site}"


def _cookie(site: str, token: str) -> str:
    """Without Path: the browser keeps it to the folder that the API is served from."""
    return f"{_cookie_name(site)}={token}; Max-Age={READER_LIFETIME}; Secure; HttpOnly; SameSite=Lax"


def _return_url(url: str | None, origin: str | None, rules: Rules) -> str:
    """The page's URL where it lies on an origin of the site, else the site itself: never anybody else's."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return origin or rules.origins[0]
    page_origin = f"{parts.scheme}://{parts.netloc}"
    return url if url and page_origin in rules.origins else origin or rules.origins[0]
