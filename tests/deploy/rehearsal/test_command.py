"""The command against the deployment: let in by AWS's signature alone, whatever it sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from readmeter.command.main import main
from tests.deploy.rehearsal.deployment import Deployment
from tests.deploy.rehearsal.emulator import ACCOUNT, REGION
from tests.support.api import fresh_id

READERS = "subject,plan,valid_from,valid_until\nana@example.com,press & friends,,2099-01-01T00:00:00-03:00\n"


@pytest.fixture
def run(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Types a command into an empty folder, as the account's root unless another key is given."""
    monkeypatch.chdir(tmp_path)
    credentials = {name.upper(): value for name, value in ACCOUNT.items()}
    surroundings = {"READMETER_API": deployment.address("AdminApi"), "AWS_DEFAULT_REGION": REGION, **credentials}

    def type_(*words: str, **environ: str) -> Result:
        result = CliRunner().invoke(main, words, env={**surroundings, **environ})
        assert "Traceback" not in result.output
        return result

    return type_


def test_rules_and_entitlements_are_written_by_a_signature(run: Any, tmp_path: Path) -> None:
    site = fresh_id()
    file = f"{site}.yaml"
    for words in (
        ("init", "--address", "https://www.riotimesonline.com", "--site", site, "--timezone", "UTC"),
        ("site", "apply", file, "--yes"),
        ("site", "diff", file),
        ("site", "show", site, "--version", "1", "--yaml"),
    ):
        result = run(*words)
        assert result.exit_code == 0, result.output
    (tmp_path / "readers.csv").write_text(READERS, encoding="utf-8")
    assert run("entitlement", "import", site, "readers.csv").exit_code == 0
    assert "manual.plan" in run("entitlement", "show", site, "ana@example.com").stdout


def test_another_key_is_refused(run: Any) -> None:
    result = run("site", "list", AWS_ACCESS_KEY_ID="AKIAUNKNOWNUNKNOWN00")
    assert result.exit_code == 1
    assert result.stderr.startswith("readmeter: ")
