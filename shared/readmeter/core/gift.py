"""The token in a gift link: it opens one article for whoever has it, until it expires."""

import struct
from dataclasses import dataclass

from readmeter.core.article import DIGEST_BYTES
from readmeter.core.keys import Keyring
from readmeter.core.standing import Giver
from readmeter.core.tokens import seal, unseal

_GIFT = struct.Struct(f">{DIGEST_BYTES}sIB")  # article, expires at, whether a subscriber gave it


@dataclass(frozen=True, slots=True)
class Gift:
    """`article` is its digest, `expires` in epoch seconds. What only subscribers may read, only they can give."""

    article: bytes
    expires: int
    giver: Giver


def gift_token(keyring: Keyring, site: str, gift: Gift) -> str:
    return seal(keyring, "gift", site, _GIFT.pack(gift.article, gift.expires, gift.giver == "subscriber"))


def read_gift(keyring: Keyring, site: str, token: str | None, now: float) -> Gift | None:
    """The gift of a genuine token of this site that has not expired; None for anything else."""
    payload = unseal(keyring, "gift", site, token, now)
    if payload is None or len(payload) != _GIFT.size:
        return None
    article, expires, by_subscriber = _GIFT.unpack(payload)
    return Gift(article, expires, "subscriber" if by_subscriber else "registered") if now < expires else None
