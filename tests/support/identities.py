"""A publisher that signs identities, for tests: its keys, and what it signs with them."""

import json
from functools import cache
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from readmeter.core.encoding import base64url
from readmeter.core.rules import IdentityRules, Key

ISSUER = "https://id.riotimesonline.com"
NOW = 1_795_348_800.0  # 2026-11-22 12:00 UTC
Algorithm = Literal["ES256", "EdDSA", "RS256"]
ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "EdDSA", "RS256")
CLAIMS = {"iss": ISSUER, "aud": "riotimes", "sub": "reader-7", "iat": int(NOW), "exp": int(NOW) + 300}


@cache
def private_key(kid: str, alg: Algorithm) -> Any:
    """A key pair of its own for each name."""
    if alg == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate() if alg == "EdDSA" else rsa.generate_private_key(65537, 2048)


def jwk(private: Any) -> dict[str, Any]:
    """The public part of any key pair."""
    public = private.public_key()
    writers = {rsa.RSAPublicKey: RSAAlgorithm, ec.EllipticCurvePublicKey: ECAlgorithm}
    writer = next((writer for kind, writer in writers.items() if isinstance(public, kind)), OKPAlgorithm)
    return {name: value for name, value in writer.to_jwk(public, as_dict=True).items() if name != "key_ops"}


def key(kid: str = "2026", alg: Algorithm = "ES256") -> Key:
    return Key(kid, alg, jwk(private_key(kid, alg)))


def identity_rules(*keys: Key, jwks_url: str | None = None) -> IdentityRules:
    return IdentityRules(ISSUER, "riotimes", keys or (key(),), jwks_url, "subscriber")


def sign(kid: str = "2026", alg: Algorithm = "ES256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token whose claims are those of a reader who signed in, with these over them; None leaves one out.

    `header` goes over the header that names key and algorithm: None leaves one of its names out too.
    """
    said = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return sign_text(json.dumps(said), kid, alg, header)


def sign_text(payload: str, kid: str = "2026", alg: Algorithm = "ES256", header: dict[str, Any] | None = None) -> str:
    """As `sign`, of a payload as it is to be written."""
    named = {"typ": "JWT", "alg": alg, "kid": kid, **(header or {})}
    written = json.dumps({name: value for name, value in named.items() if value is not None})
    signed = f"{base64url(written.encode())}.{base64url(payload.encode())}"
    algorithm = jwt.get_algorithm_by_name(alg)
    return f"{signed}.{base64url(algorithm.sign(signed.encode(), private_key(kid, alg)))}"
