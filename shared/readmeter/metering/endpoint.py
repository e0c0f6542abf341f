"""POST /v1/views and POST /v1/access: the checks in the contract's order, and every answer, errors included."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from readmeter.core.article import folded, path_of
from readmeter.core.keys import Keyring
from readmeter.core.language import negotiate
from readmeter.core.rules import SITE_ID, Page, Rules
from readmeter.core.tokens import READER_LIFETIME, Reader, reader_of_seed, reader_of_token
from readmeter.metering.views import Views, Visit
from readmeter.store.database import Unavailable
from readmeter.store.sites import SiteCache
from readmeter.web.body import ViewRequest, parse_view
from readmeter.web.cors import check_origin, cors_headers, preflight
from readmeter.web.event import Request
from readmeter.web.problem import Problem


class ViewsEndpoint:
    """Answers events of both routes. `report` is told of faults of ours: the request's id and the exception."""

    def __init__(
        self,
        views: Views,
        sites: SiteCache,
        keyring: Callable[[], Keyring],
        clock: Callable[[], float],
        report: Callable[[str, Exception], None],
    ) -> None:
        self._views = views
        self._sites = sites
        self._keyring = keyring
        self._clock = clock
        self._report = report

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The answer in payload 2.0, whatever happens."""
        request = Request.of(event)
        if request.method == "OPTIONS":
            return preflight()
        try:
            return self._decided(request)
        except Problem as problem:
            return self._refused(request, problem)
        except Unavailable as fault:
            self._report(request.id, fault)
            busy = "The meter cannot be reached just now. Nothing is lost: ask again."
            return self._refused(request, Problem(503, busy, headers={"retry-after": "1"}))
        except Exception as fault:
            self._report(request.id, fault)
            return self._refused(request, Problem(500, "Something went wrong on our side."))

    def _decided(self, request: Request) -> dict[str, Any]:
        if request.method != "POST":
            raise Problem(405, "Only POST is answered here.", headers={"allow": "POST, OPTIONS"})
        view = parse_view(request.content())
        now = self._clock()
        rules = self._rules(view.site, now)
        if rules is None:
            raise Problem(404, "There is no site of that id.")
        check_origin(request.headers.get("origin"), rules.origins, rules.site)
        visit = self._visit(request, view, rules, now)
        if request.path.endswith("/access"):
            return _ok(self._views.foresee(visit), request, rules)
        document = self._views.decide(visit)
        response = _ok(document, request, rules)
        if _same_origin(request):
            response["cookies"] = [_cookie(rules.site, document["reader"])]
        return response

    def _visit(self, request: Request, view: ViewRequest, rules: Rules, now: float) -> Visit:
        origin = request.headers.get("origin")
        keyring = self._keyring()
        return Visit(
            view=view,
            rules=rules,
            keyring=keyring,
            page=Page(folded(view.sections), folded(view.tags), path_of(view.url)),
            reader=_reader(request, view, keyring, rules.site, now),
            display=view.view or request.id,
            languages=negotiate(view.locale, request.headers.get("accept-language"), rules.locale),
            return_url=_return_url(view.url, origin, rules),
            now=now,
        )

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
        """Of the site that a refused body names, as far as that can be told: its pages may read the error."""
        try:
            rules = self._rules(json.loads(request.content())["site"], self._clock())
        except Exception:
            return ()
        return rules.origins if rules else ()


def _reader(request: Request, view: ViewRequest, keyring: Keyring, site: str, now: float) -> Reader | None:
    """By the page's token, else the cookie of the publisher's own path, else the seed."""
    cookie = request.cookies.get(_cookie_name(site)) if _same_origin(request) else None
    return (
        reader_of_token(keyring, site, view.reader, now)
        or reader_of_token(keyring, site, cookie, now)
        or reader_of_seed(keyring, site, view.seed)
    )


def _ok(document: Mapping[str, Any], request: Request, rules: Rules) -> dict[str, Any]:
    return {
        "statusCode": 200,
        "headers": {
            "content-type": "application/json",
            "cache-control": "private, no-store",
            **cors_headers(request.headers.get("origin"), rules.origins),
        },
        "body": json.dumps(document, ensure_ascii=False, separators=(",", ":")),
    }


def _same_origin(request: Request) -> bool:
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
