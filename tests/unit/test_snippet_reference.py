"""The reference of the snippet names what its sources have: settings, members of `window.readmeter`, events."""

import re
from typing import get_args

from local.engine import ROOT
from readmeter.core.prompt import ActionKind
from tests.support.documents import pages

SOURCES = ROOT / "functions" / "snippet" / "src"
CODE = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.js"))
TYPES = (SOURCES / "types.d.ts").read_text(encoding="utf-8")
TEXT = (ROOT / "docs" / "reference" / "snippet.md").read_text(encoding="utf-8")
[INTERFACE] = re.findall(r"interface Settings \{(.*?)^\}", TYPES, re.DOTALL | re.MULTILINE)
SETTINGS = set(re.findall(r"^  (\w+)\?:", INTERFACE, re.MULTILINE))


def attribute(setting: str) -> str:
    """As `dataset` names it: identityUrl is data-identity-url."""
    return "data-" + re.sub(r"([A-Z])", lambda letter: f"-{letter[1].lower()}", setting)


def test_every_setting_is_told_and_no_other() -> None:
    assert set(re.findall(r"\b(data-[a-z]+(?:-[a-z]+)*)", TEXT)) == {attribute(each) for each in SETTINGS}


def test_every_member_is_told_and_no_other() -> None:
    [literal] = re.findall(r"^const readmeter = \{\n(.*?)^\};", CODE, re.MULTILINE | re.DOTALL)
    members = {
        *re.findall(r"^  (?:async )?(\w+)[:(,]", literal, re.MULTILINE),
        *re.findall(r"\breadmeter\.(\w+) =[^=]", CODE),
    }
    assert set(re.findall(r"\breadmeter\.(\w+)", TEXT)) == members


def test_every_event_is_told_and_no_other() -> None:
    assert set(re.findall(r"\breadmeter:(\w+)", TEXT)) == set(re.findall(r"\bemit\('(\w+)'", CODE))


def test_every_push_to_the_data_layer_is_told_and_no_other() -> None:
    [literal] = re.findall(r"^export const names = .*?\(\{\n(.*?)^\}\);", CODE, re.MULTILINE | re.DOTALL)
    parts = re.findall(r"^  \w+: ['`](.*?)['`],$", literal, re.MULTILINE)
    kinds = [*get_args(ActionKind), "link"]
    pushed = {re.sub(r"\$\{.*\}", kind, part) for part in parts for kind in kinds}
    assert set(re.findall(r"`readmeter_(\w+)`", TEXT)) == pushed


def test_no_document_names_a_setting_or_an_event_that_is_none() -> None:
    for page in pages():
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(r"\b(data-[a-z]+(?:-[a-z]+)*)=?[\"'`]", text)) - {"data-cfasync"}
        assert named <= {attribute(each) for each in SETTINGS}, page
        assert set(re.findall(r"readmeter:([a-z]\w+)", text)) <= set(re.findall(r"\bemit\('(\w+)'", CODE)), page
