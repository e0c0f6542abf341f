"""GET and DELETE /v1/reader, a reader's own rights; POST /v1/events, what pages report of their prompts."""

from typing import Any

from readmeter.core.decision import Allowance, limit_for
from readmeter.core.period import window_end
from readmeter.core.rules import Meter, Rules
from readmeter.core.standing import NOBODY, Standing
from readmeter.core.tokens import Reader, reader_of_token, registered_reader
from readmeter.metering.endpoint import (
    Endpoint,
    Surroundings,
    answer_in_json,
    check_method,
    cookie_of,
    headers_for,
)
from readmeter.metering.events import keep_events
from readmeter.metering.identity import Identity
from readmeter.metering.standing import Standings, readers_of
from readmeter.metering.views import slot_of
from readmeter.store.notes import NoteStore
from readmeter.store.readers import Holding, ReaderStore
from readmeter.web.body import parse_report
from readmeter.web.event import Request
from readmeter.web.problem import FieldError, Problem


class ReaderEndpoint(Endpoint):
    """Answers events of /v1/reader and /v1/events."""

    methods = "GET, POST, DELETE, OPTIONS"
    request_headers = "authorization, content-type"

    def __init__(self, readers: ReaderStore, notes: NoteStore, standings: Standings, around: Surroundings) -> None:
        super().__init__(around)
        self._readers = readers
        self._notes = notes
        self._standings = standings

    def _answered(self, request: Request) -> dict[str, Any]:
        return self._reported(request) if _is_report(request) else self._own_rights(request)

    def _named_site(self, request: Request) -> str:
        return super()._named_site(request) if _is_report(request) else request.query["site"]

    def _reported(self, request: Request) -> dict[str, Any]:
        check_method(request, "POST")
        report = parse_report(request.content())
        now = self._clock()
        rules = self._rules_for(report.site, request, now)
        keyring = self._keyring()
        readers = readers_of((report.reader, cookie_of(request, site := rules.site)), report.seed, keyring, site, now)
        for reader in readers[:1]:
            keep_events(self._notes, rules, keyring, reader, NOBODY.reader_class, report.events, now)
        return answer_in_json(202, {"accepted": len(report.events) if readers else 0}, request, rules)

    def _own_rights(self, request: Request) -> dict[str, Any]:
        check_method(request, "GET", "DELETE")
        site = request.query.get("site")
        if not site:
            raise Problem(422, "`site` in the query is required.", [FieldError("/site", "is required")])
        now = self._clock()
        rules = self._rules_for(site, request, now)
        readers = self._proven(request, rules, now)
        if request.method == "GET":
            reader = readers[0]
            standing = self._standings.signed_in(reader, rules, now) if reader.registered else NOBODY
            meters = known_meters(self._readers, rules, reader, standing, now)
            return answer_in_json(200, {"site": rules.site, "meters": meters}, request, rules)
        for reader in readers:
            self._readers.erase(rules.site, reader.name)
        return {"statusCode": 204, "headers": headers_for(request, rules)}

    def _proven(self, request: Request, rules: Rules, now: float) -> list[Reader]:
        """The readers that the request proves to be, the bearer first. Raises `Problem` 401 where it is nobody.

        A registered reader's token is none to anybody but its reader while signed in: it stays in the browser.
        """
        keyring, site = self._keyring(), rules.site
        bearer = _bearer(request)
        signed_in = self._standings.identity(bearer, rules, now)
        known = registered_reader(keyring, site, signed_in.subject) if isinstance(signed_in, Identity) else None
        readers = [reader_of_token(keyring, site, each, now) for each in (bearer, cookie_of(request, site))]
        proven = [known, *(reader for reader in readers if reader is not None and not reader.registered)]
        found = list(dict.fromkeys(reader for reader in proven if reader is not None))
        if not found:
            challenge = 'Bearer realm="readmeter"' + (', error="invalid_token"' if bearer else "")
            needed = "A reader's token is required as a bearer: of who is signed in, the publisher's identity token."
            raise Problem(401, needed, headers={"www-authenticate": challenge})
        return found


def known_meters(
    readers: ReaderStore, rules: Rules, reader: Reader, standing: Standing, now: float
) -> list[dict[str, Any]]:
    """What each meter leaves the reader and what it counted: `{meter, limit, used, remaining, articles, resets_at}`."""
    slots = [slot_of(rules, meter, reader, now) for meter in rules.meters]
    holdings = readers.holdings(rules.site, reader.name, [slot for slot, _ in slots])
    meters = []
    for meter, (_, ends_at), holding in zip(rules.meters, slots, holdings, strict=True):
        if holding.window_start is not None:
            ends_at = window_end(holding.window_start, meter.days, rules.timezone)
        meters.append({**_allowance(meter, standing, holding), "resets_at": ends_at and ends_at.isoformat()})
    return meters


def _bearer(request: Request) -> str | None:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else None


def _is_report(request: Request) -> bool:
    return request.path.endswith("/events")


def _allowance(meter: Meter, standing: Standing, holding: Holding) -> dict[str, Any]:
    """Where `meter` counts displays, its digests name none of the articles."""
    allowance = Allowance(limit_for(meter, standing), holding.used)
    return {
        "meter": meter.name,
        "limit": allowance.limit,
        "used": allowance.used,
        "remaining": allowance.remaining,
        "articles": list(holding.digests) if meter.count == "article" else [],
    }
