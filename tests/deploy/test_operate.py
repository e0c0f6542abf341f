"""What docs/operate.md has one type exists: resources, parameters, commands and options, jobs, fields of the logs."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import shutil
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import ServiceModel

from local.template import Template
from readmeter.usage.jobs import Jobs
from readmeter.web.fault import fault_fields
from tests.deploy.conftest import ROOT, SAM_ENVIRONMENT, Stack, run
from tests.support.documents import blocks
from tools.deploy import parameters

PAGE = ROOT / "docs" / "operate.md"
TEXT = PAGE.read_text(encoding="utf-8")
SHELL = "\n".join(blocks(PAGE, "sh"))
(LIMITS,) = blocks(PAGE, "toml")
# As `sam deploy --save-params` does with what first_answers gives it
SAVED_BY_SAM = """
import sys
from samcli.lib.config.samconfig import SamConfig
config = SamConfig(sys.argv[1])
overrides = {"Architecture": "arm64", "AlarmEmail": "ops@example.com"}
config.put(["deploy"], "parameters", "parameter_overrides", overrides)
config.put(["global"], "parameters", "region", "us-east-1")
config.flush()
"""
OF_EVERY_COMMAND = {"--query", "--output", "--cli-read-timeout", "--cli-binary-format"}
# Made of several calls, so that no service's model has them
OF_SEVERAL_CALLS = {"logs tail": {"--since", "--format", "--filter-pattern"}, "s3 cp": {"--recursive"}}
INSIGHTS = {"stats", "count", "as", "pct", "by", "sort", "desc", "filter", "bin", "like", "fields", "limit", "and"}


def commands() -> list[list[str]]:
    """Every `aws …`, by its words; what comes of another command is one word."""
    text = re.sub(r"\\\n\s*", " ", SHELL)
    found = re.findall(r"\baws ([^\n|#]+?)(?: &&| > |\n|\|| #|$)", re.sub(r"\$\(resource (\w+)\)", r"\1", text))
    return [shlex.split(command.removesuffix(")")) for command in found]


@cache
def model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def options(service: str, operation: str) -> set[str]:
    """What the command line takes for it."""
    calls = {xform_name(name, "-"): name for name in model(service).operation_names}
    shape = model(service).operation_model(calls[operation]).input_shape
    members = {} if shape is None else shape.members
    words = {xform_name(name, "-"): member.type_name for name, member in members.items()}
    return {f"--{name}" for name in words} | {f"--no-{name}" for name, kind in words.items() if kind == "boolean"}


def test_every_resource_that_is_typed_is_in_the_template(stack: Stack) -> None:
    named = re.findall(r"\$\(resource (\w+)\)", TEXT)
    assert len(named) > 20
    assert set(named) <= stack.resources.keys()


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_aws_command_and_option_is_known(words: list[str]) -> None:
    service, operation, *rest = words
    given = {word for word in rest if word.startswith("--")}
    if f"{service} {operation}" in OF_SEVERAL_CALLS:
        assert given <= OF_SEVERAL_CALLS[f"{service} {operation}"]
        return
    if operation == "wait":
        waiters = botocore.session.get_session().get_waiter_model(service).waiter_names  # type: ignore[attr-defined]
        assert rest[0] in {xform_name(name, "-") for name in waiters}
        operation = "describe-table"
    assert given <= options(service, operation) | OF_EVERY_COMMAND


def test_no_command_is_overlooked() -> None:
    assert len(commands()) == len(re.findall(r"\baws ", SHELL)) > 30


def test_every_payload_is_an_event_that_its_function_takes() -> None:
    jobs = [json.loads(words[words.index("--payload") + 1]) for words in commands() if "--payload" in words]
    scheduled = {schedule.event()["job"] for schedule in Template.read(ROOT / "template.yaml").schedules}
    known = scheduled | set(re.findall(r'case \{"job": "(\w+)"', inspect.getsource(Jobs.run)))
    assert {job["job"] for job in jobs if "redrive" not in job} <= known
    assert [job for job in jobs if "job" not in job] == [{"redrive": True}]  # tests/contract/test_ledger_function.py


def test_every_tool_that_is_typed_is_there() -> None:
    tools = set(re.findall(r"\b(tools/\w+\.py)", SHELL))
    assert tools == {"tools/rotate_key.py", "tools/origin_secret.py", "tools/put_back.py"}
    assert all((ROOT / tool).exists() for tool in tools)


def test_limits_are_parameters_with_the_defaults_that_are_told(declared: dict[str, str]) -> None:
    assert parameters(in_table(LIMITS)).keys() <= declared.keys()
    for name, default in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| ([\d, ]+) \|", TEXT, re.MULTILINE):
        told = dict(zip(re.findall(r"\w+", name), default.split(", "), strict=True))
        assert told == {each: declared[each] for each in told}


def in_table(settings: str) -> dict[str, Any]:
    """What `make deploy` reads of a samconfig.toml."""
    deploy: dict[str, Any] = tomllib.loads(settings)["default"]["deploy"]["parameters"]
    return deploy


def test_raised_limits_are_added_to_what_the_first_deployment_saved(tmp_path: Path) -> None:
    shutil.copy2(ROOT / "samconfig.toml", tmp_path)
    run(SAM_ENVIRONMENT / "python", "-c", SAVED_BY_SAM, tmp_path)
    saved = (tmp_path / "samconfig.toml").read_text(encoding="utf-8")
    table, _, added = LIMITS.partition("\n")
    assert saved.count(table) == 1
    merged = in_table(saved.replace(table, f"{table}\n{added}"))
    assert parameters(merged) == {
        "Architecture": "arm64",
        "AlarmEmail": "ops@example.com",
        "RequestsPerSecond": "2000",
        "MaxWritesPerSecond": "2500",
        "NetworkRequestsPerSecond": "200",
        "NetworkBurst": "4000",
    }
    assert merged["confirm_changeset"] is True


@pytest.fixture(scope="module")
def declared() -> dict[str, str]:
    """The template's parameters and their defaults."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    part = text[text.index("\nParameters:\n") : text.index("\nConditions:\n")]
    return dict(re.findall(r'^  (\w+):\n    Type: .+\n    Default: "?(.*?)"?$', part, re.MULTILINE))


@pytest.mark.parametrize("page", ["deploy.md", "operate.md"])
def test_no_parameter_is_told_of_that_does_not_exist(declared: dict[str, str], page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[A-Z][a-z]+){2,}(?:USD)?)`", text))
    assert {
        name for name in named if name.endswith(("Second", "Burst", "Concurrency", "Email", "Days", "USD"))
    } <= declared.keys()
    if page == "deploy.md":
        assert declared.keys() <= set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def test_queries_ask_for_fields_that_lines_have(stack: Stack) -> None:
    of_requests = set(json.loads(stack.properties("PublicApiApiGatewayDefaultStage")["AccessLogSettings"]["Format"]))
    of_faults = {"message", *fault_fields("", ValueError())}
    queries = blocks(PAGE, "")
    for block, fields in zip(queries, (of_requests, of_faults), strict=True):
        bare = re.sub(r'"[^"]*"|/[^/]+/|as \w+', "", block)
        asked = set(re.findall(r"\b[a-z_]+\b", bare))
        aliases = set(re.findall(r"as (\w+)", block))
        assert asked - INSIGHTS - aliases - {"m"} <= fields
