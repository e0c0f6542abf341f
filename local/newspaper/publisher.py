"""What only the paper's own server has: sessions, the key that signs identities, payments, the newsroom's switches."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from local.newspaper.accounts import Account, IdentityKey, Sessions
from local.newspaper.newsroom import Newsroom
from local.newspaper.operator import AdminApi, Refused
from local.newspaper.payments import PLANS, Payments

_PAYS = {"active", "trialing", "past_due"}


@dataclass(frozen=True, slots=True)
class Subscription:
    """What an account pays for: `id` is the payment service's, `plan` one of `PLANS`."""

    id: str
    plan: str


@dataclass(frozen=True, slots=True)
class Publisher:
    """The publisher of `site`. `origin_secret` proves to the service that a request comes by the paper's own path."""

    site: str
    api: AdminApi
    payments: Payments
    newsroom: Newsroom
    clock: Callable[[], float]
    origin_secret: str
    key: IdentityKey = field(default_factory=IdentityKey)
    sessions: Sessions = field(default_factory=Sessions)

    @classmethod
    def of(cls, api_url: str, site: str, clock: Callable[[], float], origin_secret: str = "") -> Self:
        """One with secrets of its own, beside the service at `api_url`, whose clock is `clock`."""
        api = AdminApi(api_url, site)
        return cls(site, api, Payments(api_url, site, clock), Newsroom(api, clock), clock, origin_secret)

    def identity(self, account: Account | None) -> str | None:
        """What the paper tells the service of who is signed in."""
        return None if account is None else self.key.identity(account, self.site, self.clock())

    def subscription(self, account: Account) -> Subscription | None:
        """None where there is none, or the service cannot be reached."""
        try:
            told = self.api.entitlement(account.subject)["subscriptions"]
        except Refused:
            return None
        paid = (Subscription(each["id"], each["plan"]) for each in told if each["status"] in _PAYS)
        return next((each for each in paid if each.plan in PLANS), None)

    def as_if_from(self, address: str) -> dict[str, str]:
        """The headers by which the paper's own path tells and proves where its reader is (docs/own-path.md)."""
        return {"X-Readmeter-Origin": self.origin_secret, "CloudFront-Viewer-Address": f"{address}:50000"}
