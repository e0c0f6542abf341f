"""Stripe's part in the demonstration: takes no money, and tells the service of subscriptions in signed events."""

import hmac
import json
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from local.newspaper.accounts import Account
from local.newspaper.operator import fetch

PLANS = {"monthly": 31, "yearly": 365}  # days that are paid for
_DAY = 86_400


class Payments:
    """The payment service of `site`, whose webhooks go to the API at `api_url`. Every method raises `Refused`.

    `clock` is the service's: the strip can move it.
    """

    def __init__(self, api_url: str, site: str, clock: Callable[[], float]) -> None:
        self.secret = f"whsec_{secrets.token_urlsafe(32)}"
        self._webhook = f"{api_url}/v1/webhooks/stripe/{site}"
        self._clock = clock

    def subscribe(self, account: Account, plan: str) -> None:
        """A checkout of this account, as Stripe tells of it: whose it is, then the subscription itself."""
        subscription = _new("sub")
        session = {
            "id": _new("cs"),
            "object": "checkout.session",
            "client_reference_id": account.subject,
            "customer": _customer(account),
            "mode": "subscription",
            "payment_status": "paid",
            "subscription": subscription,
        }
        self._tell("checkout.session.completed", session)
        self._tell("customer.subscription.created", self._subscription(account, subscription, plan, "active"))

    def cancel(self, account: Account, subscription: str, plan: str) -> None:
        """At once, not at the end of what is paid."""
        self._tell("customer.subscription.deleted", self._subscription(account, subscription, plan, "canceled"))

    def _subscription(self, account: Account, subscription: str, plan: str, status: str) -> dict[str, Any]:
        ends = int(self._clock()) + PLANS[plan] * _DAY
        item = {"id": _new("si"), "current_period_end": ends, "price": {"id": f"price_{plan}", "lookup_key": plan}}
        return {
            "id": subscription,
            "object": "subscription",
            "customer": _customer(account),
            "items": {"object": "list", "data": [item]},
            "metadata": {},
            "status": status,
        }

    def _tell(self, kind: str, about: dict[str, Any]) -> None:
        now = int(self._clock())
        event = {"id": _new("evt"), "object": "event", "type": kind, "created": now, "data": {"object": about}}
        content = json.dumps(event).encode()
        signed = hmac.new(self.secret.encode(), f"{now}.".encode() + content, sha256).hexdigest()
        headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={now},v1={signed}"}
        fetch(self._webhook, "POST", content, headers)


def _customer(account: Account) -> str:
    return f"cus_{account.subject.replace('-', '_')}"


def _new(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(8)}"
