"""GET and DELETE /v1/reader, a reader's own rights; POST /v1/events, what pages report of their prompts."""

from typing import Any

from readmeter.core.decision import Allowance, limit_for
from readmeter.core.keys import Keyring
from readmeter.core.period import window_end
from readmeter.core.rules import Meter, Rules
from readmeter.core.tokens import Reader, reader_of_token
from readmeter.metering.endpoint import (
    Endpoint,
    Surroundings,
    answer_in_json,
    check_method,
    cookie_of,
    headers_for,
    reader_of,
)
from readmeter.metering.events import keep_events
from readmeter.metering.views import READER_CLASS, slot_of
from readmeter.store.notes import NoteStore
from readmeter.store.readers import Holding, ReaderStore
from readmeter.web.body import parse_report
from readmeter.web.event import Request
from readmeter.web.problem import FieldError, Problem


class ReaderEndpoint(Endpoint):
    """Answers events of /v1/reader and /v1/events."""

    methods = "GET, POST, DELETE, OPTIONS"
    request_headers = "authorization, content-type"

    def __init__(self, readers: ReaderStore, notes: NoteStore, around: Surroundings) -> None:
        super().__init__(around)
        self._readers = readers
        self._notes = notes

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
        reader = reader_of(request, report.reader, report.seed, keyring, rules.site, now)
        if reader is not None:
            keep_events(self._notes, rules, keyring, reader, READER_CLASS, report.events, now)
        return answer_in_json(202, {"accepted": len(report.events) if reader else 0}, request, rules)

    def _own_rights(self, request: Request) -> dict[str, Any]:
        check_method(request, "GET", "DELETE")
        site = request.query.get("site")
        if not site:
            raise Problem(422, "`site` in the query is required.", [FieldError("/site", "is required")])
        now = self._clock()
        rules = self._rules_for(site, request, now)
        readers = _proven(request, self._keyring(), rules.site, now)
        if request.method == "GET":
            return answer_in_json(200, self._known(rules, readers[0], now), request, rules)
        for reader in readers:
            self._readers.erase(rules.site, reader.name)
        return {"statusCode": 204, "headers": headers_for(request, rules)}

    def _known(self, rules: Rules, reader: Reader, now: float) -> dict[str, Any]:
        slots = [slot_of(rules, meter, reader, now) for meter in rules.meters]
        holdings = self._readers.holdings(rules.site, reader.name, [slot for slot, _ in slots])
        meters = []
        for meter, (_, ends_at), holding in zip(rules.meters, slots, holdings, strict=True):
            if holding.window_start is not None:
                ends_at = window_end(holding.window_start, meter.days, rules.timezone)
            meters.append({**_allowance(meter, holding), "resets_at": ends_at and ends_at.isoformat()})
        return {"site": rules.site, "meters": meters}


def _is_report(request: Request) -> bool:
    return request.path.endswith("/events")


def _proven(request: Request, keyring: Keyring, site: str, now: float) -> list[Reader]:
    """The readers that the request proves to be, the bearer first. Raises `Problem` 401 where it is nobody."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    token = bearer.strip() if scheme.lower() == "bearer" else None
    readers = [reader_of_token(keyring, site, each, now) for each in (token, cookie_of(request, site))]
    proven = list(dict.fromkeys(reader for reader in readers if reader is not None))
    if not proven:
        challenge = 'Bearer realm="readmeter"' + (', error="invalid_token"' if token else "")
        raise Problem(401, "A reader's token is required, as a bearer.", headers={"www-authenticate": challenge})
    return proven


def _allowance(meter: Meter, holding: Holding) -> dict[str, Any]:
    """Where `meter` counts displays, its digests name none of the articles."""
    allowance = Allowance(limit_for(meter, READER_CLASS), holding.used)
    return {
        "meter": meter.name,
        "limit": allowance.limit,
        "used": allowance.used,
        "remaining": allowance.remaining,
        "articles": list(holding.digests) if meter.count == "article" else [],
    }
