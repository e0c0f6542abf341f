"""The grant: a signed proof of one granted decision that an edge or origin can check.

A JWT (RFC 7519) signed with HS256, so that any JWT library verifies it with the site's grant key. What verifiers do
with it is `readmeter.verify`; vectors in tests/vectors hold the two together.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from readmeter.core.article import digest, normal
from readmeter.core.decision import Reason
from readmeter.core.encoding import base64url
from readmeter.core.keys import Keyring
from readmeter.core.tokens import Reader

LIFETIME = 600  # seconds
SOFT = frozenset({"campaign"})  # reasons that anybody can bring about: verifiers refuse them unless the site allows

# ASCII alone, and what JavaScript's trim() takes away: every verifier has to come to the same name, whatever its
# runtime's Unicode.
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_SPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f"
    "\u3000\ufeff"
)


def write_grant(
    keyring: Keyring, site: str, reader: Reader, article: str, reason: Reason, page: str, now: float
) -> str:
    """The grant of one decision on `article` (its identity), whose page had the hash `page`."""
    kid, key = keyring.signing_key("grant", site)
    claims: dict[str, Any] = {
        "iss": "readmeter",
        "aud": site,
        "sub": base64url(_reader_digest(keyring, site, reader)),
        "article": base64url(digest(keyring.permanent_key("article", site), article)),
        "art": article_mark(key, article),
        "reason": reason,
        "page": page,
        "iat": int(now),
        "exp": int(now) + LIFETIME,
    }
    if reason in SOFT:
        claims["soft"] = True
    signed = f"{_part({'alg': 'HS256', 'kid': kid, 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{base64url(hmac.digest(key, signed.encode(), hashlib.sha256))}"


def article_mark(key: bytes, article: str) -> str:
    """What stands for an article under one grant key: verifiers know that key, but not the one that names articles."""
    return base64url(hmac.digest(key, f"article\0{article}".encode(), hashlib.sha256)[:16])


def page_hash(sections: Iterable[str], tags: Iterable[str], path: str) -> str:
    """A hash of what a decision was taken on: names in any order and (ASCII) case, and the URL's path.

    Finer than rules compare: pages of one hash are one to every rule.
    """
    said = f"{_listed(sections)};{_listed(tags)};{path}"
    return base64url(hashlib.sha256(said.encode()).digest()[:16])


def _listed(names: Iterable[str]) -> str:
    return "".join(f"{name}," for name in sorted({quote(_plain(name), safe="") for name in names}))


def _plain(name: str) -> str:
    return normal(name).strip(_SPACE).translate(_LOWER)


def _part(data: dict[str, Any]) -> str:
    return base64url(json.dumps(data, separators=(",", ":")).encode())


def _reader_digest(keyring: Keyring, site: str, reader: Reader) -> bytes:
    """Verifiers can tell readers apart, but not use one's id."""
    return hmac.digest(keyring.permanent_key("reader-digest", site), reader.id, hashlib.sha256)[:16]
