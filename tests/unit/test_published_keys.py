"""Which keys of a site document, or of a publisher's server, may verify identities."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from readmeter.core.encoding import base64url
from readmeter.core.rules import Key
from readmeter.sites.check import warnings
from readmeter.sites.keys import MOST_KEYS, NoKeys, published_keys
from readmeter.sites.parse import Invalid, read_document
from tests.support.admin_api import document
from tests.support.identities import ALGORITHMS, Algorithm, jwk, key, private_key

AT = "/identity/keys/0/jwk"
WITH_PRIVATE = {
    "ES256": ECAlgorithm.to_jwk(private_key("2026", "ES256"), as_dict=True),
    "EdDSA": OKPAlgorithm.to_jwk(private_key("2026", "EdDSA"), as_dict=True),
    "RS256": RSAAlgorithm.to_jwk(private_key("2026", "RS256"), as_dict=True),
}
EC, RSA = key().jwk, key(alg="RS256").jwk


def site(*keys: dict[str, Any], **identity: Any) -> dict[str, Any]:
    return document(identity={"issuer": "https://id.example", "keys": list(keys), **identity})


def named(jwk: dict[str, Any], alg: str = "ES256", kid: str = "2026") -> dict[str, Any]:
    return {"kid": kid, "alg": alg, "jwk": jwk}


def refused(*keys: dict[str, Any], **identity: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as error:
        read_document(site(*keys, **identity))
    return list(error.value.errors)


class TestInADocument:
    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_a_public_key_is_taken_as_libraries_write_it(self, alg: Algorithm) -> None:
        read = read_document(site(named({**key(alg=alg).jwk, "use": "sig", "kid": "2026", "alg": alg}, alg)))
        assert warnings(read) == []

    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_a_private_key_has_to_be_replaced(self, alg: Algorithm) -> None:
        [(pointer, sentence)] = refused(named(dict(WITH_PRIVATE[alg]), alg))
        assert pointer == AT
        assert sentence.startswith("is private: whoever has read it can sign; make a new pair")
        assert str(WITH_PRIVATE[alg]["d"]) not in sentence

    @pytest.mark.parametrize(
        ("flawed", "alg", "sentence"),
        [
            ({}, "ES256", "must have kty EC and crv P-256 where alg is ES256"),
            (RSA, "ES256", "must have kty EC and crv P-256 where alg is ES256"),
            (EC, "EdDSA", "must have kty OKP and crv Ed25519 where alg is EdDSA"),
            (EC, "RS256", "must have kty RSA where alg is RS256"),
            (
                jwk(ec.generate_private_key(ec.SECP384R1())),
                "ES256",
                "must have kty EC and crv P-256 where alg is ES256",
            ),
            (jwk(ed448.Ed448PrivateKey.generate()), "EdDSA", "must have kty OKP and crv Ed25519 where alg is EdDSA"),
            (jwk(rsa.generate_private_key(65537, 1024)), "RS256", "must have `n` of 2048 to 8192 bits, in base64url"),
            ({**RSA, "n": base64url(b"\xff" * 1025)}, "RS256", "must have `n` of 2048 to 8192 bits, in base64url"),
            ({**RSA, "n": 7}, "RS256", "must have `n` of 2048 to 8192 bits, in base64url"),
            ({**RSA, "e": "AQ"}, "RS256", "must have `e`: an odd number of at most 32 bits, in base64url, as in AQAB"),
            ({**RSA, "e": "Ag"}, "RS256", "must have `e`: an odd number of at most 32 bits, in base64url, as in AQAB"),
            ({**EC, "x": "AQAB"}, "ES256", "must have `x`: 32 bytes in base64url"),
            ({**EC, "y": EC["y"] + "="}, "ES256", "must have `y`: 32 bytes in base64url"),
            ({**EC, "y": base64url(bytes(32))}, "ES256", "is no key: its numbers belong to none"),
            ({**EC, "use": "enc"}, "ES256", "must be for signatures: `use` sig and `key_ops` verify, or neither"),
            (
                {**EC, "key_ops": ["sign"]},
                "ES256",
                "must be for signatures: `use` sig and `key_ops` verify, or neither",
            ),
            (
                {**EC, "key_ops": "verify"},
                "ES256",
                "must be for signatures: `use` sig and `key_ops` verify, or neither",
            ),
            (
                {"kty": "oct", "k": "c2VjcmV0"},
                "ES256",
                "is private: whoever has read it can sign; make a new pair, and give the public key alone",
            ),
        ],
    )
    def test_a_key_that_cannot_verify_is_refused(self, flawed: dict[str, Any], alg: str, sentence: str) -> None:
        assert refused(named(flawed, alg)) == [(AT, sentence)]

    @pytest.mark.parametrize("alg", ["HS256", "none", "RS512", "ES384", "PS256", "Ed25519"])
    def test_no_other_algorithm_is_known(self, alg: str) -> None:
        assert [pointer for pointer, _ in refused(named(EC, alg))] == ["/identity/keys/0/alg"]

    def test_two_keys_have_two_names(self) -> None:
        assert refused(named(EC), named(EC)) == [("/identity/keys/1/kid", "must differ from every other key's name")]

    @pytest.mark.parametrize(
        "url", ["http://id.example/keys", "ftp://id.example/keys", "https://u:p@id.example/", "/keys"]
    )
    def test_an_address_is_https(self, url: str) -> None:
        assert [pointer for pointer, _ in refused(jwks_url=url)] == ["/identity/jwks_url"]

    def test_an_address_is_that_of_no_page(self) -> None:
        url = "https://id.example/keys?back={return_url}"
        assert [pointer for pointer, _ in refused(jwks_url=url)] == ["/identity/jwks_url"]

    @pytest.mark.parametrize("url", ["https://id.example/keys", "http://localhost:8081/keys"])
    def test_an_address_is_enough(self, url: str) -> None:
        assert warnings(read_document(site(jwks_url=url))) == []

    def test_without_any_key_nobody_is_signed_in(self) -> None:
        [(pointer, sentence)] = warnings(read_document(site()))
        assert (pointer, sentence) == (
            "/identity",
            "Nobody can be signed in: neither `keys` nor `jwks_url` names a key.",
        )


class TestOfAServer:
    def test_each_is_bound_to_its_algorithm(self) -> None:
        """By what it says, else by what it is."""
        listed = [{**key(alg=alg).jwk, "kid": alg, "use": "sig"} for alg in ALGORITHMS]
        said = [{**each, "alg": each["kid"]} for each in listed]
        expected = tuple(Key(alg, alg, key(alg=alg).jwk) for alg in ALGORITHMS)
        assert published_keys({"keys": listed}) == published_keys({"keys": said}) == expected

    @pytest.mark.parametrize(
        "other",
        [
            {**EC, "use": "enc"},
            {**EC, "alg": "ES384"},
            {**EC, "alg": "RS256"},
            {**EC, "alg": None},
            {**RSA, "alg": "RS512"},
            {**RSA, "alg": "PS256"},
            {**RSA, "alg": "RSA-OAEP"},
            {**EC, "kid": 7},
            {**EC, "kid": "x" * 201},
            {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"},
            WITH_PRIVATE["ES256"],
            jwk(ec.generate_private_key(ec.SECP384R1())),
            "a text",
            None,
        ],
    )
    def test_what_cannot_verify_is_passed_over(self, other: Any) -> None:
        keys = {"keys": [other, {**EC, "kid": "2026"}]}
        assert published_keys(keys) == (Key("2026", "ES256", EC),)

    def test_the_first_of_a_name_is_taken(self) -> None:
        keys = {"keys": [{**EC, "kid": "2026"}, {**RSA, "kid": "2026"}]}
        assert published_keys(keys) == (Key("2026", "ES256", EC),)

    def test_a_single_key_needs_no_name(self) -> None:
        assert published_keys({"keys": [EC]}) == (Key("", "ES256", EC),)

    def test_there_is_a_bound(self) -> None:
        keys = published_keys({"keys": [{**EC, "kid": str(number)} for number in range(200)]})
        assert [each.kid for each in keys] == [str(number) for number in range(MOST_KEYS)]

    def test_only_what_verifies_is_kept(self) -> None:
        [kept] = published_keys({"keys": [{**EC, "kid": "2026", "x5c": ["MIIB"], "more": {"a": [1]}}]})
        assert kept.jwk == EC

    @pytest.mark.parametrize("jwks", [None, [], "keys", 7, {}, {"keys": None}, {"keys": {"2026": EC}}])
    def test_what_is_no_set_is_told(self, jwks: Any) -> None:
        with pytest.raises(NoKeys, match="is no JWK Set: it has no list `keys`"):
            published_keys(jwks)

    @pytest.mark.parametrize("keys", [[], [{}], [WITH_PRIVATE["RS256"]], [json.dumps(EC)]])
    def test_a_set_without_one_that_verifies_is_told(self, keys: list[Any]) -> None:
        with pytest.raises(NoKeys, match="has no public key for ES256, EdDSA or RS256"):
            published_keys({"keys": keys})
