"""What is counted: an article's identity on a site, and the digest that stands for it in the table and in answers."""

import hashlib
import hmac
import unicodedata
from urllib.parse import urlsplit

DIGEST_BYTES = 16


def identity(article: str | None, url: str | None) -> str:
    """The publisher's id, else the URL without query and fragment (CONTRACT: POST /v1/views)."""
    return article if article is not None else (url or "").split("#", 1)[0].split("?", 1)[0]


def digest(key: bytes, identity: str, view: str | None = None) -> bytes:
    """16 bytes, HMAC-SHA-256 under the site's article key. With `view`, the digest of that one display."""
    text = identity if view is None else f"{identity}\0{view}"
    return hmac.digest(key, text.encode(), hashlib.sha256)[:DIGEST_BYTES]


def normal(text: str) -> str:
    """Unicode NFC, so that two spellings of a name are one."""
    return unicodedata.normalize("NFC", text)


def folded(names: list[str]) -> frozenset[str]:
    """Section or tag names as they are compared: NFC, without surrounding space, without case."""
    return frozenset(normal(name).strip().casefold() for name in names)


def path_of(url: str | None) -> str:
    """The URL's path, "" where there is none to speak of."""
    try:
        return urlsplit(url or "").path
    except ValueError:  # e.g. an unbalanced bracket in the host
        return ""
