"""Stripe's webhooks: whether a request is Stripe's, and what its event says of a subscription. Names no person."""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from readmeter.core.account import PAST_DUE
from readmeter.core.subscriptions import Fact, Rank
from readmeter.web.problem import FieldError, Problem

TOLERANCE = 300  # seconds that a signature may be old
SUBJECT = "readmeter_subject"  # in a subscription's metadata
_SNAPSHOT = "customer.subscription."  # of every such event the object is the whole subscription
_CHECKOUTS = {"checkout.session.completed", "checkout.session.async_payment_succeeded"}
_PAID = {"invoice.paid", "invoice.payment_succeeded"}
_FAILED = "invoice.payment_failed"
# Where a line says that it settles a change within a period, by shape of the API
_PRORATES = (
    ("proration",),
    ("parent", "subscription_item_details", "proration"),
    ("parent", "invoice_item_details", "proration"),
)
_ID = re.compile(r"[A-Za-z0-9_]{1,255}")
_MOST_SECONDS = 253_402_300_800  # the year 10000


@dataclass(frozen=True, slots=True)
class Told:
    """What an event says of one subscription. `subject` is whose it is, as the publisher names readers."""

    event: str
    customer: str
    subscription: str
    fact: Fact
    subject: str | None


def is_signed(content: bytes, header: str, secret: str, now: float) -> bool:
    """Whether `header` (Stripe-Signature) holds a signature of exactly these bytes that is recent enough."""
    parts = [part.split("=") for part in header.split(",")]
    try:
        made_at = next(int(part[1]) for part in parts if part[0] == "t")
        signatures = [part[1] for part in parts if part[0] == "v1"]
    except (IndexError, StopIteration, ValueError):
        return False
    expected = hmac.new(secret.encode(), f"{made_at}.".encode() + content, sha256).hexdigest().encode()
    found = [hmac.compare_digest(expected, signature.encode(errors="replace")) for signature in signatures]
    return any(found) and now - made_at <= TOLERANCE


def parse_event(content: bytes) -> Told | None:
    """What the event says of a subscription, None where it says nothing of one.

    Raises `Problem` 400 (not JSON) or 422 (a part that such an event has to have is missing).
    """
    event = _Part(_json(content))
    kind = event.text("type")
    if kind.startswith(_SNAPSHOT):
        return _of_snapshot(event, kind)
    if kind in _CHECKOUTS:
        return _of_checkout(event)
    if kind in _PAID or kind == _FAILED:
        return _of_invoice(event, has_failed=kind == _FAILED)
    return None


class _Part:
    """An object within the event; `at` is its place, as a JSON Pointer."""

    def __init__(self, data: object, at: str = "") -> None:
        self._at = at
        if not isinstance(data, dict):
            raise _missing(at, "must be an object")
        self.data: Mapping[str, Any] = data

    def text(self, name: str) -> str:
        value = self.data.get(name)
        if not isinstance(value, str):
            raise _missing(f"{self._at}/{name}", "must be a string")
        return value

    def id(self, name: str) -> str:
        """An id, or that of the object that is there in its place (an expanded one)."""
        found = _id_of(self.data.get(name))
        if found is None:
            raise _missing(f"{self._at}/{name}", "must be an id")
        return found

    def instant(self, name: str) -> float:
        found = _instant(self.data.get(name))
        if found is None:
            raise _missing(f"{self._at}/{name}", "must be seconds since 1970")
        return found

    def part(self, name: str) -> "_Part":
        return _Part(self.data.get(name), f"{self._at}/{name}")


def _of_snapshot(event: _Part, kind: str) -> Told:
    subscription = event.part("data").part("object")
    items = _at(subscription.data, "items", "data")
    item = items[0] if isinstance(items, list) and items else None
    rank = {f"{_SNAPSHOT}created": Rank.CREATED, f"{_SNAPSHOT}deleted": Rank.DELETED}.get(kind, Rank.UPDATED)
    fact = Fact(
        at=event.instant("created"),
        rank=rank,
        status="canceled" if rank is Rank.DELETED else subscription.text("status"),
        plan=_plan(_at(item, "price")),
        # From the API's version of 2025-03-31 on the period is an item's
        paid_until=_instant(_at(subscription.data, "current_period_end")) or _instant(_at(item, "current_period_end")),
    )
    subject = _name(_at(subscription.data, "metadata", SUBJECT))
    return Told(event.id("id"), subscription.id("customer"), subscription.id("id"), fact, subject)


def _of_checkout(event: _Part) -> Told | None:
    """A checkout says whose the subscription is. What is paid entitles until the subscription itself is told of."""
    session = event.part("data").part("object")
    if session.data.get("subscription") is None:
        return None
    is_paid = session.data.get("payment_status") != "unpaid"
    fact = Fact(event.instant("created"), Rank.CHECKOUT, status="active" if is_paid else None)
    subject = _name(session.data.get("client_reference_id"))
    return Told(event.id("id"), session.id("customer"), session.id("subscription"), fact, subject)


def _of_invoice(event: _Part, *, has_failed: bool) -> Told | None:
    invoice = event.part("data").part("object")
    at = event.instant("created")
    details = _at(invoice.data, "parent", "subscription_details") or {}
    subscription = _id_of(_at(invoice.data, "subscription")) or _id_of(_at(details, "subscription"))
    paid_until = _paid_until(invoice.data)
    if subscription is None or (has_failed and invoice.data.get("billing_reason") == "subscription_create"):
        return None  # bought once; or nothing was ever paid, and for a first payment nobody waits
    if not has_failed and (paid_until is None or paid_until <= at):
        return None  # a debt of a time that is over says nothing of today
    fact = (
        Fact(at, Rank.INVOICE, status=PAST_DUE)
        if has_failed
        else Fact(at, Rank.INVOICE, status="active", paid_until=paid_until)
    )
    metadata = _at(details, "metadata") or _at(invoice.data, "subscription_details", "metadata")
    return Told(event.id("id"), invoice.id("customer"), subscription, fact, _name(_at(metadata, SUBJECT)))


def _paid_until(invoice: Mapping[str, Any]) -> float | None:
    lines = _at(invoice, "lines", "data")
    paid = [line for line in lines if not _is_credit(line)] if isinstance(lines, list) else []
    ends = [_instant(_at(line, "period", "end")) for line in paid]
    return max((end for end in ends if end is not None), default=None)


def _is_credit(line: object) -> bool:
    """Whether it gives back what was not used of a plan that was left, as late as that would have ended.

    Nothing is given back of a plan that was free. A trial's line costs nothing either, and settles no change.
    """
    amount = _at(line, "amount")
    settles = any(_at(line, *names) is True for names in _PRORATES)
    return isinstance(amount, float) and (amount < 0 or (amount == 0 and settles))


def _plan(price: object) -> str | None:
    return _name(_at(price, "lookup_key")) or _name(_at(price, "nickname")) or _name(_at(price, "id"))


def _at(value: object, *names: str) -> Any:
    """What lies under `names`, None where anything on the way does not."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _id_of(value: object) -> str | None:
    found = _at(value, "id") if isinstance(value, dict) else value
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _instant(value: object) -> float | None:
    """JSON's true is no number here."""
    return value if isinstance(value, float) and 0 < value < _MOST_SECONDS else None


def _json(content: bytes) -> object:
    try:
        data = json.loads(content.decode(), parse_int=float)
        json.dumps(data, ensure_ascii=False).encode()  # JSON can spell a lone surrogate, no table can keep one
    except (ValueError, RecursionError) as error:
        raise Problem(400, "The body is not JSON.") from error
    return data


def _missing(pointer: str, detail: str) -> Problem:
    return Problem(422, "The event is not as Stripe's are.", [FieldError(pointer, detail)])
