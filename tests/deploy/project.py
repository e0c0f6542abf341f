"""A checkout of its own, to build and deploy in as a person does."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.engine import ROOT

HERE = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
NEEDED = ("Makefile", "template.yaml", "samconfig.toml", "tools", "functions", "shared", "requirements")


@dataclass(frozen=True)
class Project:
    """The sources that a deployment needs, and the tools that are installed."""

    folder: Path
    architecture: str

    @classmethod
    def copied(cls, folder: Path, architecture: str) -> Project:
        for name in NEEDED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(ROOT / name, folder / name)
        (folder / ".tools").symlink_to(ROOT / ".tools")
        return cls(folder, architecture)

    @property
    def build(self) -> Path:
        return self.folder / ".aws-sam" / "build"

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """What a command prints that knows no AWS account but what `environment` says."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE", "MFLAGS"))}
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**ours, "SAM_CLI_TELEMETRY": "0", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def configure(self, parameters: Mapping[str, str]) -> None:
        """Writes what `make deploy` asks for on first use, and does without its confirmation."""
        given = {"Architecture": self.architecture, **parameters}
        overrides = ", ".join(f'"{name}={value}"' for name, value in given.items())
        settings = (
            (ROOT / "samconfig.toml").read_text().replace("confirm_changeset = true", "confirm_changeset = false")
        )
        lines = [settings, 'region = "us-east-1"', f"parameter_overrides = [{overrides}]", ""]
        (self.folder / "samconfig.toml").write_text("\n".join(lines))
