"""What Stripe's events say, in both shapes of its API; and what no event can make us believe."""

import json
from typing import Any

import pytest

from readmeter.core.subscriptions import Fact, Rank
from readmeter.web.problem import Problem
from readmeter.web.stripe import Told, parse_event
from tests.support.stripe_events import CUSTOMER, DAY, SHAPES, SUBSCRIPTION, Shape, Stripe, body_of

AT = 1_795_348_800
END = AT + 30 * DAY
both_shapes = pytest.mark.parametrize("shape", SHAPES)


def told(event: Any) -> Told | None:
    return parse_event(body_of(event))


def fact(event: Any) -> Fact:
    found = told(event)
    assert found is not None
    assert (found.event, found.customer, found.subscription) == (event["id"], CUSTOMER, SUBSCRIPTION)
    return found.fact


@both_shapes
@pytest.mark.parametrize(
    ("kind", "rank"),
    [
        ("created", Rank.CREATED),
        ("updated", Rank.UPDATED),
        ("paused", Rank.UPDATED),
        ("resumed", Rank.UPDATED),
        ("trial_will_end", Rank.UPDATED),
    ],
)
def test_a_subscription_is_told_of_whole(shape: Shape, kind: str, rank: Rank) -> None:
    event = Stripe(shape).told(kind, AT, "trialing", END)
    assert fact(event) == Fact(AT, rank, "trialing", "yearly", END)


@both_shapes
def test_a_deleted_subscription_is_canceled_whatever_it_says(shape: Shape) -> None:
    assert fact(Stripe(shape).told("deleted", AT, "active", END)).status == "canceled"


@both_shapes
@pytest.mark.parametrize(
    ("kind", "reason"), [("paid", "subscription_create"), ("payment_succeeded", "subscription_cycle")]
)
def test_a_paid_invoice_is_paid_to_the_end_of_its_last_line(shape: Shape, kind: str, reason: str) -> None:
    event = Stripe(shape).invoice(kind, AT, END, reason)
    assert fact(event) == Fact(AT, Rank.INVOICE, "active", None, END)


@both_shapes
@pytest.mark.parametrize("amount", [-9900, 0])
def test_what_is_given_back_of_a_plan_that_was_left_is_not_paid(shape: Shape, amount: int) -> None:
    service = Stripe(shape)
    event = service.invoice("paid", AT, END, "subscription_update")
    event["data"]["object"]["lines"]["data"].append(service.line(AT, AT + 365 * DAY, amount, settles=True))
    assert fact(event).paid_until == END


@both_shapes
def test_an_invoice_that_only_gives_back_says_nothing(shape: Shape) -> None:
    service = Stripe(shape)
    event = service.invoice("paid", AT, END, "subscription_update")
    event["data"]["object"]["lines"]["data"] = [service.line(AT, END, -9900, settles=True)]
    assert told(event) is None


@both_shapes
def test_a_trial_is_paid_with_nothing(shape: Shape) -> None:
    service = Stripe(shape)
    event = service.invoice("paid", AT, END, "subscription_create")
    event["data"]["object"]["lines"]["data"] = [service.line(AT, END, 0)]
    assert fact(event).paid_until == END


@both_shapes
def test_a_debt_of_a_time_that_is_over_says_nothing_of_today(shape: Shape) -> None:
    assert told(Stripe(shape).invoice("paid", AT, AT - DAY) | {"created": AT + 2}) is None


@both_shapes
def test_a_renewal_that_fails_is_past_due(shape: Shape) -> None:
    assert fact(Stripe(shape).invoice("payment_failed", AT, END)) == Fact(AT, Rank.INVOICE, "past_due")


@both_shapes
def test_for_a_first_payment_nobody_waits(shape: Shape) -> None:
    assert told(Stripe(shape).invoice("payment_failed", AT, END, "subscription_create")) is None


@pytest.mark.parametrize(("paid", "status"), [("paid", "active"), ("no_payment_required", "active"), ("unpaid", None)])
def test_a_checkout_entitles_when_it_is_paid(paid: str, status: str | None) -> None:
    event = Stripe().checkout(AT, "ana", paid)
    assert fact(event) == Fact(AT, Rank.CHECKOUT, status)
    later = event | {"type": "checkout.session.async_payment_succeeded"}
    later["data"]["object"]["payment_status"] = "paid"
    assert fact(later).status == "active"


@both_shapes
def test_the_subject_is_in_the_subscriptions_metadata_or_the_checkouts_reference(shape: Shape) -> None:
    service = Stripe(shape, subject="ana@4711")
    events = [service.told("updated", AT, "active", END), service.invoice("paid", AT, END), service.checkout(AT, "bia")]
    assert [found.subject for found in map(told, events) if found] == ["ana@4711", "ana@4711", "bia"]
    nobody = Stripe(shape)
    events = [nobody.told("updated", AT, "active", END), nobody.invoice("paid", AT, END), nobody.checkout(AT, "")]
    assert [found.subject for found in map(told, events) if found] == [None, None, None]


@pytest.mark.parametrize(
    ("lookup_key", "nickname", "plan"),
    [("yearly", "Yearly", "yearly"), (None, "Yearly", "Yearly"), ("", "", "price_1"), (None, None, "price_1")],
)
def test_a_plan_is_called_by_the_best_name_of_its_price(lookup_key: str, nickname: str, plan: str) -> None:
    service = Stripe(lookup_key=lookup_key, nickname=nickname)
    assert fact(service.told("updated", AT, "active", END)).plan == plan


def test_ids_may_be_whole_objects() -> None:
    event = Stripe().told("updated", AT, "active", END)
    event["data"]["object"]["customer"] = {"id": CUSTOMER, "object": "customer", "email": "ana@example.com"}
    assert fact(event).status == "active"


@pytest.mark.parametrize(
    "event",
    [
        Stripe().checkout(AT, "ana")
        | {"data": {"object": {"mode": "payment", "customer": None, "subscription": None}}},
        Stripe().invoice("paid", AT, END) | {"data": {"object": {"customer": CUSTOMER}}},
        {"id": "evt_1", "type": "customer.created", "data": {"object": {"email": "ana@example.com"}}},
        {"type": "charge.refunded"},
        {"type": "invoice.upcoming"},
    ],
    ids=["bought once", "an invoice without a subscription", "a customer", "a refund", "a notice"],
)
def test_what_says_nothing_of_a_subscription_is_passed_over(event: Any) -> None:
    assert told(event) is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"type": "\\ud800"}', b"[" * 100_000])
def test_what_is_not_json_is_a_400(content: bytes) -> None:
    with pytest.raises(Problem) as found:
        parse_event(content)
    assert found.value.status == 400


def without(*path: str, instead: object = None) -> dict[str, Any]:
    event = Stripe().told("updated", AT, "active", END)
    within: Any = event
    for name in path[:-1]:
        within = within[name]
    within[path[-1]] = instead
    return event


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        ([], ""),
        ({}, "/type"),
        (without("id"), "/id"),
        (without("created"), "/created"),
        (without("created", instead=True), "/created"),
        (without("created", instead=1e300), "/created"),
        (without("created", instead="now"), "/created"),
        (without("data"), "/data"),
        (without("data", "object", instead=[]), "/data/object"),
        (without("data", "object", "id", instead="sub Ana"), "/data/object/id"),
        (without("data", "object", "customer"), "/data/object/customer"),
        (without("data", "object", "customer", instead={"id": 1}), "/data/object/customer"),
        (without("data", "object", "status", instead=1), "/data/object/status"),
    ],
)
def test_an_event_without_what_it_has_to_have_is_a_422_that_names_it(event: Any, pointer: str) -> None:
    with pytest.raises(Problem) as found:
        told(event)
    assert (found.value.status, [error.pointer for error in found.value.errors]) == (422, [pointer])


@pytest.mark.parametrize(
    "path", [("data", "object", "items"), ("data", "object", "metadata"), ("data", "object", "items", "data")]
)
@pytest.mark.parametrize("instead", [None, [], {}, "x", 7, [None], [[]]])
def test_parts_that_may_be_missing_may_be_anything(path: tuple[str, ...], instead: object) -> None:
    assert fact(json.loads(json.dumps(without(*path, instead=instead)))).status == "active"
