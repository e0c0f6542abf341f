"""Who asks: which reader, and what is proven of them. No database request but for a token of the publisher's."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlsplit

from readmeter.core.gift import read_gift
from readmeter.core.keys import Keyring
from readmeter.core.networks import Networks
from readmeter.core.rules import Campaign, Key, Rules
from readmeter.core.standing import NOBODY, Giver, Standing
from readmeter.core.tokens import Reader, reader_of_seed, reader_of_token, registered_reader
from readmeter.metering.identity import Identity, Ignored, verify
from readmeter.store.accounts import AccountStore
from readmeter.store.database import Database
from readmeter.store.published import JwksCache, PublishedStore
from readmeter.web.body import ViewRequest


@dataclass(frozen=True, slots=True)
class Who:
    """`reader` is None for a newcomer who brought nothing along, `warnings` are for whoever builds the page.

    `anonymous` are the readers that it was until now: they are to be merged into it.
    """

    reader: Reader | None
    standing: Standing
    anonymous: tuple[Reader, ...] = ()
    warnings: tuple[str, ...] = ()


class Standings:
    """Finds out who asks."""

    def __init__(self, accounts: AccountStore, published: JwksCache) -> None:
        self._accounts = accounts
        self._published = published

    @classmethod
    def stored(cls, database: Database, table: str, clock: Callable[[], float]) -> Self:
        """By what the site table knows."""
        return cls(AccountStore(database, table), JwksCache(PublishedStore(database, table), clock))

    def who(
        self,
        view: ViewRequest,
        cookie: str | None,
        article: bytes,
        address: str,
        rules: Rules,
        keyring: Keyring,
        now: float,
    ) -> Who:
        """`cookie` is the token in the own path's cookie, `article` the digest of what is to be read.

        Raises `Unavailable` where a registered reader's account cannot be read.
        """
        brought = readers_of((view.reader, cookie), view.seed, keyring, rules.site, now)
        identity = None if rules.mode == "off" else self.identity(view.identity, rules, now)
        standing = Standing(
            institution=_institution(rules, address),
            gift=_giver(keyring, rules, view.gift, article, now),
            campaign=_campaign(rules, view.campaign),
            referred=_is_referred(rules, view.referrer),
        )
        if not isinstance(identity, Identity):
            return Who(next(iter(brought), None), standing, warnings=(identity.why,) if identity else ())
        reader = registered_reader(keyring, rules.site, identity.subject)
        standing = self.signed_in(reader, rules, now, standing, claims_to_pay=identity.subscriber)
        return Who(reader, standing, tuple(each for each in brought if not each.registered))

    def signed_in(
        self, reader: Reader, rules: Rules, now: float, standing: Standing = NOBODY, *, claims_to_pay: bool = False
    ) -> Standing:
        """`standing` with what is known of a registered reader: one request for the account. Raises `Unavailable`.

        `claims_to_pay`: the publisher's own token says that the reader subscribes; nobody is asked then.
        """
        if claims_to_pay:
            return replace(standing, registered=True, subscriber=True)
        account = self._accounts.account(rules.site, reader.name)
        return replace(
            standing,
            registered=True,
            subscriber=account.subscriber(now, rules.past_due_grace_days),
            bonus={meter.name: account.bonus(meter.name, now) for meter in rules.meters},
        )

    def identity(self, token: str | None, rules: Rules, now: float) -> Identity | Ignored | None:
        """Whom the publisher's token names; None where there is none.

        Raises `Unavailable` where the keys that the publisher names elsewhere were never read.
        """
        if token is None:
            return None
        return verify(token, rules.identity, rules.site, self._keys(rules), now)

    def _keys(self, rules: Rules) -> tuple[Key, ...]:
        """The document's own first."""
        if rules.identity is None:
            return ()
        url = rules.identity.jwks_url
        return rules.identity.keys + (self._published.keys(rules.site, url, rules.version) if url else ())


def readers_of(
    tokens: Iterable[str | None], seed: str | None, keyring: Keyring, site: str, now: float
) -> tuple[Reader, ...]:
    """Those of the genuine `tokens`, else the one of the seed."""
    proven = [reader_of_token(keyring, site, token, now) for token in tokens]
    readers = tuple(dict.fromkeys(reader for reader in proven if reader is not None))
    seeded = None if readers else reader_of_seed(keyring, site, seed)
    return readers if seeded is None else (seeded,)


def _giver(keyring: Keyring, rules: Rules, token: str | None, article: bytes, now: float) -> Giver | None:
    gift = read_gift(keyring, rules.site, token, now) if rules.gifts else None
    return gift.giver if gift and gift.article == article else None


def _institution(rules: Rules, address: str) -> str | None:
    return next((each.name for each in rules.institutions if address in Networks.of(each.cidrs)), None)


def _campaign(rules: Rules, name: str | None) -> Campaign | None:
    return next((each for each in rules.campaigns if each.name == name), None)


def _is_referred(rules: Rules, referrer: str | None) -> bool:
    """Whether the page that led here lies on a host that the site names, or below one."""
    if not referrer or not rules.referrers:
        return False
    try:
        host = urlsplit(referrer if "//" in referrer else f"//{referrer}").hostname or ""
    except ValueError:
        return False
    return any(host == each or host.endswith(f".{each}") for each in rules.referrers)
