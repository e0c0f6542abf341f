"""Entitlements by staff: a reader's own, and a file of many."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2 as Event

from readmeter.core.account import Account
from readmeter.core.keys import Keyring
from readmeter.core.rules import Rules
from readmeter.core.tokens import registered_reader
from readmeter.sites.parse import Unreadable
from readmeter.staff.answers import Answer, compact, instant, json_answer, nothing, text_answer
from readmeter.staff.body import model_in, wrong_fields
from readmeter.staff.caller import Caller
from readmeter.staff.entitlement import MOST_BYTES, GivenEntitlement, flaws, read_file
from readmeter.staff.live import live_site
from readmeter.staff.path import subject_in
from readmeter.staff.query import is_true
from readmeter.staff.router import StaffRouter
from readmeter.store.accounts import AccountStore
from readmeter.store.sites import SiteStore
from readmeter.web.event import Request
from readmeter.web.problem import Problem


class Entitlements:
    """The routes' work, one method each. Each takes the caller, the event and the path's parts; raises `Problem`."""

    def __init__(
        self,
        sites: SiteStore,
        accounts: AccountStore,
        keyring: Callable[[], Keyring],
        clock: Callable[[], float],
    ) -> None:
        self._sites = sites
        self._accounts = accounts
        self._keyring = keyring
        self._clock = clock

    def add_to(self, router: StaffRouter) -> None:
        router.route("/v1/admin/sites/<site>/entitlements", {"PUT": self.put_file})
        router.route(
            "/v1/admin/sites/<site>/entitlements/<subject>",
            {"GET": self.get, "PUT": self.put, "DELETE": self.delete},
        )

    def get(self, _: Caller, __: Event, site: str, subject: str) -> Answer:
        named = subject_in(subject)
        rules = self._rules(site)
        return self._answer(rules, named, self._accounts.account(site, self._name(site, named)))

    def put(self, _: Caller, event: Event, site: str, subject: str) -> Answer:
        named = subject_in(subject)
        entitlement = model_in(event, GivenEntitlement, "The entitlement").entitlement()
        if faults := flaws(entitlement):
            raise wrong_fields([(f"/{key}", detail) for key, detail in faults], "The entitlement")
        rules = self._rules(site)
        name = self._name(site, named)
        account = self._accounts.account(site, name)
        self._accounts.write_entitlement(site, name, entitlement)
        status = 201 if account.manual is None else 200
        return self._answer(rules, named, replace(account, manual=entitlement), status)

    def delete(self, _: Caller, __: Event, site: str, subject: str) -> Answer:
        named = subject_in(subject)
        live_site(self._sites, site)
        if not self._accounts.delete_entitlement(site, self._name(site, named)):
            raise Problem(404, "Staff gave this reader no entitlement.")
        return nothing()

    def put_file(self, _: Caller, event: Event, site: str) -> Answer:
        rehearses = is_true(event, "dry_run")
        content = Request.of(event.raw_event).content(MOST_BYTES)
        try:
            file = read_file(content)
        except Unreadable as error:
            raise Problem(400, error.detail) from None
        live_site(self._sites, site)
        report = {"site": site, "lines": file.lines, "written": 0, "bad": [asdict(each) for each in file.bad]}
        if file.more_bad:
            report["more_bad"] = file.more_bad
        if file.bad and not rehearses:
            problem = Problem(422, "The file has bad lines: nothing of it was written.")
            return text_answer(422, "application/problem+json", compact({**problem.document(), **report}), {})
        if not rehearses:
            keyring = self._keyring()
            self._accounts.write_entitlements(
                site,
                {registered_reader(keyring, site, each).name: given for each, given in file.entitlements.items()},
            )
            report["written"] = len(file.entitlements)
        return json_answer(report)

    def _rules(self, site: str) -> Rules:
        return live_site(self._sites, site).compiled.in_force(self._clock())

    def _name(self, site: str, subject: str) -> str:
        """The reader's name in keys."""
        return registered_reader(self._keyring(), site, subject).name

    def _answer(self, rules: Rules, subject: str, account: Account, status: int = 200) -> Answer:
        return json_answer({"subject": subject, **entitlement_document(account, rules, self._clock())}, status)


def entitlement_document(account: Account, rules: Rules, now: float) -> dict[str, Any]:
    """Whether the reader may read without limit, and all that says so; each bonus too."""
    manual = account.manual
    return {
        "entitled": account.subscriber(now, rules.past_due_grace_days),
        "manual": manual
        and {
            "plan": manual.plan,
            "valid_from": _when(manual.starts),
            "valid_until": _when(manual.ends),
        },
        "subscriptions": [
            {"id": each.id, "status": each.status, "plan": each.plan, "paid_until": _when(each.paid_until)}
            for each in account.subscriptions
        ],
        "bonus": [
            {"meter": meter, "reads": bonus.reads, "until": instant(bonus.until)}
            for meter, bonus in account.bonuses.items()
            if now < bonus.until
        ],
    }


def _when(seconds: float | None) -> str | None:
    return None if seconds is None else instant(seconds)
