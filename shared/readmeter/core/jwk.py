"""Public keys as JSON (RFC 7517): which of them may verify what a publisher signs, and by which algorithm."""

from collections.abc import Mapping
from typing import Any, Literal

from readmeter.core.encoding import from_base64url

Algorithm = Literal["ES256", "EdDSA", "RS256"]

ALGORITHMS: dict[Algorithm, tuple[str, str | None]] = {
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "RS256": ("RSA", None),
}
LEAST_RSA_BITS, MOST_RSA_BITS = 2048, 8192
_COORDINATE_BYTES = 32
_COORDINATES = {"EC": ("x", "y"), "OKP": ("x",)}
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


def key_flaw(alg: Algorithm, jwk: Mapping[str, Any]) -> str | None:
    """What is wrong with a key that is to verify signatures of `alg`; None where it may."""
    kty, crv = ALGORITHMS[alg]
    if any(member in jwk for member in _PRIVATE):
        return "is private: whoever has read it can sign; make a new pair, and give the public key alone"
    if jwk.get("kty") != kty or (crv is not None and jwk.get("crv") != crv):
        curve = "" if crv is None else f" and crv {crv}"
        return f"must have kty {kty}{curve} where alg is {alg}"
    if jwk.get("use", "sig") != "sig" or "verify" not in _operations(jwk):
        return "must be for signatures: `use` sig and `key_ops` verify, or neither"
    return _rsa_flaw(jwk) if kty == "RSA" else _curve_flaw(_COORDINATES[kty], jwk)


def key_algorithm(jwk: Mapping[str, Any]) -> Algorithm | None:
    """The algorithm that the key says, or else that its type has; None where that is none of `ALGORITHMS`."""
    if "alg" in jwk:
        return next((alg for alg in ALGORITHMS if alg == jwk["alg"]), None)
    kind = jwk.get("kty"), None if jwk.get("kty") == "RSA" else jwk.get("crv")
    return next((alg for alg, needed in ALGORITHMS.items() if needed == kind), None)


def _operations(jwk: Mapping[str, Any]) -> list[Any]:
    operations = jwk.get("key_ops", ["verify"])
    return operations if isinstance(operations, list) else []


def _curve_flaw(coordinates: tuple[str, ...], jwk: Mapping[str, Any]) -> str | None:
    for name in coordinates:
        value = _bytes(jwk, name)
        if value is None or len(value) != _COORDINATE_BYTES:
            return f"must have `{name}`: {_COORDINATE_BYTES} bytes in base64url"
    return None


def _rsa_flaw(jwk: Mapping[str, Any]) -> str | None:
    modulus, exponent = (int.from_bytes(_bytes(jwk, name) or b"") for name in ("n", "e"))
    if not LEAST_RSA_BITS <= modulus.bit_length() <= MOST_RSA_BITS:
        return f"must have `n` of {LEAST_RSA_BITS} to {MOST_RSA_BITS} bits, in base64url"
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > 32:
        return "must have `e`: an odd number of at most 32 bits, in base64url, as in AQAB"
    return None


def _bytes(jwk: Mapping[str, Any], name: str) -> bytes | None:
    value = jwk.get(name)
    return from_base64url(value) if isinstance(value, str) else None
