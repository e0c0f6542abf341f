"""No text but the publisher's own token proves anybody, and none raises."""

from hypothesis import given
from hypothesis import strategies as st

from readmeter.metering.identity import Identity, Ignored, verify
from tests.support.identities import ALGORITHMS, NOW, Algorithm, identity_rules, key, sign, sign_text

algorithms = st.sampled_from(ALGORITHMS)
TOKENS = {alg: sign(alg=alg, subscriber=True) for alg in ALGORITHMS}


def verified(token: str, alg: Algorithm) -> Identity | Ignored:
    keys = (key(alg=alg),)
    return verify(token, identity_rules(*keys), "riotimes", keys, NOW)


@given(st.data(), algorithms)
def test_any_change_of_a_token_has_it_ignored(data: st.DataObject, alg: Algorithm) -> None:
    token = TOKENS[alg]
    start = data.draw(st.integers(0, len(token) - 1))
    end = data.draw(st.integers(start, min(len(token), start + 4)))
    put = data.draw(st.text(st.characters(codec="ascii"), max_size=4) | st.text(max_size=4))
    changed = token[:start] + put + token[end:]
    assert changed == token or isinstance(verified(changed, alg), Ignored)


@given(st.text(), algorithms)
def test_any_text_is_answered(text: str, alg: Algorithm) -> None:
    assert isinstance(verified(text, alg), Ignored)


@given(st.text(st.sampled_from("ey.J0-_=A"), max_size=60), algorithms)
def test_what_looks_like_a_token_is_answered(text: str, alg: Algorithm) -> None:
    assert isinstance(verified(text, alg), Ignored)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["exp", "nbf", "iat", "iss", "aud", "sub", "subscriber"])


@given(st.dictionaries(names, json_values))
def test_whatever_the_publisher_signs_is_answered(claims: dict[str, object]) -> None:
    assert isinstance(verified(sign(**claims), "ES256"), Identity | Ignored)


@given(st.text(max_size=40))
def test_whatever_the_publisher_signs_for_claims_is_answered(payload: str) -> None:
    assert isinstance(verified(sign_text(payload), "ES256"), Ignored)
