"""`readmeter token`: keys and identity tokens to try signed-in readers with, before your own login makes them."""

import json
import os
import re
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
import yaml

from readmeter.command.client import Misused
from readmeter.command.output import Desk, offline
from readmeter.core.encoding import base64url

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_THUMBPRINT = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}  # RFC 7638, in its order


@click.group()
def token() -> None:
    """Test tokens of signed-in readers, and keys to sign them with."""


def span(_context: click.Context, _parameter: click.Parameter, text: str) -> int:
    """Seconds."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if not found:
        raise click.BadParameter("a span is written 90s, 10m, 12h or 30d")
    return int(timedelta(**{_UNITS[found[2]]: int(found[1])}).total_seconds())


@token.command()
@click.option("--key", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write it to")
@click.option(
    "--alg", type=click.Choice(["ES256", "EdDSA"]), default="ES256", show_default=True, help="What the key signs with"
)
@offline
def keys(desk: Desk, key: Path, alg: str) -> None:
    """Make a pair of keys: the private one into a file that only you can read, the public one to be shown.

    What is printed belongs into `identity.keys` of the site document.
    """
    private = _new_key(alg)
    public = {name: private[name] for name in _THUMBPRINT[private["kty"]]}
    kid = _thumbprint(public)
    _write_private(key, {**private, "kid": kid, "alg": alg})
    entry = {"kid": kid, "alg": alg, "jwk": public}
    if desk.as_json:
        desk.answer(entry)
    desk.note(f"{key} holds the private key: whoever has it can sign in as anybody. For the site document:")
    desk.say(yaml.safe_dump({"keys": [entry]}, sort_keys=False).rstrip())


@token.command()
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The private key that `token keys` wrote",
)
@click.option("--subject", required=True, help="Who is signed in: your id of the reader")
@click.option("--audience", "--site", required=True, help="The site's id, or `identity.audience` where it is given")
@click.option("--issuer", required=True, help="As in `identity.issuer`")
@click.option("--subscriber", is_flag=True, help="With the claim `subscriber`")
@click.option("--expires", callback=span, default="10m", show_default=True, help="How long it holds: 90s, 10m, 12h")
@offline
def identity(desk: Desk, key: Path, subject: str, audience: str, issuer: str, subscriber: bool, expires: int) -> None:
    """Print a token that says who is signed in, as your login would make it."""
    now = int(desk.clock())
    claims: dict[str, Any] = {"iss": issuer, "aud": audience, "sub": subject, "iat": now, "exp": now + expires}
    if subscriber:
        claims["subscriber"] = True
    signed = _signed(claims, key)
    if desk.as_json:
        desk.answer({"token": signed, "claims": claims})
    desk.say(signed)


def _signed(claims: dict[str, Any], key: Path) -> str:
    """Raises `Misused` where the file holds no private key."""
    import jwt  # noqa: PLC0415 - slow to load, for this alone

    try:
        private = json.loads(key.read_text(encoding="utf-8"))
        if isinstance(private, dict) and "d" in private:
            signer = jwt.PyJWK(private)
            return jwt.encode(claims, signer.key, signer.algorithm_name, {"kid": signer.key_id})
    except (ValueError, TypeError, jwt.PyJWTError):
        pass
    raise Misused(f"{key} is no private key of `token keys`.")


def _new_key(alg: str) -> dict[str, Any]:
    """A private key as a JWK."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519  # noqa: PLC0415 - slow to load, for this alone
    from jwt.algorithms import ECAlgorithm, OKPAlgorithm  # noqa: PLC0415

    if alg == "ES256":
        return dict(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True))
    return dict(OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate(), as_dict=True))


def _thumbprint(public: dict[str, Any]) -> str:
    return base64url(sha256(json.dumps(public, separators=(",", ":")).encode()).digest())


def _write_private(target: Path, key: dict[str, Any]) -> None:
    """Raises `Misused` where the file is there: a key that signs somewhere is not overwritten."""
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Misused(f"{target} is there already. Choose another --key.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(key, file)
