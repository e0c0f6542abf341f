"""What a verifier makes of a page and of a grant, whatever they are: as the service does, and nothing else passes."""

import json

from hypothesis import assume, given
from hypothesis import strategies as st

from readmeter.core.article import normal
from readmeter.core.decision import Reason
from readmeter.core.encoding import base64url
from readmeter.core.grant import page_hash, write_grant
from readmeter.core.keys import Keyring, TokenSecret
from readmeter.core.tokens import Reader
from readmeter.verify.readmeter_verify import Granted, GrantKeys, Page, Refused, Verifier

NOW = 1_795_348_800.0
KEYS = Keyring("for ever", (TokenSecret("1", "a secret"),))
_TOLD = {"kid": "1", "k": base64url(KEYS.signing_key("grant", "riotimes")[1]), "expires": None}
VERIFIER = Verifier(
    lambda: GrantKeys.parse(json.dumps({"site": "riotimes", "soft_grants": False, "keys": [_TOLD]})),
)

characters = st.characters(exclude_categories=["Cs"], exclude_characters=",")
names = st.lists(st.text(characters, min_size=1, max_size=8).filter(lambda name: name == name.strip()), max_size=5)
pages = st.builds(
    Page,
    st.sampled_from(["https://www.example.com/a", "https://www.example.com/b"]),
    names,
    names,
    st.none() | st.text(characters, min_size=1, max_size=8),
)


def grant_for(page: Page, reason: Reason = "metered") -> str:
    """What the service signs for a page that the snippet described."""
    identity = normal(page.article) if page.article is not None else page.url
    described = page_hash(page.sections, page.tags, page.url.removeprefix("https://www.example.com"))
    return write_grant(KEYS, "riotimes", Reader(bytes(16)), identity, reason, described, NOW)


@given(pages)
def test_a_page_is_granted_by_its_own_grant(page: Page) -> None:
    assert isinstance(VERIFIER.check(grant_for(page), page, NOW), Granted)


@given(pages, pages)
def test_no_page_is_granted_by_the_grant_of_one_that_is_told_apart(asked: Page, page: Page) -> None:
    assume((asked.identity, asked.hash) != (page.identity, page.hash))
    assert isinstance(VERIFIER.check(grant_for(asked), page, NOW), Refused)


@given(pages, st.integers(-10_000, 10_000))
def test_a_grant_holds_from_half_a_minute_before_it_is_made_until_half_a_minute_after_it_ends(
    page: Page, seconds: int
) -> None:
    found = VERIFIER.check(grant_for(page), page, NOW + seconds)
    assert isinstance(found, Granted) is (-30 <= seconds < 630)


@given(st.text(max_size=40) | st.lists(st.text("eyJ0.-_=", max_size=20), max_size=4).map(".".join))
def test_what_nobody_signed_is_refused_without_a_fault(grant: str) -> None:
    assert isinstance(VERIFIER.check(grant, Page("https://www.example.com/a"), NOW), Refused)
