"""The commands a person types: what they install is pinned, what they lack is said in one line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT
from tools.deploy import WATCHED, parameters, reason, too_few

PINNED = [*sorted((ROOT / "requirements").glob("*.txt")), ROOT / "shared" / "requirements.txt"]


def pins(path: Path) -> dict[str, str]:
    """The version of each package that a file pins; where it depends on the Python, all of them."""
    found: dict[str, str] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", path.read_text(), re.MULTILINE):
        found[name] = f"{found[name]} {version}" if name in found else version
    return found


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A PATH with nothing on it but a shell and what the scripts themselves use."""
    for tool in ("sh", "dirname", "apt-get"):
        where = shutil.which(tool)
        if where:
            (tmp_path / tool).symlink_to(where)
    return tmp_path


def install(machine: Path, environment: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "tools/install.sh", str(environment), "requirements/run.txt"],
        cwd=ROOT,
        env={"PATH": str(machine), "HOME": str(machine)},
        capture_output=True,
        text=True,
        check=False,
    )


def pretend_python(machine: Path, script: str) -> None:
    (machine / "python3").write_text(f"#!/bin/sh\n{script}\n")
    (machine / "python3").chmod(0o755)


@pytest.fixture
def bare_project(machine: Path) -> Path:
    """A checkout on that machine, whose pytest passes and says what it was asked for, and of which deployment."""
    project = machine / "project"
    shutil.copytree(ROOT / "tools", project / "tools")
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@" $READMETER_URL $READMETER_ADMIN_URL\n')
    python.chmod(0o755)
    (machine / "apt-get").unlink(missing_ok=True)
    (machine / "id").symlink_to(str(shutil.which("id")))
    return project


def make_test(project: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "tools/test.sh"],
        cwd=project,
        env={"PATH": str(project.parent), "HOME": str(project.parent), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_could_not_run_is_said_last_with_what_to_type(bare_project: Path) -> None:
    done = make_test(bare_project)
    asked, *said = [line for line in done.stdout.splitlines() if line]
    assert done.returncode == 0
    assert asked.startswith("-m pytest ")
    subjects = [re.fullmatch(r"Not run: (.+?)\. Type: .+", line) for line in said]
    assert all(subjects)
    assert [found[1] for found in subjects if found and found[1] != "the own path's recipes"] == [  # looks in /usr/sbin
        "what a reader sees in a browser",
        "the rebuild of the snippet and what publishers run in JavaScript",
        "sam build and the rehearsal of a deployment",
        "the rehearsal of a deployment",
        "exports in a spreadsheet",
    ]
    assert "--ignore=tests/browser" in asked
    assert "--ignore=tests/deploy/test_build.py --ignore=tests/deploy/rehearsal" in asked


def test_without_node_no_test_that_runs_it_is_asked_for(bare_project: Path) -> None:
    ignored = re.findall(r"--ignore=(\S+)", make_test(bare_project).stdout)
    tests = (path for path in (ROOT / "tests").rglob("test_*.py") if re.search(r'[\[(]"node",', path.read_text()))
    running = [path.relative_to(ROOT) for path in tests]
    assert running
    assert [path for path in running if not any(path.is_relative_to(each) for each in ignored)] == []


def test_the_suite_asks_no_deployment_whatever_the_environment_names(bare_project: Path) -> None:
    done = make_test(
        bare_project, READMETER_URL="https://elsewhere.example", READMETER_ADMIN_URL="https://staff.example"
    )
    assert "example" not in done.stdout


def test_in_ci_a_missing_tool_is_a_failure(bare_project: Path) -> None:
    assert make_test(bare_project, CI="true").returncode == 1


def test_make_alone_lists_every_target() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = re.search(r"^\.PHONY: help (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets
    assert [line.split()[:2] for line in listed.splitlines()] == [["make", name] for name in targets[1].split()]


def test_without_python_one_line_says_what_to_type(machine: Path) -> None:
    done = install(machine, machine / "environment")
    assert done.returncode == 1
    assert re.fullmatch(r"Readmeter needs Python 3\.11 or newer \(found: none\)\. Type: .+\n", done.stderr)


def test_with_an_old_python_one_line_names_it_and_says_what_to_type(machine: Path) -> None:
    pretend_python(machine, 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    done = install(machine, machine / "environment")
    assert done.returncode == 1
    assert re.fullmatch(r"Readmeter needs Python 3\.11 or newer \(found: Python 3\.9\.2\)\. Type: .+\n", done.stderr)


def test_without_venv_one_line_says_what_to_type(machine: Path) -> None:
    pretend_python(machine, 'case "$2" in *ensurepip*) exit 1;; esac')
    done = install(machine, machine / "environment")
    assert done.returncode == 1
    assert re.fullmatch(r"This Python cannot make virtual environments\. Type: .+\n", done.stderr)


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.parent.name + "/" + path.name)
def test_every_requirement_is_pinned_with_hashes_and_names_no_place(path: Path) -> None:
    text = path.read_text()
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    requirements = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert requirements
    assert all(re.match(r"[\w.-]+(\[[\w, -]+\])?==\S+ .*--hash=sha256:", line) for line in requirements)
    assert not re.findall(r"://|--index-url|--extra-index-url|--find-links| @ ", text)


@pytest.mark.parametrize("name", ["requirements/run.txt", "shared/requirements.txt"])
def test_what_ships_has_the_versions_that_are_tested(name: str) -> None:
    assert pins(ROOT / name).items() <= pins(ROOT / "requirements" / "test.txt").items()


@pytest.mark.parametrize(
    "saved",
    [
        'Architecture="x86_64" AlarmEmail="ops@example.com"',
        ["Architecture=x86_64", "AlarmEmail=ops@example.com"],
        {"Architecture": "x86_64", "AlarmEmail": "ops@example.com"},
    ],
)
def test_make_deploy_reads_the_parameters_in_every_form_that_sam_saves(saved: object) -> None:
    assert parameters({"parameter_overrides": saved}) == {"Architecture": "x86_64", "AlarmEmail": "ops@example.com"}


def test_make_deploy_without_credentials_says_in_one_line_what_to_type(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "tools/deploy.py"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        r"AWS takes no credentials from here: Unable to locate credentials\. Type one of: .+\n", done.stderr
    )


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        (
            "Traceback\nbotocore.exceptions.X: The profile (a) could not be found\n",
            "The profile (a) could not be found",
        ),
        ("Traceback\nKeyboardInterrupt\n", "KeyboardInterrupt"),
        ("", "no reason was given"),
    ],
)
def test_make_deploy_always_has_a_reason_why_aws_refused(errors: str, said: str) -> None:
    assert reason(errors) == said


def test_make_deploy_says_when_lambda_allows_less_than_the_alarm_is_told() -> None:
    first = {"parameter_overrides": {"Architecture": "arm64"}}
    assert too_few(first, "10") == (
        "Lambda allows this account 10 executions at once, and the alarm is told 1000: write "
        'LambdaConcurrency = "10" into samconfig.toml, or raise the quota (docs/operate.md, "Raise limits").'
    )
    told = {"parameter_overrides": {"LambdaConcurrency": "10"}}
    assert [too_few(told, "10"), too_few(first, "1000"), too_few(first, "")] == [None] * 3
    declared = (ROOT / "template.yaml").read_text().partition("\n  LambdaConcurrency:\n")[2]
    assert re.search(r'Default: "(\d+)"', declared).group(1) == WATCHED  # type: ignore[union-attr]


def test_make_deploy_without_the_functions_python_says_what_to_type(machine: Path) -> None:
    (machine / "make").symlink_to(str(shutil.which("make")))
    project = machine / "project"
    shutil.copytree(ROOT / "tools", project / "tools")
    shutil.copy2(ROOT / "Makefile", project / "Makefile")
    done = subprocess.run(
        ["make", "deploy"],
        cwd=project,
        env={"PATH": str(machine), "HOME": str(machine)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    missing, *ways, _ = done.stderr.splitlines()
    assert missing == "The deployed functions run on Python 3.13, and none was found to build them with. Type one of:"
    assert "sudo apt-get install python3.13 python3.13-venv" in ways[0]


def test_the_scripts_are_executable() -> None:
    scripts = [ROOT / ".ci" / "run", *(ROOT / "tools").glob("*.sh")]
    assert not [script for script in scripts if not os.access(script, os.X_OK)]
