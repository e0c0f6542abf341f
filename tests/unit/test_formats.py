"""What was written yesterday is read tomorrow: digests, keys and tokens pinned to the byte.

A change here renames every article and reader (digests, seeds), or forgets every reader's token.
"""

from readmeter.core.article import digest
from readmeter.core.grant import page_hash, write_grant
from readmeter.core.keys import Keyring, TokenSecret
from readmeter.core.state import State, read_state, scope_of, write_state
from readmeter.core.tokens import Reader, reader_of_seed, reader_of_token, reader_token
from tests.support.site import rules

KEYS = Keyring.parse('{"permanent": "for ever", "tokens": [{"kid": "a1", "secret": "a secret", "expires": null}]}')
READER = Reader(bytes(range(16)))
NOW = 1_795_348_800.0


def test_a_secret_is_read_as_it_is_stored() -> None:
    assert Keyring("for ever", (TokenSecret("a1", "a secret"),)) == KEYS
    assert Keyring.parse('{"permanent": "p"}') == Keyring("p", (TokenSecret("0", "p"),))


def test_an_articles_digest_never_changes() -> None:
    key = KEYS.permanent_key("article", "riotimes")
    assert digest(key, "id-7").hex() == "fcffe377461e75c83b3b65436d2f939b"
    assert digest(key, "id-7", "v1").hex() == "65edb77b65f32df907284e54ecdcb9ee"


def test_a_seeds_reader_never_changes() -> None:
    reader = reader_of_seed(KEYS, "riotimes", "A" * 22)
    assert reader is not None
    assert reader.name == "0LG2w-XsKiyJ-vLNfGtlAQ"


def test_a_readers_token_is_read_for_ever() -> None:
    token = "a1.awLZQAABAgMEBQYHCAkKCwwNDg8.ZSuPBqZQdMCSXwuE9AFFMw"
    assert reader_token(KEYS, "riotimes", READER, NOW) == token
    assert reader_of_token(KEYS, "riotimes", token, NOW) == READER


def test_a_state_is_read_for_ever() -> None:
    scope = scope_of(rules(), rules().meters[0], "2026-11")
    assert scope.hex() == "32dc7e0bba48bb1c0f1e6a51d84d8060"
    state = State(READER, scope, 2, int(NOW), 0, frozenset({b"\1" * 16, b"\2" * 16}))
    token = (
        "a1.AAECAwQFBgcICQoLDA0ODzLcfgu6SLscDx5qUdhNgGAAAmsC2UAAAAAAAAAAAAEBAQEBAQEBAQEBAQEBAQECAgICAgICAgICAgICAgIC"
        ".r_vK2D53vYLB_3HD3HNE_g"
    )
    assert write_state(KEYS, "riotimes", state) == token
    assert read_state(KEYS, "riotimes", token, NOW) == state


def test_a_grant_is_what_verifiers_were_written_against() -> None:
    page = page_hash(["sport"], ["Córdoba"], "/a")
    assert page == "AOPC2Fj2qlsJ2kz3cJufWw"
    assert write_grant(KEYS, "riotimes", READER, "id-7", "metered", page, NOW) == (
        "eyJhbGciOiJIUzI1NiIsImtpZCI6ImExIiwidHlwIjoiSldUIn0.eyJpc3MiOiJyZWFkbWV0ZXIiLCJhdWQiOiJyaW90aW1lcyIsInN1YiI6Il"
        "lqUHlBTURuYkd6ZmdPb3NJRVlTSlEiLCJhcnRpY2xlIjoiX1BfamQwWWVkY2c3TzJWRGJTLVRtdyIsImFydCI6Ik1INmpOR1hyZ2pyMjk2bXlQ"
        "MlNwT0EiLCJyZWFzb24iOiJtZXRlcmVkIiwicGFnZSI6IkFPUEMyRmoycWxzSjJrejNjSnVmV3ciLCJpYXQiOjE3OTUzNDg4MDAsImV4cCI6MT"
        "c5NTM0OTQwMH0.XYG_ReLXlRHY7ZhHiqvLp9GrBjH4NY-uWZa750DjXRQ"
    )
