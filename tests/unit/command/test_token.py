"""`readmeter token`: keys for a site document, and tokens that they verify."""

import json
import stat
from pathlib import Path

import jwt
import pytest
import yaml

from readmeter.sites.document import Key
from tests.support.command import Typist, ends

NOW = 1_795_176_000.0
WHO = ("--subject", "ana@example.com", "--site", "riotimes", "--issuer", "https://id.riotimesonline.com")


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
def test_a_token_verifies_by_the_public_key_alone(run: Typist, tmp_path: Path, alg: str) -> None:
    run.now = NOW
    made = run("token", "keys", "--key", "key.json", "--alg", alg)
    ends(made, 0)
    [entry] = yaml.safe_load(made.stdout)["keys"]
    assert Key.model_validate(entry).alg == alg
    assert "d" not in entry["jwk"]
    token = run("token", "identity", "--key", "key.json", *WHO, "--subscriber", "--expires", "1h").stdout.strip()
    assert jwt.get_unverified_header(token) == {"alg": alg, "kid": entry["kid"], "typ": "JWT"}
    claims = jwt.decode(
        token,
        jwt.PyJWK(entry["jwk"], alg).key,
        algorithms=[alg],
        audience="riotimes",
        issuer="https://id.riotimesonline.com",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (claims["sub"], claims["subscriber"]) == ("ana@example.com", True)
    assert (claims["iat"], claims["exp"]) == (NOW, NOW + 3600)


def test_only_its_owner_can_read_the_private_key(run: Typist, tmp_path: Path) -> None:
    run("token", "keys", "--key", "key.json")
    assert stat.S_IMODE((tmp_path / "key.json").stat().st_mode) == 0o600


def test_a_key_is_not_overwritten(run: Typist, tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text("mine")
    ends(run("token", "keys", "--key", "key.json"), 2, "is there already")
    assert (tmp_path / "key.json").read_text() == "mine"


def test_a_reader_who_does_not_subscribe_has_no_such_claim(run: Typist) -> None:
    run.now = NOW
    run("token", "keys", "--key", "key.json")
    told = json.loads(run("token", "identity", "--key", "key.json", *WHO, "--json").stdout)
    assert told["claims"] == {
        "iss": "https://id.riotimesonline.com",
        "aud": "riotimes",
        "sub": "ana@example.com",
        "iat": int(NOW),
        "exp": int(NOW) + 600,
    }


@pytest.mark.parametrize("span", ["10", "0m", "-1m", "soon", "10w"])
def test_a_span_that_is_none_is_refused(run: Typist, span: str) -> None:
    run("token", "keys", "--key", "key.json")
    ends(run("token", "identity", "--key", "key.json", *WHO, "--expires", span), 2, "a span is written")


@pytest.mark.parametrize("text", ["", "no key", "{}", "[]", '{"kty": "EC"}'])
def test_a_file_that_is_no_key_is_named(run: Typist, tmp_path: Path, text: str) -> None:
    (tmp_path / "key.json").write_text(text)
    ends(run("token", "identity", "--key", "key.json", *WHO), 2, "key.json is no private key")


def test_the_public_part_alone_signs_nothing(run: Typist, tmp_path: Path) -> None:
    public = json.loads(run("token", "keys", "--key", "key.json", "--json").stdout)
    (tmp_path / "public.json").write_text(json.dumps({**public["jwk"], "alg": "ES256", "kid": "k"}))
    ends(run("token", "identity", "--key", "public.json", *WHO), 2, "public.json is no private key")
