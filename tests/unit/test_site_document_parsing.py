"""JSON and YAML make the same document; YAML says what it looks like it says."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from readmeter.sites.parse import Invalid, TooLarge, Unreadable, parse_document

CONTRACT = """
site: riotimes                    # comments are fine
name: The Rio Times
origins: [https://www.riotimesonline.com]
timezone: America/Sao_Paulo
locale: en
mode: off
meters:
  - name: markets
    limits: {anonymous: 1}
    match: {sections: [markets, no, 2026-11-01, 1:30, 010]}
    pool: default
  - name: default
    limits: {anonymous: 5, registered: 10}
    period: {unit: month}
    count: article
    match: {}
exempt: {sections: [obituaries], tags: [public-service], paths: ["/about/*"]}
prompt:
  subscribe_url: https://www.riotimesonline.com/subscribe
  sign_in_url: null
  register_url: ~
  show_when_remaining:
  colors: {background: "#cc0000", text: "#ffffff"}
"""


def test_yaml_words_are_words_and_numbers_are_decimal():
    document = parse_document(CONTRACT.encode(), "application/yaml")
    assert document.mode == "off"
    assert document.meters[0].match.sections == ["markets", "no", "2026-11-01", "1:30", "010"]
    assert document.meters[1].limits.registered == 10
    assert document.prompt.register_url is document.prompt.show_when_remaining is None


def test_json_and_yaml_make_the_same_document():
    as_yaml = parse_document(CONTRACT.encode(), "text/yaml; charset=utf-8")
    as_json = json.dumps(as_yaml.data()).encode()
    for content_type in ("application/json", "application/vnd.site+json; charset=utf-8", "text/plain", ""):
        assert parse_document(as_json, content_type) == parse_document(as_json, "application/yaml")
        assert parse_document(as_json, content_type).data() == as_yaml.data()
    assert parse_document(b"\xef\xbb\xbf" + as_json, "application/json").data() == as_yaml.data()


@pytest.mark.parametrize(
    "limit", ["010", "0x10", "1_000", "1e1", "5.0", "yes", "true", "+5", "9" * 30, '"5"', "2026-11-01"]
)
def test_a_limit_in_yaml_is_a_plain_whole_number(limit):
    text = CONTRACT.replace("anonymous: 1}", f"anonymous: {limit}}}")
    with pytest.raises(Invalid) as caught:
        parse_document(text.encode(), "application/yaml")
    assert caught.value.errors == [("/meters/0/limits/anonymous", "must be a whole number")]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("a: 1\nb: [", "The body is not one YAML document (line 2, column 5)."),
        ("a: 1\na: 2", "A key occurs twice (line 2, column 1)."),
        ("a: &b 1", "Anchors, aliases and tags are not accepted (line 1, column 4)."),
        ("a: *b", "Anchors, aliases and tags are not accepted (line 1, column 4)."),
        ("a: !!binary x", "Anchors, aliases and tags are not accepted (line 1, column 4)."),
        ("? {}\n: 1", "A key has to be text (line 1, column 3)."),
    ],
)
def test_yaml_errors_say_where(text, detail):
    with pytest.raises(Unreadable) as caught:
        parse_document(text.encode(), "application/yaml")
    assert caught.value.detail == detail
    assert f"(line {caught.value.line}, " in detail


def test_json_errors_say_where():
    with pytest.raises(Unreadable) as caught:
        parse_document(b'{"a":\n x}', "application/json")
    assert caught.value.detail == "The body is not JSON at line 2, column 2."
    assert caught.value.line == 2


def test_a_document_has_at_most_64_kilobytes():
    padded = CONTRACT.encode() + b"#" * (65_536 - len(CONTRACT.encode()))
    assert parse_document(padded, "application/yaml").site == "riotimes"
    with pytest.raises(TooLarge):
        parse_document(padded + b"#", "application/yaml")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(ANYTHING)
def test_any_value_is_read_or_refused_in_order_whether_json_or_yaml(value):
    for content, content_type in (
        (json.dumps(value).encode(), "application/json"),
        (yaml.safe_dump(value, allow_unicode=True).encode("utf-8", "surrogatepass"), "application/yaml"),
    ):
        with pytest.raises((Invalid, Unreadable)):
            parse_document(content, content_type)


@given(st.binary(max_size=200), st.sampled_from(["application/json", "application/yaml", ""]))
def test_any_bytes_are_refused_in_order(content, content_type):
    with pytest.raises((Invalid, Unreadable)):
        parse_document(content, content_type)
