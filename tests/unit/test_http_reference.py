"""The reference of the HTTP API is the API: every route of the template, and no other."""

import re

from local.engine import ROOT
from local.template import Template
from tools.http_reference import GUIDE, guide

TEXT = GUIDE.read_text(encoding="utf-8")
BY_METHOD_IN_CODE = {"/v1/reader": {"GET", "DELETE"}}  # of the template's routes for ANY method; the others take POST
NAMED_FILES = {"/v1/snippet.js", "/v1/snippet.json"}  # served by /v1/{asset}


def test_the_reference_is_in_step() -> None:
    assert guide(TEXT) == TEXT, "run `PYTHONPATH=shared .venv/bin/python -m tools.http_reference`"


def test_every_route_has_its_section_and_no_other_is_there() -> None:
    told = {(method, path) for method, path in re.findall(r"^### ([A-Z]+) (/\S+)$", TEXT, re.MULTILINE)}
    routes = {
        (method, route.path)
        for route in Template.read(ROOT / "template.yaml").routes
        for method in (BY_METHOD_IN_CODE.get(route.path, {"POST"}) if route.method == "ANY" else {route.method})
    }
    assert {each for each in told if each[1] not in NAMED_FILES} == routes


def test_every_section_says_what_it_takes_and_what_it_answers() -> None:
    sections = TEXT.split("\n### ")[1:]
    assert [section.partition("\n")[0] for section in sections if "| answer | meaning |" not in section] == []
    bare = ("POST /v1/admin/exports/{id}", "POST /v1/admin/sites/{site}/readers/{subject}/reset")
    posted = [section for section in sections if section.startswith(("POST", "PUT")) and not section.startswith(bare)]
    assert [section.partition("\n")[0] for section in posted if "**Body**: " not in section] == []
