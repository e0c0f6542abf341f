"""What the documents say is so: what they name is there, and what they give to copy is well formed."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
import yaml
from werkzeug.test import Client

from local.engine import ROOT
from local.newspaper.app import newspaper
from local.template import Template
from readmeter.command.main import main
from readmeter.sites.document import SiteDocument
from tests.support.documents import block, blocks, pages
from tools.http_reference import slug

README = (ROOT / "README.md").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):[^=]", (ROOT / "Makefile").read_text(), re.MULTILINE))
ROUTES = [
    (route.method, re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route.path))))
    for route in Template.read(ROOT / "template.yaml").routes
]
LINK = re.compile(r"\]\(([^)\s]+)[^)]*\)")
MAKE = re.compile(r"(?:`|^)make ([a-z][a-z-]*)", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(`+)(.+?)\1", re.DOTALL)
ROUTE = re.compile(r"\b(GET|POST|PUT|DELETE) (/v1/[\w./{}<>-]+)")
PARSERS = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads}

each_page = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link.partition("#") for link in LINK.findall(page.read_text()) if "://" not in link]
    missing = [name for name, _, _ in links if name and not (page.parent / name).exists()]
    lost = [
        f"{name}#{anchor}"
        for name, _, anchor in links
        if anchor and anchor not in anchors(page.parent / name if name else page)
    ]
    assert missing + lost == []


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", CODE.sub("", page.read_text()), re.MULTILINE)
    return {slug(heading) for heading in headings}


@each_page
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    assert set(MAKE.findall(page.read_text())) <= TARGETS


def test_every_make_target_is_explained() -> None:
    named = {target for page in pages() if page.name != "CHANGELOG.md" for target in MAKE.findall(page.read_text())}
    assert TARGETS - {"help"} <= named


@each_page
def test_every_command_that_is_named_can_be_typed(page: Path) -> None:
    for typed in commands_in(page.read_text()):
        command: click.Command = main
        words = typed
        while isinstance(command, click.Group):
            assert words, f"{typed}: no whole command"
            assert words[0] in command.commands, f"{typed}: there is no {words[0]}"
            command, words = command.commands[words[0]], words[1:]
        known = {name for each in command.params for name in each.opts}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known, typed


def commands_in(text: str) -> Iterator[list[str]]:
    """The words after `readmeter` where a code span or a line of a block begins with it; `…` stands for none."""
    spans = [span.replace("\n", " ") for _, span in SPAN.findall(CODE.sub("", text))]
    lines = [line.removeprefix("$ ") for code in CODE.findall(text) for line in code.splitlines()]
    for code in [*spans, *lines]:
        if code.startswith("readmeter ") and "…" not in code:
            yield shlex.split(code, comments=True)[1:]


@each_page
def test_every_route_that_is_named_is_answered(page: Path) -> None:
    unknown = [
        f"{method} {path}"
        for method, path in ROUTE.findall(page.read_text())
        if not any(answered in (method, "ANY") and pattern.fullmatch(path.rstrip(".")) for answered, pattern in ROUTES)
    ]
    assert unknown == []


@each_page
def test_what_is_to_be_copied_is_well_formed(page: Path) -> None:
    for language, parse in PARSERS.items():
        for text in blocks(page, language):
            document = parse(text)
            if isinstance(document, dict) and {"site", "origins"} <= document.keys():
                SiteDocument.model_validate(document)


@each_page
def test_nothing_is_left_to_be_written(page: Path) -> None:
    assert re.findall(r"\b(TODO|FIXME|TBD|XXX)\b", page.read_text()) == []


def test_every_document_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / link.partition("#")[0]).resolve() for link in LINK.findall(index.read_text())}
    documents = {page for page in pages() if page.parent.name in ("docs", "reference") and page != index}
    assert documents <= listed


def test_the_readme_says_what_it_is_in_one_screen() -> None:
    assert len(README.splitlines()) <= 80
    for needed in ("make run", "make test", "<script async", "docs/images/", "What each set-up stops"):
        assert needed in README


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")]
    assert all(number.isdecimal() for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_the_structured_data_to_paste_is_the_demo_newspapers() -> None:
    """Google allows class selectors only, and the class has to be that of the text which the wall cuts."""
    pasted = linked_data(block("search-engines.md", "html", "ld+json"))
    control: Any = SimpleNamespace(now=lambda: 0.0)
    client = Client(newspaper("http://localhost:8080", "rio-courier", control, clock=control.now))
    article = client.get("/science/fireflies-are-green", base_url="http://localhost:8081")
    shown = linked_data(article.text)
    same = ("@type", "isAccessibleForFree", "hasPart")
    assert {key: pasted[key] for key in same} == {key: shown[key] for key in same}
    selector = pasted["hasPart"]["cssSelector"]
    assert re.fullmatch(r"\.[\w-]+", selector)
    assert f'class="{selector[1:]}" itemprop="articleBody"' in article.text


def linked_data(html: str) -> Any:
    [text] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    return json.loads(text)


def test_every_parameter_of_the_deployment_is_explained() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    parameters = re.findall(r"^  (\w+):$", template.partition("\nParameters:\n")[2].partition("\n\n")[0], re.MULTILINE)
    told = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("deploy.md", "operate.md"))
    assert len(parameters) > 5
    assert [name for name in parameters if f"`{name}`" not in told] == []
