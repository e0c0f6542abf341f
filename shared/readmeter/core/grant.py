"""The grant: a signed proof of one granted decision that an edge or origin can check.

A JWT (RFC 7519) signed with HS256, so that any JWT library verifies it with the site's grant key.
"""

import hashlib
import hmac
import json
from typing import Any

from readmeter.core.decision import Reason
from readmeter.core.encoding import base64url
from readmeter.core.keys import Keyring
from readmeter.core.rules import Page
from readmeter.core.tokens import Reader

LIFETIME = 600  # seconds


def write_grant(
    keyring: Keyring, site: str, reader: Reader, article: bytes, reason: Reason, page: Page, now: float
) -> str:
    """The grant of one decision: it binds site, reader, article, reason and what the page said of itself."""
    kid, key = keyring.signing_key("grant", site)
    claims = {
        "iss": "readmeter",
        "aud": site,
        "sub": base64url(_reader_digest(keyring, site, reader)),
        "article": base64url(article),
        "reason": reason,
        "page": page_hash(page),
        "iat": int(now),
        "exp": int(now) + LIFETIME,
    }
    signed = f"{_part({'alg': 'HS256', 'kid': kid, 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{base64url(hmac.digest(key, signed.encode(), hashlib.sha256))}"


def page_hash(page: Page) -> str:
    """A hash of the sections and tags that a decision was taken on, in any order and case."""
    names = json.dumps([sorted(page.sections), sorted(page.tags)], ensure_ascii=False, separators=(",", ":"))
    return base64url(hashlib.sha256(names.encode()).digest()[:16])


def _part(data: dict[str, Any]) -> str:
    return base64url(json.dumps(data, separators=(",", ":")).encode())


def _reader_digest(keyring: Keyring, site: str, reader: Reader) -> bytes:
    """Verifiers can tell readers apart, but not use one's id."""
    return hmac.digest(keyring.permanent_key("reader-digest", site), reader.id, hashlib.sha256)[:16]
