"""What is one article, and what is another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmeter.core.article import digest, folded, identity, path_of
from readmeter.core.encoding import base64url, from_base64url


@pytest.mark.parametrize(
    ("article", "url", "expected"),
    [
        ("id-7", "https://a.example/x?y#z", "id-7"),
        (None, "https://a.example/x?utm=1#top", "https://a.example/x"),
        (None, "https://a.example/x#a?b", "https://a.example/x"),
        (None, "https://a.example/x?a?b#c#d?e", "https://a.example/x"),
        (None, "https://a.example/x", "https://a.example/x"),
    ],
)
def test_the_publishers_id_goes_before_the_url_without_query_and_fragment(
    article: str | None, url: str, expected: str
) -> None:
    assert identity(article, url) == expected


def test_a_digest_is_of_one_site_article_and_display() -> None:
    assert (
        len({digest(b"k", "a"), digest(b"l", "a"), digest(b"k", "b"), digest(b"k", "a", "1"), digest(b"k", "a", "2")})
        == 5
    )
    assert len(digest(b"k", "a")) == 16


def test_names_are_compared_without_case_space_or_spelling() -> None:
    assert folded(["Markets ", "MARKETS"]) == {"markets"}
    assert folded(["caf\u00e9"]) == folded(["cafe\u0301"])


@pytest.mark.parametrize(
    ("url", "path"), [("https://a.example/b/c?d", "/b/c"), (None, ""), ("http://[", ""), ("x", "x")]
)
def test_a_path_is_found_where_there_is_one(url: str | None, path: str) -> None:
    assert path_of(url) == path


@given(st.binary())
def test_base64url_has_one_spelling(data: bytes) -> None:
    assert from_base64url(base64url(data)) == data


@pytest.mark.parametrize("text", ["=", "QQ==", "QR", "A", "é", "Q Q", "+/"])
def test_other_spellings_are_refused(text: str) -> None:
    assert from_base64url(text) is None
