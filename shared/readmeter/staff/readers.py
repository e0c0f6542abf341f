"""One registered reader by staff: what is known, erasure, an allowance given back, a bonus."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2 as Event
from pydantic import BaseModel, ConfigDict, Field

from readmeter.core.account import Account, Bonus
from readmeter.core.keys import Keyring
from readmeter.core.period import DAY
from readmeter.core.rules import Rules
from readmeter.core.standing import Standing
from readmeter.core.tokens import Reader, registered_reader
from readmeter.metering.reader import known_meters
from readmeter.metering.views import month_slot, slot_of
from readmeter.sites import text
from readmeter.sites.document import MeterName
from readmeter.staff.answers import Answer, json_answer, nothing
from readmeter.staff.body import model_in, wrong_fields
from readmeter.staff.caller import Caller
from readmeter.staff.entitlement import Instant
from readmeter.staff.live import live_site
from readmeter.staff.path import subject_in
from readmeter.staff.router import StaffRouter
from readmeter.store.accounts import AccountStore
from readmeter.store.articles import ArticleStore
from readmeter.store.meters import CalendarSlot
from readmeter.store.readers import ReaderStore
from readmeter.store.sites import SiteStore

MOST_READS = 500


class GivenBonus(BaseModel):
    """Reads above the limit of a meter, in place of any that the reader had."""

    model_config = ConfigDict(extra="forbid", strict=True)

    meter: MeterName = Field(description="One that is in force; one that shares another's allowance has its own bonus")
    reads: Annotated[int, Field(ge=0, le=MOST_READS)] = Field(description="0 takes the bonus back")
    until: Instant | None = Field(
        default=None, description="RFC 3339 with its offset; absent: the period's end, of a window its length from now"
    )


class Readers:
    """The routes' work, one method each. Each takes the caller, the event and the path's parts; raises `Problem`."""

    def __init__(
        self,
        sites: SiteStore,
        accounts: AccountStore,
        readers: ReaderStore,
        articles: ArticleStore,
        keyring: Callable[[], Keyring],
        clock: Callable[[], float],
    ) -> None:
        self._sites = sites
        self._accounts = accounts
        self._readers = readers
        self._articles = articles
        self._keyring = keyring
        self._clock = clock

    def add_to(self, router: StaffRouter) -> None:
        path = "/v1/admin/sites/<site>/readers/<subject>"
        router.route(path, {"GET": self.get, "DELETE": self.delete})
        router.route(f"{path}/reset", {"POST": self.reset})
        router.route(f"{path}/bonus", {"PUT": self.put_bonus})

    def get(self, _: Caller, __: Event, site: str, subject: str) -> Answer:
        return self._known(subject_in(subject), self._rules(site))

    def delete(self, _: Caller, __: Event, site: str, subject: str) -> Answer:
        reader = self._reader(subject_in(subject), self._rules(site))
        self._readers.erase(site, reader.name)
        return nothing()

    def reset(self, _: Caller, __: Event, site: str, subject: str) -> Answer:
        """A bonus of what is used: all of it can be read anew, and what was counted stays as it is."""
        named, rules = subject_in(subject), self._rules(site)
        reader = self._reader(named, rules)
        account = self._accounts.account(site, reader.name)
        now = self._clock()
        for meter in self._meters(rules, reader, account, now):
            if meter["used"] > account.bonus(meter["meter"], now):
                ends_at = datetime.fromisoformat(meter["resets_at"]).timestamp()
                self._accounts.write_bonus(site, reader.name, meter["meter"], Bonus(meter["used"], ends_at))
        return self._known(named, rules)

    def put_bonus(self, _: Caller, event: Event, site: str, subject: str) -> Answer:
        named = subject_in(subject)
        given = model_in(event, GivenBonus, "The bonus")
        rules = self._rules(site)
        reader = self._reader(named, rules)
        until = _until(given, rules, reader, self._clock())
        bonus = Bonus(given.reads, until) if given.reads else None
        self._accounts.write_bonus(site, reader.name, given.meter, bonus)
        return self._known(named, rules)

    def _rules(self, site: str) -> Rules:
        return live_site(self._sites, site).compiled.in_force(self._clock())

    def _reader(self, subject: str, rules: Rules) -> Reader:
        return registered_reader(self._keyring(), rules.site, subject)

    def _meters(self, rules: Rules, reader: Reader, account: Account, now: float) -> list[dict[str, Any]]:
        bonus = {meter.name: account.bonus(meter.name, now) for meter in rules.meters}
        return known_meters(self._readers, rules, reader, Standing(registered=True, bonus=bonus), now)

    def _known(self, subject: str, rules: Rules) -> Answer:
        now = self._clock()
        reader = self._reader(subject, rules)
        account = self._accounts.account(rules.site, reader.name)
        meters = [
            {
                **meter,
                "bonus": account.bonus(meter["meter"], now),
                "articles": [self._article(rules.site, digest) for digest in meter["articles"]],
            }
            for meter in self._meters(rules, reader, account, now)
        ]
        return json_answer(
            {
                "subject": subject,
                "registered": True,
                "entitled": account.subscriber(now, rules.past_due_grace_days),
                "meters": meters,
                "gifts": self._gifts(rules, reader, now),
            }
        )

    def _article(self, site: str, digest: str) -> dict[str, Any]:
        label = self._articles.label(site, digest)
        return {"article": digest, "title": label and label.title, "section": label and label.section}

    def _gifts(self, rules: Rules, reader: Reader, now: float) -> dict[str, int] | None:
        """What the reader has given away this month; None where the site's readers give nothing."""
        if rules.gifts is None:
            return None
        slot = month_slot(rules, reader, "G", "gift", now)
        [given] = self._readers.holdings(rules.site, reader.name, [slot])
        return {
            "per_month": rules.gifts.per_month,
            "given": given.used,
            "remaining": max(0, rules.gifts.per_month - given.used),
        }


def _until(given: GivenBonus, rules: Rules, reader: Reader, now: float) -> float:
    """Raises `Problem` 422 where the site has no such meter, or the instant is over."""
    meter = next((each for each in rules.meters if each.name == given.meter), None)
    if meter is None:
        names = ", ".join(each.name for each in rules.meters) or "none"
        raise wrong_fields([("/meter", f"must name a meter in force: {names}")], "The bonus")
    if given.until is not None:
        until = text.instant(given.until)
        if until <= now:
            raise wrong_fields([("/until", "must be in the future")], "The bonus")
        return until
    slot, _ = slot_of(rules, meter, reader, now)
    return slot.ends_at if isinstance(slot, CalendarSlot) else now + meter.days * DAY
