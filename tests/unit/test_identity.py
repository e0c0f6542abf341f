"""Whom a publisher's token proves, and each way to be somebody else, refused."""

import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from readmeter.core.encoding import base64url
from readmeter.core.rules import Key
from readmeter.metering.identity import LEEWAY, MOST_CHARACTERS, Identity, Ignored, verify
from tests.support.identities import (
    ALGORITHMS,
    CLAIMS,
    ISSUER,
    NOW,
    Algorithm,
    identity_rules,
    jwk,
    key,
    private_key,
    sign,
    sign_text,
)

PROVEN = Identity("reader-7", subscriber=False)
KEYS = (key(),)


def verified(token: str, keys: tuple[Key, ...] = KEYS, now: float = NOW) -> Identity | Ignored:
    return verify(token, identity_rules(*keys), "riotimes", keys, now)


def why(token: str, keys: tuple[Key, ...] = KEYS) -> str:
    """Why the token is ignored, without what all sentences begin with."""
    answer = verified(token, keys)
    assert isinstance(answer, Ignored)
    assert token not in answer.why
    assert answer.why.startswith("identity was ignored: ")
    return answer.why.removeprefix("identity was ignored: ")


class TestProven:
    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_a_reader_who_signed_in(self, alg: Algorithm) -> None:
        assert verified(sign(alg=alg), (key(alg=alg),)) == PROVEN

    def test_by_either_key_while_one_replaces_the_other(self) -> None:
        keys = (key("2026"), key("2027", "EdDSA"))
        assert verified(sign("2026"), keys) == verified(sign("2027", "EdDSA"), keys) == PROVEN

    def test_by_a_token_that_names_no_key_where_there_is_one(self) -> None:
        assert verified(sign(header={"kid": None})) == PROVEN

    def test_by_the_first_of_two_keys_of_one_name(self) -> None:
        """The document's own come before those that its publisher's server names."""
        other = Key("2026", "ES256", jwk(private_key("other", "ES256")))
        assert verified(sign(), (*KEYS, other)) == PROVEN

    def test_for_several_audiences(self) -> None:
        assert verified(sign(aud=["shop", "riotimes"])) == PROVEN

    def test_a_subject_in_either_spelling_is_one_reader(self) -> None:
        assert verified(sign(sub="Zoe\u0308")) == verified(sign(sub="Zo\u00eb")) == Identity("Zo\u00eb", False)

    @pytest.mark.parametrize("subject", ["7", "é" * 127, "a" * 255, "reader 7/ß#\u2028"])
    def test_a_subject_of_1_to_255_bytes(self, subject: str) -> None:
        assert verified(sign(sub=subject)) == Identity(subject, False)

    def test_a_subscriber(self) -> None:
        assert verified(sign(subscriber=True)) == Identity("reader-7", subscriber=True)

    @pytest.mark.parametrize("value", ["true", 1, 1.0, [True], {"a": True}, False, "yes"])
    def test_a_subscriber_only_by_true(self, value: object) -> None:
        assert verified(sign(subscriber=value)) == PROVEN

    def test_a_subscriber_only_by_the_claim_that_the_site_names(self) -> None:
        assert verified(sign(premium=True)) == PROVEN

    def test_within_a_minute_of_the_publishers_clock(self) -> None:
        token = sign(iat=NOW + LEEWAY, nbf=NOW + LEEWAY, exp=NOW - LEEWAY + 1)
        assert verified(token) == PROVEN

    def test_until_it_expires_however_late_that_is(self) -> None:
        assert verified(sign(exp=10**300)) == PROVEN


def public_pem() -> bytes:
    return bytes(
        private_key("2026", "RS256").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )


def mac_signed(secret: bytes, alg: str = "HS256", **header: Any) -> str:
    """What somebody without the private key can sign: with the public one as a password."""
    written = {"typ": "JWT", "alg": alg, "kid": "2026", **header}
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (written, CLAIMS))
    return f"{signed}.{base64url(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def with_claims(token: str, **claims: Any) -> str:
    """The token with other claims under the old signature."""
    header, _, signature = token.split(".")
    return f"{header}.{base64url(json.dumps({**CLAIMS, **claims}).encode())}.{signature}"


EMBEDDED = {"jwk": jwk(private_key("mine", "ES256")), "jku": "https://attacker.example/jwks.json"}
NO_KEY = "its key (`kid`) is none of the site's"
NO_ALGORITHM = "its algorithm (`alg`) is not its key's"
NO_SIGNATURE = "its signature is not of the key that it names"
NO_JWT = "it is not a signed JWT"
FORGERIES = {
    "changed claims under the old signature": (with_claims(sign(), sub="somebody else"), NO_SIGNATURE),
    "a subscription under the old signature": (with_claims(sign(), subscriber=True), NO_SIGNATURE),
    "another's key under the site's kid": (sign("mine", header={"kid": "2026"}), NO_SIGNATURE),
    "no signature": (sign().rpartition(".")[0] + ".", NO_SIGNATURE),
    "a signature of zeros": (sign().rpartition(".")[0] + "." + base64url(bytes(64)), NO_SIGNATURE),
    "another token's signature": (sign().rpartition(".")[0] + "." + sign(sub="8").rpartition(".")[2], NO_SIGNATURE),
    "alg none": (jwt.encode(CLAIMS, None, "none", {"kid": "2026"}), NO_ALGORITHM),
    "alg None": (mac_signed(b"", "None"), NO_ALGORITHM),
    "alg absent": (sign(header={"alg": None}), NO_ALGORITHM),
    "alg a list": (sign(header={"alg": ["ES256"]}), NO_ALGORITHM),
    "alg in lower case": (sign(header={"alg": "es256"}), NO_ALGORITHM),
    "HS256 with the public JWK": (mac_signed(json.dumps(key().jwk).encode()), NO_ALGORITHM),
    "RS256 for the kid of an ES256 key": (sign("2026", "RS256"), NO_ALGORITHM),
    "EdDSA for the kid of an ES256 key": (sign("2026", "EdDSA"), NO_ALGORITHM),
    "ES384 for the kid of an ES256 key": (sign(header={"alg": "ES384"}), NO_ALGORITHM),
    "an unknown kid": (sign("2025"), NO_KEY),
    "the kid of another site": (sign("folha-2026"), NO_KEY),
    "a path for a kid": (sign("mine", header={"kid": "../../../../dev/null"}), NO_KEY),
    "a query for a kid": (sign("mine", header={"kid": "x' UNION SELECT 'secret"}), NO_KEY),
    "an empty kid": (sign("mine", header={"kid": ""}), NO_KEY),
    "a kid that is a number": (sign(header={"kid": 2026}), NO_JWT),
    "a kid that is a list": (sign(header={"kid": ["2026"]}), NO_JWT),
    "its own key in the header": (sign("mine", header={"kid": "2026", **EMBEDDED}), NO_SIGNATURE),
    "its own key in the header, and no kid": (sign("mine", header={"kid": None, **EMBEDDED}), NO_SIGNATURE),
    "its own certificate in the header": (
        sign("mine", header={"kid": "2026", "x5u": "https://attacker.example/c.pem", "x5c": ["MIIB"]}),
        NO_SIGNATURE,
    ),
    "a critical extension": (sign(header={"crit": ["exp"]}), NO_JWT),
    "an unencoded payload": (sign(header={"crit": ["b64"], "b64": False}), NO_JWT),
    "another spelling of a genuine token": (f"{sign()}==", NO_JWT),
    "an encrypted token": ("e30.e30.e30.e30.e30", NO_JWT),
}


@pytest.mark.parametrize(("token", "sentence"), FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_ignored(token: str, sentence: str) -> None:
    assert why(token) == sentence


def test_the_public_key_is_no_password() -> None:
    assert why(mac_signed(public_pem()), (key(alg="RS256"),)) == NO_ALGORITHM


def test_a_token_that_names_no_key_is_tried_with_none_of_several() -> None:
    keys = (key("2026"), key("2027"))
    assert why(sign(header={"kid": None}), keys) == "it names no key (`kid`), and the site has several"


@pytest.mark.parametrize(
    ("alg", "private"),
    [
        ("ES256", ec.generate_private_key(ec.SECP384R1())),
        ("ES256", ec.generate_private_key(ec.SECP256K1())),
        ("EdDSA", ed448.Ed448PrivateKey.generate()),
        ("RS256", rsa.generate_private_key(65537, 1024)),
    ],
    ids=["another curve", "Bitcoin's curve", "another Edwards curve", "a short modulus"],
)
def test_a_key_that_does_not_fit_its_algorithm_verifies_nothing(alg: Algorithm, private: Any) -> None:
    assert why(sign(alg=alg), (Key("2026", alg, jwk(private)),)) == "its key may not be used"


def test_a_key_that_is_no_point_of_its_curve_verifies_nothing() -> None:
    off = {**key().jwk, "y": base64url(bytes(32))}
    assert why(sign(), (Key("2026", "ES256", off),)) == NO_SIGNATURE


NO_SUBJECT = "its `sub` is not a text of 1 to 255 bytes without control characters"
NO_EXPIRY = "its `exp` is not a number of seconds since 1970"
NO_ISSUER = "its issuer (`iss`) is not the site's"
NO_AUDIENCE = "it is for another audience (`aud`)"
CLAIMED: dict[str, tuple[dict[str, Any], str]] = {
    "used after its time": ({"exp": NOW - LEEWAY}, "it has expired"),
    "expired for ever": ({"exp": -(10**300)}, "it has expired"),
    "no exp": ({"exp": None}, NO_EXPIRY),
    "exp a text": ({"exp": str(int(NOW) + 300)}, NO_EXPIRY),
    "exp true": ({"exp": True}, NO_EXPIRY),
    "exp a list": ({"exp": [NOW + 300]}, NO_EXPIRY),
    "no aud": ({"aud": None}, NO_AUDIENCE),
    "another site's": ({"aud": "folha"}, NO_AUDIENCE),
    "another site's, among several": ({"aud": ["folha", "shop"]}, NO_AUDIENCE),
    "an empty list of audiences": ({"aud": []}, NO_AUDIENCE),
    "an audience that has ours in it": ({"aud": "riotimes.example"}, NO_AUDIENCE),
    "an audience that is an object": ({"aud": {"riotimes": True}}, NO_AUDIENCE),
    "no iss": ({"iss": None}, NO_ISSUER),
    "another issuer": ({"iss": "https://id.example.com"}, NO_ISSUER),
    "an issuer with a slash more": ({"iss": f"{ISSUER}/"}, NO_ISSUER),
    "a list of issuers": ({"iss": [ISSUER]}, NO_ISSUER),
    "no sub": ({"sub": None}, NO_SUBJECT),
    "an empty sub": ({"sub": ""}, NO_SUBJECT),
    "sub a number": ({"sub": 7}, NO_SUBJECT),
    "a sub of 256 bytes": ({"sub": "é" * 128}, NO_SUBJECT),
    "a sub with a null": ({"sub": "reader-7\0"}, NO_SUBJECT),
    "a sub with a line": ({"sub": "reader\n7"}, NO_SUBJECT),
    "a sub that is no Unicode": ({"sub": "\ud800"}, NO_SUBJECT),
    "not yet": ({"nbf": NOW + LEEWAY + 1}, "it holds only later (`nbf`)"),
    "nbf a text": ({"nbf": "now"}, "its `nbf` is not a number of seconds since 1970"),
    "from the future": (
        {"iat": NOW + LEEWAY + 1},
        "it was issued in the future (`iat`): is the clock of its server right?",
    ),
    "iat a text": ({"iat": "now"}, "its `iat` is not a number of seconds since 1970"),
}


@pytest.mark.parametrize(("claims", "sentence"), CLAIMED.values(), ids=CLAIMED)
def test_a_genuine_token_that_is_not_for_this_is_ignored(claims: dict[str, Any], sentence: str) -> None:
    assert why(sign(**claims)) == sentence


def test_a_token_expires_with_our_clock() -> None:
    token = sign()
    assert verified(token, now=CLAIMS["exp"] + LEEWAY - 0.5) == PROVEN
    assert verified(token, now=CLAIMS["exp"] + LEEWAY) == Ignored("identity was ignored: it has expired")


NO_OBJECT = "its claims are not a JSON object that names each once"
OTHER = json.dumps(CLAIMS)[:-1]


@pytest.mark.parametrize(
    "payload",
    [
        f'{OTHER}, "sub": "reader-8"}}',
        f'{OTHER}, "more": {{"a": 1, "a": 2}}}}',
        f'{OTHER}, "exp": NaN}}',
        f'{OTHER}, "nbf": -Infinity}}',
        json.dumps([CLAIMS]),
        "null",
        "",
        "sub=reader-7",
        "[" * 2500,
    ],
)
def test_claims_that_two_could_read_differently_are_ignored(payload: str) -> None:
    assert why(sign_text(payload)) == NO_OBJECT


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "a.b.c", "null", "e30", "e30.e30", "e30.e30.!", "\ud800.e30.e30", "é.é.é", "W10.e30.e30"],
)
def test_what_is_no_token_is_ignored(token: str) -> None:
    answer = verified(token)
    assert isinstance(answer, Ignored)


@pytest.mark.parametrize("token", ["a" * (MOST_CHARACTERS + 1), "." * 8192, sign(more="x" * 4096)])
def test_a_long_token_is_not_looked_at(token: str) -> None:
    assert why(token) == f"it is longer than {MOST_CHARACTERS} characters"


def test_a_site_without_keys_verifies_nobody() -> None:
    expected = Ignored("identity was ignored: site riotimes verifies none")
    assert verify(sign(), identity_rules(), "riotimes", (), NOW) == expected
    assert verify(sign(), None, "riotimes", KEYS, NOW) == expected
