"""Tokens: whose they are, who made them, how long they hold, and what a rotation leaves of them."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from readmeter.core.article import folded
from readmeter.core.decision import Reason
from readmeter.core.grant import page_hash, write_grant
from readmeter.core.keys import Keyring, TokenSecret
from readmeter.core.state import DENIES_FOR, State, read_state, write_state
from readmeter.core.tokens import (
    READER_LIFETIME,
    Reader,
    reader_of_seed,
    reader_of_token,
    reader_token,
    seal,
    unseal,
)

OLD = TokenSecret("old", "an old secret")
NEW = TokenSecret("new", "a new secret")
KEYS = Keyring("for ever", (OLD,))
ROTATED = Keyring("for ever", (NEW, OLD))
READER = Reader(bytes(range(16)))
NOW = 1_795_348_800.0


def test_keys_are_hkdf_sha256() -> None:
    info = b"article\0riotimes"
    expected = HKDF(algorithm=SHA256(), length=32, salt=b"readmeter", info=info).derive(b"for ever")
    assert KEYS.permanent_key("article", "riotimes") == expected


def test_every_purpose_and_site_has_a_key_of_its_own() -> None:
    made = {KEYS.signing_key(purpose, site)[1] for purpose in ("reader", "state", "grant") for site in ("a", "b")}
    assert len(made) == 6


def test_a_new_deployments_secret_signs_without_token_keys() -> None:
    fresh = Keyring.parse('{"permanent": "only this"}')
    assert reader_of_token(fresh, "a", reader_token(fresh, "a", READER, NOW), NOW) == READER


def test_a_readers_token_names_the_reader_on_its_own_site_only() -> None:
    token = reader_token(KEYS, "riotimes", READER, NOW)
    assert reader_of_token(KEYS, "riotimes", token, NOW) == READER
    assert reader_of_token(KEYS, "another", token, NOW) is None


def test_a_readers_token_expires() -> None:
    token = reader_token(KEYS, "riotimes", READER, NOW)
    assert reader_of_token(KEYS, "riotimes", token, NOW + READER_LIFETIME - 1) == READER
    assert reader_of_token(KEYS, "riotimes", token, NOW + READER_LIFETIME) is None


def test_a_token_of_another_purpose_is_worth_nothing() -> None:
    state = seal(KEYS, "state", "riotimes", bytes(20))
    assert reader_of_token(KEYS, "riotimes", state, NOW) is None


def test_a_rotation_loses_nobody() -> None:
    """The new key signs; the old one verifies until it expires."""
    token = reader_token(KEYS, "riotimes", READER, NOW)
    rotated = Keyring("for ever", (NEW, replace(OLD, expires=NOW + 60)))
    assert reader_of_token(rotated, "riotimes", token, NOW) == READER
    assert reader_token(rotated, "riotimes", READER, NOW).startswith("new.")
    assert reader_of_token(rotated, "riotimes", token, NOW + 60) is None


def test_a_rotation_renames_no_article_and_no_reader() -> None:
    assert ROTATED.permanent_key("article", "a") == KEYS.permanent_key("article", "a")
    assert reader_of_seed(ROTATED, "a", "A" * 22) == reader_of_seed(KEYS, "a", "A" * 22)


@given(st.text() | st.none())
def test_no_text_is_a_token_by_chance(text: str | None) -> None:
    assert reader_of_token(KEYS, "riotimes", text, NOW) is None
    assert read_state(KEYS, "riotimes", text, NOW) is None


@given(st.data())
def test_a_token_changed_anywhere_is_worth_nothing(data: st.DataObject) -> None:
    token = reader_token(KEYS, "riotimes", READER, NOW)
    where = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.characters().filter(lambda c: c != token[where]))
    assert unseal(KEYS, "reader", "riotimes", token[:where] + character + token[where + 1 :], NOW) is None


@pytest.mark.parametrize("seed", ["A" * 22, "-_" * 11, "abcdefghijklmnopqrstuv"])
def test_a_seed_names_one_reader_a_site(seed: str) -> None:
    assert reader_of_seed(KEYS, "a", seed) == reader_of_seed(KEYS, "a", seed)
    assert reader_of_seed(KEYS, "a", seed) != reader_of_seed(KEYS, "b", seed)


@pytest.mark.parametrize("seed", [None, "", "A" * 21, "A" * 23, "A" * 21 + "=", "A" * 21 + "\n", "é" * 22])
def test_what_is_no_seed_names_nobody(seed: str | None) -> None:
    assert reader_of_seed(KEYS, "a", seed) is None


STATES = st.builds(
    State,
    reader=st.builds(Reader, st.binary(min_size=16, max_size=16)),
    scope=st.binary(min_size=16, max_size=16),
    used=st.integers(0, 65_535),
    time=st.integers(0, 2**32 - 1),
    window_start=st.integers(0, 2**40),
    digests=st.frozensets(st.binary(min_size=16, max_size=16), max_size=64),
)


@given(STATES)
def test_a_state_is_read_as_it_was_written(state: State) -> None:
    assert read_state(KEYS, "riotimes", write_state(KEYS, "riotimes", state), NOW) == state
    assert read_state(KEYS, "another", write_state(KEYS, "riotimes", state), NOW) is None


@pytest.mark.parametrize(
    ("used", "age", "denies"),
    [(5, 0, True), (5, DENIES_FOR - 1, True), (5, DENIES_FOR, False), (4, 0, False), (6, 0, True), (5, -5, False)],
)
def test_a_state_denies_for_ten_minutes(used: int, age: int, denies: bool) -> None:
    digests = frozenset(bytes([number]) * 16 for number in range(used))
    state = State(READER, bytes(16), used, int(NOW), 0, digests)
    assert state.denies(5, NOW + age) is denies


def test_a_state_that_was_cut_short_denies_nothing() -> None:
    assert not State(READER, bytes(16), 5, int(NOW), 0, frozenset({bytes(16)})).denies(5, NOW)


def granted(reason: Reason = "metered", keys: Keyring = KEYS, article: str = "A-1") -> dict[str, Any]:
    """The claims of a grant."""
    page = page_hash(["Sport"], ["rio"], "/a")
    grant = write_grant(keys, "riotimes", READER, article, reason, page, NOW)
    claims: dict[str, Any] = json.loads(_decoded(grant.split(".")[1]))
    return claims


def test_a_grant_is_a_jwt_that_binds_the_decision() -> None:
    page = page_hash(["Sport"], ["rio"], "/a")
    grant = write_grant(KEYS, "riotimes", READER, "A-1", "metered", page, NOW)
    head, claims, mac = grant.split(".")
    key = KEYS.signing_key("grant", "riotimes")[1]
    assert _decoded(mac) == hmac.digest(key, f"{head}.{claims}".encode(), hashlib.sha256)
    assert json.loads(_decoded(head)) == {"alg": "HS256", "kid": "old", "typ": "JWT"}
    said = json.loads(_decoded(claims))
    assert said["exp"] - said["iat"] <= 600
    assert said["exp"] == int(NOW) + 600
    assert (said["aud"], said["reason"], said["page"]) == ("riotimes", "metered", page)
    assert base64.urlsafe_b64encode(READER.id).rstrip(b"=").decode() not in json.dumps(said), "the id stays with us"


def test_verifiers_know_an_article_again_by_the_grant_key_alone() -> None:
    marks = {granted(keys=keys, article=article)["art"] for keys in (KEYS, ROTATED) for article in ("A-1", "A-2")}
    assert len(marks) == 4
    names = {granted(keys=keys)["article"] for keys in (KEYS, ROTATED)}
    assert len(names) == 1, "the article's digest never changes"


def test_a_grant_by_campaign_is_soft() -> None:
    assert "soft" not in granted()
    assert granted("campaign")["soft"] is True


def test_the_page_hash_knows_no_order() -> None:
    one = page_hash(["a", "b"], ["c"], "/x")
    assert page_hash(["b", "a", "a"], ["c"], "/x") == one
    assert page_hash(["a"], ["b", "c"], "/x") != one
    assert page_hash(["a", "b"], ["c"], "/y") != one


def test_the_page_hash_cannot_be_met_by_other_names() -> None:
    pages = [([], []), ([""], []), ([","], []), ([";"], []), (["a,b"], []), (["a", "b"], []), (["a"], ["b"])]
    assert len({page_hash(sections, tags, "/") for sections, tags in pages}) == len(pages)


@given(st.lists(st.text(max_size=4), max_size=2), st.lists(st.text(max_size=4), max_size=2))
def test_pages_of_one_hash_are_one_to_every_rule(ours: list[str], theirs: list[str]) -> None:
    if page_hash(ours, [], "") == page_hash(theirs, [], ""):
        assert folded(ours) == folded(theirs)


@pytest.mark.parametrize("spelled", ["Córdoba", "CórDOBA", "Co\u0301rdoba", " córdoba\ufeff", "\u00a0córdoba\n"])
def test_composition_space_and_ascii_case_do_not_matter_to_the_page_hash(spelled: str) -> None:
    assert page_hash([spelled], [], "") == page_hash(["córdoba"], [], "")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
