"""Why a view would be decided as it would: every rule in its order, which one decides, and why each other does not."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2 as Event

from readmeter.core.article import normal
from readmeter.core.decision import Decision, Outcome, steps
from readmeter.core.keys import Keyring
from readmeter.core.networks import packed
from readmeter.core.rules import Campaign, Meter, Rules
from readmeter.core.tokens import name_fault, registered_reader
from readmeter.metering.crawlers import Crawlers, Verdict
from readmeter.metering.standing import Standings, Who
from readmeter.metering.views import Views, Visit, access_document, article_of, page_of
from readmeter.sites.parse import Unreadable, parse_json
from readmeter.staff.answers import Answer, json_answer
from readmeter.staff.body import wrong_fields
from readmeter.staff.caller import Caller
from readmeter.staff.live import live_site
from readmeter.staff.router import StaffRouter
from readmeter.store.sites import SiteStore
from readmeter.web.body import ViewRequest, parse_view
from readmeter.web.event import Request
from readmeter.web.problem import Problem


@dataclass(frozen=True, slots=True)
class Asked:
    """A view to be explained. `address` and `user_agent` are "" where none is given; `subject`: who is signed in."""

    view: ViewRequest
    address: str
    user_agent: str
    subject: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """A decision, and all that it was taken on."""

    visit: Visit
    asked: Asked
    verdict: Verdict | None
    decision: Decision

    @property
    def rules(self) -> Rules:
        return self.visit.rules


class Explain:
    """The route's work. Takes the caller, the event and the site, raises `Problem`, and writes nothing."""

    def __init__(
        self,
        sites: SiteStore,
        views: Views,
        standings: Standings,
        crawlers: Crawlers,
        keyring: Callable[[], Keyring],
        clock: Callable[[], float],
    ) -> None:
        self._sites = sites
        self._views = views
        self._standings = standings
        self._crawlers = crawlers
        self._keyring = keyring
        self._clock = clock

    def add_to(self, router: StaffRouter) -> None:
        router.route("/v1/admin/sites/<site>/explain", {"POST": self.explain})

    def explain(self, _: Caller, event: Event, site: str) -> Answer:
        asked = _asked(event, site)
        now = self._clock()
        rules = live_site(self._sites, site).compiled.in_force(now)
        verdict = self._verdict(asked, rules, now)
        visit = self._visit(asked, rules, verdict, now)
        case = Case(visit, asked, verdict, self._views.foresee(visit))
        return json_answer({**access_document(visit, case.decision), "rules": list(reasons(case))})

    def _verdict(self, asked: Asked, rules: Rules, now: float) -> Verdict | None:
        return self._crawlers.verdict(asked.user_agent, asked.address, rules, now) if asked.address else None

    def _visit(self, asked: Asked, rules: Rules, verdict: Verdict | None, now: float) -> Visit:
        view, keyring = asked.view, self._keyring()
        article = article_of(view, keyring, rules.site)
        who = self._standings.who(view, None, article, asked.address, rules, keyring, now)
        if asked.subject is not None and rules.mode != "off":
            reader = registered_reader(keyring, rules.site, asked.subject)
            former = tuple(each for each in (who.reader,) if each is not None and not each.registered)
            who = Who(reader, self._standings.signed_in(reader, rules, now, who.standing), former, who.warnings)
        return Visit(
            view=view,
            rules=rules,
            keyring=keyring,
            page=page_of(view),
            article=article,
            who=replace(who, standing=replace(who.standing, crawler=verdict == "verified")),
            traffic="reader",
            display=view.view or "",
            languages=[],
            return_url="",
            now=now,
        )


def reasons(case: Case) -> Iterator[dict[str, Any]]:
    """For each rule in its order: `{rule, decides, why}`."""
    visit = case.visit
    decider = ""
    for rule, outcome in steps(visit.rules, visit.page, visit.who.standing, visit.now):
        exhausted = not decider and isinstance(outcome, Campaign) and case.decision.name != outcome.name
        if outcome is None or exhausted:
            yield {"rule": rule, "decides": False, "why": _why_not(rule, case)}
        elif decider:
            yield {"rule": rule, "decides": False, "why": f"It would apply, but {decider} comes before it."}
        else:
            decider = rule
            yield {"rule": rule, "decides": True, "why": _why(rule, outcome, case)}


def _why(rule: str, outcome: Outcome, case: Case) -> str:
    if isinstance(outcome, Meter):
        return _what_the_meter_says(outcome, case)
    return _APPLIES[rule](case)


def _why_not(rule: str, case: Case) -> str:
    return _DOES_NOT[rule](case) if rule in _DOES_NOT else "No section, tag or path of the page is the meter's."


def _what_the_meter_says(meter: Meter, case: Case) -> str:
    decision = case.decision
    allowance = decision.allowance
    if allowance is None:
        raise LookupError("a meter that decides has an allowance")
    shared = "" if meter.pool == meter.name else f", shared with meter {meter.pool}"
    given = case.visit.who.standing.bonus.get(meter.name, 0)
    bonus = f", a bonus of {given} in it" if given else ""
    counted = f"{allowance.used} of {allowance.limit} are used{bonus}{shared}"
    return {
        "metered": f"{counted}: there is room for one more.",
        "repeat": f"{counted}, and this article is one of them: reading it again is free.",
        "open": f"{counted}: the wall would show, but in mode observe everybody passes.",
        "registration_required": f"{counted}: a free account would have {decision.extra} more.",
    }.get(decision.reason, f"{counted}: nothing is left.")


_PASSES = {
    "locked": "and the reader is proven to be no subscriber, institution's or crawler, and brings no subscriber's gift",
    "subscriber": "and the reader is entitled to read without limit",
    "institution": "and the address is an institution's",
    "crawler": "and a crawler reads it whose address proves it",
    "gift": "and a subscriber gave this very article away",
    "open": "but in mode observe everybody passes",
}

_APPLIES: Mapping[str, Callable[[Case], str]] = {
    "off": lambda _: "The site's mode is off: every view is exempt.",
    "own_path": lambda _: "A button of the prompt leads to this page: such pages are always free.",
    "locked": lambda case: f"A section, tag or path of the page is locked, {_PASSES[case.decision.reason]}.",
    "lift": lambda _: "A lift that holds now opens the page to everybody.",
    "exempt": lambda _: "A section, tag or path of the page is exempt.",
    "subscriber": lambda _: (
        "The reader is entitled to read without limit, by the publisher's token or an account here."
    ),
    "institution": lambda case: f"The address is in a network of {case.decision.name}.",
    "crawler": lambda _: "The user agent is a crawler's, and the address proves it.",
    "gift": lambda case: f"A {case.visit.who.standing.gift} reader gave this very article away.",
    "campaign": lambda case: (
        f"The link names campaign {case.decision.name}, which has not given this reader all it gives."
    ),
    "referrer": lambda _: "The reader comes from a host that the site names.",
    "unmetered": lambda _: "No meter covers the page: it is free.",
}


def _of_a_subscriber(case: Case) -> str:
    if case.visit.who.standing.registered:
        return "The reader is signed in, but neither the publisher's token nor an account here entitles them."
    if case.asked.view.identity is not None:
        return "The identity proves nobody: `warnings` say why."
    return "Nobody is signed in."


def _of_an_institution(case: Case) -> str:
    if not case.rules.institutions:
        return "The site names no institution."
    return "The address is in no institution's network." if case.asked.address else "No `address` is given."


def _of_a_crawler(case: Case) -> str:
    if case.rules.crawlers == "none":
        return "The site lets no crawler in."
    if not (case.asked.address and case.asked.user_agent):
        return "Not both `address` and `user_agent` are given."
    if case.rules.mode == "off":
        return "While the site's mode is off no crawler is asked for proof."
    if case.verdict == "spoofed":
        return "The user agent says that it is a crawler, and the address does not prove it."
    return "The user agent is no search engine's crawler."


def _of_a_gift(case: Case) -> str:
    if case.rules.gifts is None:
        return "Readers of this site give no articles away."
    return (
        "No `gift` is brought."
        if case.asked.view.gift is None
        else "The gift is of another article, expired or forged."
    )


def _of_a_campaign(case: Case) -> str:
    campaign = case.visit.who.standing.campaign
    if campaign is not None:
        return f"Campaign {campaign.name} has given this reader all {campaign.per_reader} articles of this month."
    if not case.rules.campaigns:
        return "The site has no campaign."
    return "No `campaign` is named." if case.asked.view.campaign is None else "The site has no campaign of that name."


def _of_a_referrer(case: Case) -> str:
    if not case.rules.referrers:
        return "The site names no referrer."
    return (
        "No `referrer` is given." if case.asked.view.referrer is None else "The site does not name the referrer's host."
    )


_DOES_NOT: Mapping[str, Callable[[Case], str]] = {
    "off": lambda case: f"The site's mode is {case.rules.mode}.",
    "own_path": lambda _: "No button of the prompt leads to this page.",
    "locked": lambda _: "No section, tag or path of the page is locked.",
    "lift": lambda _: "No lift that holds now names the page.",
    "exempt": lambda _: "No section, tag or path of the page is exempt.",
    "subscriber": _of_a_subscriber,
    "institution": _of_an_institution,
    "crawler": _of_a_crawler,
    "gift": _of_a_gift,
    "campaign": _of_a_campaign,
    "referrer": _of_a_referrer,
}


def _asked(event: Event, site: str) -> Asked:
    content = Request.of(event.raw_event).content()
    try:
        data = parse_json(content)
    except Unreadable as error:
        raise Problem(400, error.detail) from None
    given = (
        {name: data.pop(name, None) for name in ("address", "user_agent", "subject")} if isinstance(data, dict) else {}
    )
    if isinstance(data, dict) and data.get("site") is None:
        data["site"] = site
    view = parse_view(json.dumps(data).encode())
    if faults := [(f"/{name}", detail) for name, detail in _faults(view, site, given)]:
        raise wrong_fields(faults, "The view")
    subject = given["subject"]
    return Asked(view, given["address"] or "", given["user_agent"] or "", subject and normal(subject))


def _faults(view: ViewRequest, site: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if view.site != site:
        yield "site", "must be the id in the path"
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            yield name, "must be a string"
    address, subject = given["address"], given["subject"]
    if isinstance(address, str) and not _is_address(address):
        yield "address", "must be an IPv4 or IPv6 address"
    if isinstance(subject, str):
        if fault := name_fault(subject):
            yield "subject", fault
        if view.identity is not None:
            yield "subject", "must be absent where `identity` is given"


def _is_address(text: str) -> bool:
    try:
        packed(text)
    except (OSError, ValueError):
        return False
    return True
