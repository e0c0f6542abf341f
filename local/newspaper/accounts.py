"""Who is signed in at the paper, and how its server proves that to the service (docs/registered-readers.md).

This is a demonstration: whoever types a name has the account of that name. There are no passwords.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

ISSUER = "accounts-of-the-rio-courier"
COOKIE = "session"
LONGEST_NAME = 40
_VALID_SECONDS = 600
_MOST_SESSIONS = 1000
_KID = "paper"
_ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class Account:
    """A reader by name; a name is written as it was typed, and read without regard to case."""

    name: str

    @property
    def subject(self) -> str:
        """What the service is told instead of the name. The same after every start: there is no list of accounts."""
        return "account-" + sha256(self.name.casefold().encode()).hexdigest()[:16]


def account_named(typed: str) -> Account | None:
    """None where nothing was typed."""
    name = " ".join(typed.split())[:LONGEST_NAME]
    return Account(name) if name else None


class Sessions:
    """Who is signed in, by the cookie of their browser, until the paper stops."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}

    def begin(self, account: Account) -> str:
        """The new cookie. Of too many sessions the oldest ends."""
        while len(self._accounts) >= _MOST_SESSIONS:
            self._accounts.pop(next(iter(self._accounts)), None)
        cookie = secrets.token_urlsafe()
        self._accounts[cookie] = account
        return cookie

    def account(self, cookie: str | None) -> Account | None:
        return self._accounts.get(cookie or "")

    def end(self, cookie: str | None) -> None:
        self._accounts.pop(cookie or "", None)


class IdentityKey:
    """A key pair of this start of the paper. Its private half is nowhere but in this process."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())

    @property
    def public(self) -> dict[str, Any]:
        """As the site document names it."""
        jwk = ECAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        return {"kid": _KID, "alg": _ALGORITHM, "jwk": jwk}

    def identity(self, account: Account, audience: str, now: float) -> str:
        """What proves to the site `audience` for ten minutes that this reader is signed in."""
        issued = int(now)
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "sub": account.subject,
            "iat": issued,
            "exp": issued + _VALID_SECONDS,
        }
        return jwt.encode(claims, self._private, _ALGORITHM, {"kid": _KID})
