"""The keys of grants over HTTP: what a verifier reads every few minutes, and nothing more."""

import base64
import hashlib
import hmac
import json

from readmeter.core.grant import page_hash, write_grant
from readmeter.core.keys import Keyring
from readmeter.core.tokens import Reader
from readmeter.metering.keyring import CurrentKeyring
from tests.support.admin_api import RIO, SECRET, SITES, Clock, document

KEYS = f"{RIO}/grant-keys"


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_key_that_signs_is_a_json_web_key(admin):
    admin("PUT", RIO, document())
    answer = admin("GET", KEYS)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    _, key = Keyring.parse(SECRET).signing_key("grant", "riotimes")
    [told] = answer.json["keys"]
    assert (told["kty"], told["kid"], told["alg"], told["expires"]) == ("oct", "0", "HS256", None)
    assert decoded(told["k"]) == key


def test_it_verifies_what_views_sign(admin):
    admin("PUT", RIO, document())
    page = page_hash(["markets"], [], "/coffee")
    grant = write_grant(Keyring.parse(SECRET), "riotimes", Reader(bytes(16)), "A-1", "metered", page, Clock.now)
    signed, _, mac = grant.rpartition(".")
    [told] = admin("GET", KEYS).json["keys"]
    assert hmac.digest(decoded(told["k"]), signed.encode(), hashlib.sha256) == decoded(mac)


def test_during_a_rotation_there_are_two_and_later_the_old_one_is_gone(admin, monkeypatch):
    admin("PUT", RIO, document())
    expires = int(Clock.now + 3600)
    tokens = [{"kid": "1", "secret": "new", "expires": None}, {"kid": "0", "secret": "old", "expires": expires}]
    keyring = Keyring.parse(json.dumps({"permanent": "p", "tokens": tokens}))
    monkeypatch.setattr(CurrentKeyring, "__call__", lambda _: keyring)
    assert [(key["kid"], key["expires"]) for key in admin("GET", KEYS).json["keys"]] == [
        ("1", None),
        ("0", "2026-11-20T13:00:00Z"),
    ]
    admin.clock.now += 3600
    assert [key["kid"] for key in admin("GET", KEYS).json["keys"]] == ["1"]


def test_it_says_whether_soft_grants_are_good_enough(admin):
    admin("PUT", RIO, document())
    assert admin("GET", KEYS).json["soft_grants"] is False
    admin("PUT", RIO, document(soft_grants=True))
    assert admin("GET", KEYS).json["soft_grants"] is True


def test_every_site_has_keys_of_its_own(admin):
    admin("PUT", RIO, document())
    admin("PUT", f"{SITES}/another", document(site="another"))
    assert admin("GET", KEYS).json["keys"] != admin("GET", f"{SITES}/another/grant-keys").json["keys"]


def test_a_site_that_is_not_there_has_none(admin):
    assert admin("GET", KEYS).status == 404
    admin("PUT", RIO, document())
    admin("DELETE", RIO)
    assert admin("GET", KEYS).status == 404
