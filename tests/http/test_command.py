"""The command against the running service: one counted article, from the reader's view to finance's folder."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from readmeter.command.main import main
from tests.conftest import Running
from tests.support.api import Api, fresh_id, site_document

COUNTED_WITHIN = 30  # seconds from the view to the ledger


@pytest.fixture(scope="module")
def site(service: Running) -> str:
    """A site with one counted article."""
    api, site = Api(service.api), fresh_id()
    api.publish(site_document(site, name="The Rio Times"))
    view = api.post({"site": site, "article": "42", "sections": ["City"]})
    assert view.json["reason"] == "metered", view.body
    return site


@pytest.fixture
def month(service: Running, site: str, run: Any) -> str:
    """The month that it was counted in, once the ledger has it."""
    deadline = time.monotonic() + COUNTED_WITHIN
    while time.monotonic() < deadline:
        rows = json.loads(run("usage", site, "--by", "month", "--json").stdout)["rows"]
        if rows:
            assert [(row["quantity"], row["billable"]) for row in rows] == [(1, True)]
            return str(rows[0]["period"])
        time.sleep(0.1)
    pytest.fail(f"the view is not in the ledger after {COUNTED_WITHIN} s")


@pytest.fixture
def run(service: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.chdir(tmp_path)

    def type_(*words: str) -> Result:
        result = CliRunner().invoke(main, words, env={"READMETER_API": service.api})
        assert "Traceback" not in result.output
        return result

    return type_


def test_from_a_view_to_a_folder_that_is_proven(site: str, month: str, run: Any, tmp_path: Path) -> None:
    assert f"{site}_{month} is provisional, revision 1." in run("export", "create", site, month).stdout
    assert f"{month}  provisional" in run("export", "list", site).stdout
    got = run("export", "get", site, month, "--folder", "here")
    assert (got.exit_code, "All 6 files are in here" in got.stdout) == (0, True), got.output
    assert (tmp_path / "here" / "invoice.csv").read_bytes().endswith(b",default,article,1\r\n")
    proven = run("export", "verify", site, month, "--folder", "here")
    assert (proven.exit_code, "FAILS" in proven.stdout) == (0, False), proven.output
    assert "6 files in here are revision 1" in proven.stdout


def test_the_report_names_the_article_as_the_catalogue_does(site: str, month: str, run: Any, tmp_path: Path) -> None:
    (tmp_path / "articles.csv").write_text("id,title,section\n42,Clouds on the Corcovado,City\n")
    assert run("articles", site, "articles.csv").exit_code == 0
    assert run("report", site, month, "--output", "report.html").exit_code == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "To invoice so far: <strong>1</strong>" in page
    assert "Clouds on the Corcovado" in page


def test_an_open_month_is_not_rated(site: str, month: str, run: Any, tmp_path: Path) -> None:
    run("export", "create", site, month)
    (tmp_path / "prices.yaml").write_text("{currency: BRL, tiers: [{per_1000: 4}]}")
    result = run("rate", site, month, "--prices", "prices.yaml")
    assert (result.exit_code, result.stderr) == (
        1,
        f"readmeter: {month} is provisional: only a final month can be rated.\n",
    )


def test_an_unknown_site_is_a_line(run: Any) -> None:
    result = run("export", "create", "nobody-is-here", "2026-11")
    assert (result.exit_code, result.stderr) == (1, "readmeter: There is no such site.\n")


def test_a_field_that_is_wrong_is_named(site: str, run: Any) -> None:
    result = run("export", "create", site, "2126-11")
    assert result.exit_code == 1
    assert "[period: must have begun" in result.stderr
