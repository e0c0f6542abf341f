"""Keys from one secret, per purpose and site (HKDF-SHA-256, RFC 5869). Only token keys rotate."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Self

from readmeter.core.encoding import base64url

Rotating = Literal["reader", "state", "grant", "origin", "gift"]
Permanent = Literal["article", "seed", "registered", "reader-digest"]


@dataclass(frozen=True, slots=True)
class TokenSecret:
    """One generation of token keys. `expires` (epoch seconds) is when it stops verifying; None: not yet decided."""

    kid: str
    secret: str
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Keyring:
    """`permanent` names articles and readers and never changes; `tokens[0]` signs, every unexpired one verifies."""

    permanent: str
    tokens: tuple[TokenSecret, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """From the stored secret: `{"permanent": text, "tokens": [{"kid", "secret", "expires"}]}`.

        Without `tokens` (as a new deployment has it) one generation is derived from the permanent secret.
        """
        data = json.loads(text)
        first = TokenSecret("0", data["permanent"])
        return cls(data["permanent"], tuple(TokenSecret(**token) for token in data.get("tokens", [])) or (first,))

    def permanent_key(self, purpose: Permanent, site: str) -> bytes:
        return _derive(self.permanent, purpose, site)

    def signing_key(self, purpose: Rotating, site: str) -> tuple[str, bytes]:
        """The id and the key that sign from now on."""
        return self.tokens[0].kid, _derive(self.tokens[0].secret, purpose, site)

    def verifying_key(self, purpose: Rotating, site: str, kid: str, now: float) -> bytes | None:
        """The key that `kid` names, while it verifies."""
        for token in self._unexpired(now):
            if token.kid == kid:
                return _derive(token.secret, purpose, site)
        return None

    def verifying_keys(self, purpose: Rotating, site: str, now: float) -> list[tuple[TokenSecret, bytes]]:
        """Every key that verifies now, the one that signs first, each with its generation."""
        return [(token, _derive(token.secret, purpose, site)) for token in self._unexpired(now)]

    def origin_secret(self, site: str) -> str:
        """What the site's own path proves itself with, as the text of a header: the key's id and a key of the site."""
        kid, key = self.signing_key("origin", site)
        return f"{kid}.{base64url(key)}"

    def is_origin_secret(self, site: str, text: str, now: float) -> bool:
        """Whether `text` is what `origin_secret` gave out, with a key that still verifies."""
        kid, _, given = text.partition(".")
        key = self.verifying_key("origin", site, kid, now)
        return key is not None and hmac.compare_digest(given.encode(errors="replace"), base64url(key).encode())

    def _unexpired(self, now: float) -> Iterator[TokenSecret]:
        return (token for token in self.tokens if token.expires is None or now < token.expires)


@lru_cache(maxsize=4096)
def _derive(secret: str, purpose: str, site: str) -> bytes:
    """32 bytes: HKDF's extract, then the one block of expand that they take."""
    pseudorandom = hmac.digest(b"readmeter", secret.encode(), hashlib.sha256)
    return hmac.digest(pseudorandom, f"{purpose}\0{site}\x01".encode(), hashlib.sha256)
