"""Keys that publishers name, in the site document or at its `jwks_url`: which may verify identities. Cold side only."""

from collections.abc import Iterator, Mapping
from typing import Any

from readmeter.core.jwk import Algorithm, key_algorithm, key_flaw
from readmeter.core.rules import Key
from readmeter.sites.document import SiteDocument
from readmeter.sites.text import RETURN_URL

MOST_KEYS = 20
_MOST_KID = 200  # characters, as in the site document


class NoKeys(Exception):  # noqa: N818
    """No key that may verify; the text is the end of a sentence that begins with what was read."""


def key_errors(document: SiteDocument) -> Iterator[tuple[str, str]]:
    identity = document.identity
    if identity is None:
        return
    for index, key in enumerate(identity.keys):
        if found := _flaw(key.alg, key.jwk):
            yield f"/identity/keys/{index}/jwk", found
    if identity.jwks_url is not None and RETURN_URL in identity.jwks_url:
        yield "/identity/jwks_url", "may not hold {return_url}: Readmeter asks there, and for no reader"


def key_warnings(document: SiteDocument) -> Iterator[tuple[str, str]]:
    identity = document.identity
    if identity is not None and not identity.keys and identity.jwks_url is None:
        yield "/identity", "Nobody can be signed in: neither `keys` nor `jwks_url` names a key."


def published_keys(jwks: Any) -> tuple[Key, ...]:
    """Those of a JWK Set (RFC 7517 section 5) that may verify, each name once, `MOST_KEYS` at the most.

    Raises `NoKeys` where there is none.
    """
    listed = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(listed, list):
        raise NoKeys("is no JWK Set: it has no list `keys`")
    usable: dict[str, Key] = {}
    for jwk in listed:
        key = _usable(jwk) if isinstance(jwk, dict) else None
        if key is not None and len(usable) < MOST_KEYS:
            usable.setdefault(key.kid, key)
    if not usable:
        raise NoKeys("has no public key for ES256, EdDSA or RS256")
    return tuple(usable.values())


def _flaw(alg: Algorithm, jwk: Mapping[str, Any]) -> str | None:
    """As `key_flaw`, which looks at a key's parts; this also tries whether they make one."""
    from jwt import PyJWK, PyJWTError  # noqa: PLC0415 - it takes a tenth of a second, and most documents have no key

    found = key_flaw(alg, jwk)
    if found is None:
        try:
            PyJWK(dict(jwk), alg)
        except (PyJWTError, ValueError):
            return "is no key: its numbers belong to none"
    return found


def _usable(jwk: dict[str, Any]) -> Key | None:
    """A key without a name bears an empty one: it verifies where it is the only one."""
    alg, kid = key_algorithm(jwk), jwk.get("kid", "")
    if alg is None or not isinstance(kid, str) or len(kid) > _MOST_KID or _flaw(alg, jwk):
        return None
    needed = ("kty", "crv", "x", "y", "n", "e")
    return Key(kid, alg, {name: jwk[name] for name in needed if name in jwk})
