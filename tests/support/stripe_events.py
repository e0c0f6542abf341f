"""Events as Stripe sends them, before and after its API's version of 2025-03-31, signed by Stripe's own library."""

import json
from dataclasses import dataclass
from typing import Any, Literal

import stripe

SECRET = "whsec_" + "0123456789abcdef" * 2
CUSTOMER, SUBSCRIPTION = "cus_Ana", "sub_Ana"
DAY = 86_400
Shape = Literal["before", "after"]
SHAPES: tuple[Shape, ...] = ("before", "after")


@dataclass(frozen=True)
class Stripe:
    """What Stripe tells of one subscription of one customer, at instants (epoch seconds).

    `subject` is in the subscription's metadata; the e-mail address is there as it always is.
    """

    shape: Shape = "after"
    customer: str = CUSTOMER
    subscription: str = SUBSCRIPTION
    subject: str | None = None
    lookup_key: str | None = "yearly"
    nickname: str | None = "Yearly, all of it"

    def told(self, kind: str, at: int, status: str, paid_until: int) -> dict[str, Any]:
        """`customer.subscription.<kind>`."""
        price = {"id": "price_1", "object": "price", "lookup_key": self.lookup_key, "nickname": self.nickname}
        period = {"current_period_start": at, "current_period_end": paid_until}
        item = {"id": "si_1", "object": "subscription_item", "price": price}
        subscription = {
            "id": self.subscription,
            "object": "subscription",
            "customer": self.customer,
            "status": status,
            "metadata": self._metadata,
            "items": {"object": "list", "data": [item if self.shape == "before" else {**item, **period}]},
            **(period if self.shape == "before" else {}),
        }
        return self._event(f"customer.subscription.{kind}", at, subscription)

    def invoice(self, kind: str, at: int, paid_until: int, reason: str = "subscription_cycle") -> dict[str, Any]:
        """`invoice.<kind>`: the period's line, and one that ends earlier."""
        lines = [self.line(at, end) for end in (at + 1, paid_until)]
        details = {"metadata": self._metadata, "subscription": self.subscription}
        invoice = {
            "id": f"in_{at}",
            "object": "invoice",
            "customer": self.customer,
            "customer_email": "ana@example.com",
            "customer_name": "Ana",
            "billing_reason": reason,
            "period_end": at,
            "lines": {"object": "list", "data": lines},
        }
        if self.shape == "before":
            invoice |= {"subscription": self.subscription, "subscription_details": {"metadata": self._metadata}}
        else:
            invoice |= {"parent": {"type": "subscription_details", "subscription_details": details}}
        return self._event(f"invoice.{kind}", at, invoice)

    def line(self, start: int, end: int, amount: int = 1200, *, settles: bool = False) -> dict[str, Any]:
        """Of an invoice, in cents. `settles`: a change within a period (Stripe's proration)."""
        line = {
            "id": f"il_{end}_{amount}",
            "object": "line_item",
            "amount": amount,
            "period": {"start": start, "end": end},
        }
        if self.shape == "before":
            return {**line, "type": "subscription", "proration": settles}
        details = {"proration": settles, "subscription": self.subscription, "subscription_item": "si_1"}
        return {**line, "parent": {"type": "subscription_item_details", "subscription_item_details": details}}

    def checkout(self, at: int, subject: str | None, payment_status: str = "paid") -> dict[str, Any]:
        """`checkout.session.completed` with `subject` as `client_reference_id`."""
        session = {
            "id": f"cs_{at}",
            "object": "checkout.session",
            "mode": "subscription",
            "customer": self.customer,
            "customer_details": {"email": "ana@example.com", "name": "Ana"},
            "subscription": self.subscription,
            "client_reference_id": subject,
            "payment_status": payment_status,
        }
        return self._event("checkout.session.completed", at, session)

    @property
    def _metadata(self) -> dict[str, str]:
        return {} if self.subject is None else {"readmeter_subject": self.subject}

    def _event(self, kind: str, at: int, subject: dict[str, Any]) -> dict[str, Any]:
        name = f"evt_{self.subscription}_{at}_{kind.replace('.', '_')}_{subject.get('status', '')}"
        version = "2024-06-20" if self.shape == "before" else "2025-03-31.basil"
        return {
            "id": name,
            "object": "event",
            "api_version": version,
            "created": at,
            "type": kind,
            "livemode": False,
            "data": {"object": subject},
        }


def body_of(event: Any) -> bytes:
    return json.dumps(event, indent=2, ensure_ascii=False).encode()


def signature(content: bytes, at: float, secret: str = SECRET) -> str:
    """The header Stripe-Signature."""
    return stripe.WebhookSignature.generate_signature_header(content.decode(), secret, int(at))
