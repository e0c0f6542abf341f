"""Signed, unencrypted tokens: `<key id>.<payload>.<mac>`, and the one that names a reader."""

import hashlib
import hmac
import re
import struct
import unicodedata
from dataclasses import dataclass

from readmeter.core.article import normal
from readmeter.core.encoding import base64url, from_base64url
from readmeter.core.keys import Keyring, Rotating

READER_BYTES = 16
MOST_SUBJECT_BYTES = 255
READER_LIFETIME = 400 * 86_400  # seconds, about 13 months: what browsers keep a cookie for at the most (RFC 6265bis)
_MAC_BYTES = 16
_SEED = re.compile(r"[A-Za-z0-9_-]{22}")
_READER = struct.Struct(f">I{READER_BYTES}s")  # issued at, id
_REGISTERED = b"\x01"  # behind it, in a registered reader's token


def seal(keyring: Keyring, purpose: Rotating, site: str, payload: bytes) -> str:
    """`payload` with a MAC under the site's newest key of that purpose: it verifies for no other site or purpose."""
    kid, key = keyring.signing_key(purpose, site)
    body = f"{kid}.{base64url(payload)}"
    return f"{body}.{base64url(_mac(key, body))}"


def unseal(keyring: Keyring, purpose: Rotating, site: str, token: str | None, now: float) -> bytes | None:
    """The payload of a token that `seal` made with a key that still verifies; None for anything else."""
    if token is None:
        return None
    body, _, mac = token.rpartition(".")
    kid, _, payload = body.partition(".")
    key = keyring.verifying_key(purpose, site, kid, now)
    given = from_base64url(mac)
    if key is None or given is None or not hmac.compare_digest(given, _mac(key, body)):
        return None
    return from_base64url(payload)


def _mac(key: bytes, body: str) -> bytes:
    return hmac.digest(key, body.encode(errors="replace"), hashlib.sha256)[:_MAC_BYTES]


@dataclass(frozen=True, slots=True)
class Reader:
    """One metered identity on one site: 16 random (or derived) bytes.

    `registered`: the publisher's user, whom an identity named once. Signed out, it is the same reader.
    """

    id: bytes
    registered: bool = False

    @property
    def name(self) -> str:
        """The id as keys of the meter table hold it."""
        return base64url(self.id)


def reader_token(keyring: Keyring, site: str, reader: Reader, now: float) -> str:
    mark = _REGISTERED if reader.registered else b""
    return seal(keyring, "reader", site, _READER.pack(int(now), reader.id) + mark)


def reader_of_token(keyring: Keyring, site: str, token: str | None, now: float) -> Reader | None:
    """The reader of a token of this site that is genuine and not older than `READER_LIFETIME`."""
    payload = unseal(keyring, "reader", site, token, now)
    if payload is None or payload[_READER.size :] not in (b"", _REGISTERED) or len(payload) < _READER.size:
        return None
    issued, reader = _READER.unpack_from(payload)
    return Reader(reader, len(payload) > _READER.size) if now - issued < READER_LIFETIME else None


def reader_of_seed(keyring: Keyring, site: str, seed: str | None) -> Reader | None:
    """The reader whom a snippet's seed (22 base64url characters) names: the same one however often it is sent."""
    if seed is None or not _SEED.fullmatch(seed):
        return None
    return Reader(hmac.digest(keyring.permanent_key("seed", site), seed.encode(), hashlib.sha256)[:READER_BYTES])


def name_fault(text: str, most_bytes: int = MOST_SUBJECT_BYTES) -> str | None:
    """Why `text` cannot be somebody's name, None where it can: of a reader, the one that a publisher knows them by."""
    if not 0 < len(normal(text).encode(errors="replace")) <= most_bytes:
        return f"must have 1 to {most_bytes} bytes in UTF-8 (NFC)"
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        return "must not hold control characters"
    return None


def registered_reader(keyring: Keyring, site: str, subject: str) -> Reader:
    """The reader whom the publisher knows as `subject` (NFC)."""
    key = keyring.permanent_key("registered", site)
    return Reader(hmac.digest(key, subject.encode(), hashlib.sha256)[:READER_BYTES], registered=True)
