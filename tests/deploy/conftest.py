"""The template as CloudFormation would see it, and the commands that read it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.project import Project

ROOT = Path(__file__).parents[2]
SAM_ENVIRONMENT = ROOT / ".tools" / "sam" / "bin"

Resource = dict[str, Any]


@dataclass(frozen=True)
class Stack:
    """What SAM makes of template.yaml: every resource that is asked of CloudFormation, by logical id."""

    resources: dict[str, Resource]
    outputs: dict[str, Any]
    parameters: dict[str, Any]

    def of_type(self, kind: str) -> dict[str, Resource]:
        return {name: resource for name, resource in self.resources.items() if resource["Type"] == kind}

    def properties(self, name: str) -> dict[str, Any]:
        properties: dict[str, Any] = self.resources[name]["Properties"]
        return properties


def run(*command: str | Path) -> str:
    """The output of a command that knows no AWS account; fails with what it printed where it fails."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={**environment, "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def translate() -> Callable[..., Stack]:
    """Translates template.yaml, with the layer uploaded under the given key."""

    def translated(layer_key: str = "layer") -> Stack:
        script = ROOT / "tests" / "deploy" / "translate.py"
        template = json.loads(run(SAM_ENVIRONMENT / "python", script, "template.yaml", layer_key))
        return Stack(template["Resources"], template["Outputs"], template["Parameters"])

    return translated


@pytest.fixture(scope="session")
def stack(translate: Callable[..., Stack]) -> Stack:
    return translate()


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """Makes a checkout that is built for a processor: one for all tests."""

    @cache
    def built(architecture: str) -> Project:
        project = Project.copied(tmp_path_factory.mktemp(architecture), architecture)
        done = project.run("tools/build.sh", architecture)
        assert done.returncode == 0, done.stdout + done.stderr
        return project

    return built
