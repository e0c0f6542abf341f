"""Where in a site document's text a finding stands."""

import pytest

from readmeter.sites.lines import line_of, lines

YAML = b"""\
# The rules
site: riotimes
origins:
  - https://www.riotimesonline.com
  - https://riotimesonline.com
prompt:
  colors: {text: "#ffffff",
           background: "#cc0000"}
meters: [{name: default, limits: {anonymous: 5}}]
"a/b~": 1
"""


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("/site", 2),
        ("/origins", 3),
        ("/origins/1", 5),
        ("/prompt/colors/background", 8),
        ("/meters/0/limits/anonymous", 9),
        ("/a~1b~0", 10),
    ],
)
def test_a_value_is_where_its_key_is(pointer: str, line: int) -> None:
    assert line_of(pointer, lines(YAML)) == line


@pytest.mark.parametrize(
    ("pointer", "line"), [("/prompt/subscribe_url", 6), ("/meters/0/period/unit", 9), ("/name", 2)]
)
def test_what_is_absent_is_where_it_would_be(pointer: str, line: int) -> None:
    assert line_of(pointer, lines(YAML)) == line


def test_json_has_lines_too() -> None:
    assert line_of("/origins/0", lines(b'{\n"site": "x",\n"origins": [\n"y"]}')) == 4


@pytest.mark.parametrize("text", [b"", b"a: [", b"\xff\xfe", b"{" * 5000, b"a: &b 1\nc: *d"])
def test_what_is_no_document_has_no_lines(text: bytes) -> None:
    assert line_of("/site", lines(text)) is None
