"""Subscriptions as a payment service tells of them: in any order, and any event twice, they come to the same.

Of each subscription the facts are kept that any later one may still need: no more than a handful, since a fact that is
older than another says nothing that the other says anew.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from readmeter.core.account import PAID, PAST_DUE, Subscription

_ENDED = {"canceled", "incomplete_expired"}


class Rank(IntEnum):
    """Of two events of one second, the one that knows more is the later one."""

    CHECKOUT = 0
    INVOICE = 1
    CREATED = 2
    UPDATED = 3
    DELETED = 4


@dataclass(frozen=True, slots=True)
class Fact:
    """What an event at `at` (epoch seconds) says of a subscription, None where it does not say.

    `reader` is whose it is, by their name in keys.
    """

    at: float
    rank: Rank
    status: str | None = None
    plan: str | None = None
    paid_until: float | None = None
    reader: str | None = None

    @property
    def is_past_due(self) -> bool:
        return self.status == PAST_DUE


@dataclass(frozen=True, slots=True)
class Customer:
    """The facts of each of a customer's subscriptions, by its id."""

    facts: Mapping[str, Collection[Fact]] = field(default_factory=dict)

    def told(self, subscription: str, fact: Fact) -> "Customer":
        """The customer once `fact` is known too."""
        return replace(self, facts={**self.facts, subscription: _needed({*self.facts.get(subscription, ()), fact})})

    def accounts(self) -> dict[str, list[Subscription]]:
        """What the accounts of readers hold of the customer, by the readers' names."""
        accounts: dict[str, list[Subscription]] = {}
        for name, facts in sorted(self.facts.items()):
            ordered = sorted(facts, key=_order)
            reader = _reader(ordered) or self._linked
            subscription = _subscription(name, ordered)
            if reader is not None and subscription is not None:
                accounts.setdefault(reader, []).append(subscription)
        return accounts

    @property
    def _linked(self) -> str | None:
        """Who checked out last as this customer: theirs is what nothing else says whose it is."""
        every = sorted((fact for facts in self.facts.values() for fact in facts), key=_order)
        checkout = _last(every, _names_who_checked_out)
        return None if checkout is None else checkout.reader


def _order(fact: Fact) -> tuple[object, ...]:
    """When a fact was so. The end is last, whenever it is told; of two at once the one that gives more."""
    gives = (fact.paid_until or 0.0, fact.status in PAID)
    return (fact.status in _ENDED, fact.at, fact.rank, *gives, fact.status or "", fact.plan or "", fact.reader or "")


def _subscription(name: str, ordered: list[Fact]) -> Subscription | None:
    last = _last(ordered, _has_status)
    if last is None or last.status is None:
        return None
    plan, paid = _last(ordered, _has_plan), _last(ordered, _has_end)
    return Subscription(
        id=name,
        status=last.status,
        at=last.at,
        plan=None if plan is None else plan.plan,
        paid_until=None if paid is None else paid.paid_until,
        past_due_since=min((fact.at for fact in _past_due(ordered)), default=None),
    )


def _reader(ordered: list[Fact]) -> str | None:
    """Whom the subscription itself names, else who checked out for it."""
    naming = _last(ordered, _names_its_reader) or _last(ordered, _names_who_checked_out)
    return None if naming is None else naming.reader


def _past_due(ordered: list[Fact]) -> list[Fact]:
    """The facts that a payment is missing, since the last one that none was."""
    statuses = [fact for fact in ordered if fact.status is not None]
    paid = max((place for place, fact in enumerate(statuses) if not fact.is_past_due), default=-1)
    return statuses[paid + 1 :]


def _needed(facts: Collection[Fact]) -> frozenset[Fact]:
    ordered = sorted(facts, key=_order)
    newest = {_last(ordered, says) for says in _SAYS}
    return frozenset(fact for fact in newest if fact is not None) | frozenset(_past_due(ordered))


def _last(ordered: list[Fact], says: Callable[[Fact], bool]) -> Fact | None:
    return next((fact for fact in reversed(ordered) if says(fact)), None)


def _has_status(fact: Fact) -> bool:
    return fact.status is not None


def _is_settled(fact: Fact) -> bool:
    """Says that no payment is missing: what is past due before it is over."""
    return fact.status is not None and not fact.is_past_due


def _has_plan(fact: Fact) -> bool:
    return fact.plan is not None


def _has_end(fact: Fact) -> bool:
    return fact.paid_until is not None


def _names_its_reader(fact: Fact) -> bool:
    return fact.reader is not None and fact.rank is not Rank.CHECKOUT


def _names_who_checked_out(fact: Fact) -> bool:
    return fact.reader is not None and fact.rank is Rank.CHECKOUT


_SAYS = (_has_status, _is_settled, _has_plan, _has_end, _names_its_reader, _names_who_checked_out)
