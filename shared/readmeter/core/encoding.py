"""Bytes as text in URLs, headers and JSON: base64url without padding (RFC 4648 section 5)."""

import base64


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes | None:
    """The bytes that `base64url` writes as exactly `text`; None for anything else: no token has two spellings."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    return data if base64url(data) == text else None
