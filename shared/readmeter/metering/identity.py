"""Who signed in, by the token that the publisher signed (CONTRACT section 3, `identity`)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from readmeter.core.article import normal
from readmeter.core.jwk import ALGORITHMS, key_flaw
from readmeter.core.rules import IdentityRules, Key
from readmeter.core.tokens import MOST_SUBJECT_BYTES, name_fault

MOST_CHARACTERS = 4096
LEEWAY = 60  # seconds that the publisher's clock may differ from ours


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the publisher knows the reader as, and whether it says that the reader subscribes."""

    subject: str
    subscriber: bool


@dataclass(frozen=True, slots=True)
class Ignored:
    """A token that proves nothing; `why` is the sentence for `warnings`, and holds nothing that was sent."""

    why: str


class _Refused(Exception):  # noqa: N818
    """Why a token proves nothing, as its sentence ends."""


def verify(token: str, rules: IdentityRules | None, site: str, keys: Sequence[Key], now: float) -> Identity | Ignored:
    """Whom `token` proves at `now` (epoch seconds): any text is answered. Of `keys` with one `kid` the first counts."""
    if rules is None or not keys:
        return Ignored(f"identity was ignored: site {site} verifies none")
    try:
        claims = _claims(token, keys)
        _check_times(claims, now)
        _check_parties(claims, rules)
        return Identity(_subject(claims), claims.get(rules.subscriber_claim) is True)
    except _Refused as refused:
        return Ignored(f"identity was ignored: {refused}")


def _claims(token: str, keys: Sequence[Key]) -> dict[str, Any]:
    """What the token says, once its signature is known to be of one of `keys`."""
    if len(token) > MOST_CHARACTERS:
        raise _Refused(f"it is longer than {MOST_CHARACTERS} characters")
    if not token.isascii() or "=" in token:  # padding would be a second spelling
        raise _Refused("it is not a signed JWT")
    from jwt import PyJWK, PyJWS, PyJWTError  # noqa: PLC0415 - it takes a tenth of a second: no cold start owes it

    jws = PyJWS(list(ALGORITHMS), {"verify_signature": True, "enforce_minimum_key_length": True})
    try:
        header = jws.get_unverified_header(token)
    except PyJWTError:
        raise _Refused("it is not a signed JWT") from None
    key = _key(header, keys)
    try:
        payload = jws.decode(token, PyJWK(dict(key.jwk), key.alg), [key.alg])
    except (PyJWTError, ValueError):
        raise _Refused("its signature is not of the key that it names") from None
    return _object(payload)


def _key(header: Mapping[str, Any], keys: Sequence[Key]) -> Key:
    """The key that the header names. Nothing else that it says is followed: no algorithm, no key, no address of one."""
    kid = header.get("kid")
    if kid is None and len(keys) > 1:
        raise _Refused("it names no key (`kid`), and the site has several")
    key = next((key for key in keys if kid is None or key.kid == kid), None)
    if key is None:
        raise _Refused("its key (`kid`) is none of the site's")
    if header.get("alg") != key.alg:
        raise _Refused("its algorithm (`alg`) is not its key's")
    if key_flaw(key.alg, key.jwk):
        raise _Refused("its key may not be used")
    return key


def _object(payload: bytes) -> dict[str, Any]:
    try:
        claims = json.loads(payload, object_pairs_hook=_once_each, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise _Refused("its claims are not a JSON object that names each once")
    return claims


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) < len(pairs):
        raise ValueError("a name occurs twice")
    return named


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    """By our clock as it was passed in: the library would read the machine's."""
    expires, begins, issued = (_seconds(claims, name) for name in ("exp", "nbf", "iat"))
    if expires is None:
        raise _Refused("its `exp` is not a number of seconds since 1970")
    if now >= expires + LEEWAY:
        raise _Refused("it has expired")
    if begins is not None and now < begins - LEEWAY:
        raise _Refused("it holds only later (`nbf`)")
    if issued is not None and now < issued - LEEWAY:
        raise _Refused("it was issued in the future (`iat`): is the clock of its server right?")


def _seconds(claims: Mapping[str, Any], name: str) -> int | float | None:
    value = claims.get(name)
    if name in claims and type(value) not in (int, float):
        raise _Refused(f"its `{name}` is not a number of seconds since 1970")
    return value


def _check_parties(claims: Mapping[str, Any], rules: IdentityRules) -> None:
    if claims.get("iss") != rules.issuer:
        raise _Refused("its issuer (`iss`) is not the site's")
    audience = claims.get("aud")
    if rules.audience not in (audience if isinstance(audience, list) else [audience]):
        raise _Refused("it is for another audience (`aud`)")


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or name_fault(subject):
        raise _Refused(f"its `sub` is not a text of 1 to {MOST_SUBJECT_BYTES} bytes without control characters")
    return normal(subject)
