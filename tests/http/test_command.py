"""The command against the running service: from rules to a reader's view, and from that to finance's folder."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from readmeter.command.client import Client, Content, Refused, site_path, urllib_transport
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

    def type_(*words: str, standard_input: str = "") -> Result:
        result = CliRunner().invoke(main, words, input=standard_input, env={"READMETER_API": service.api})
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


# rules


@pytest.fixture
def document(run: Any, tmp_path: Path) -> Path:
    """Of a site that is new to the service, as `init` writes it."""
    name = fresh_id()
    made = run("init", "--address", "https://www.riotimesonline.com", "--site", name, "--timezone", "UTC")
    assert made.exit_code == 0, made.output
    return tmp_path / f"{name}.yaml"


def test_rules_from_a_first_document_to_a_roll_back(document: Path, run: Any) -> None:
    name = document.stem
    assert run("site", "validate", document.name).exit_code == 0
    assert run("site", "diff", document.name).exit_code == 1
    assert run("site", "apply", document.name).exit_code == 2  # nobody said yes
    assert f"{name} is at version 1." in run("site", "apply", document.name, "--yes").stdout
    assert run("site", "diff", document.name).exit_code == 0
    document.write_text(document.read_text().replace("anonymous: 5", "anonymous: 3"))
    changed = run("site", "apply", document.name, "--yes", "--if-version", "1")
    assert "meters.default.limits.anonymous  5          3          at once" in changed.stdout
    assert run("site", "apply", document.name, "--yes", "--if-version", "1").exit_code == 1
    assert f"{name} is at version 3." in run("site", "rollback", name, "1", "--yes").stdout
    assert "meters.default.limits.anonymous    5\n" in run("site", "show", name).stdout
    assert "      3  " in run("site", "versions", name).stdout
    assert name in run("site", "list").stdout


def test_what_show_prints_is_what_is_in_force(document: Path, run: Any) -> None:
    run("site", "apply", document.name, "--yes")
    document.write_text(run("site", "show", document.stem, "--yaml").stdout)
    assert run("site", "diff", document.name).exit_code == 0


def test_a_site_that_somebody_made_meanwhile_is_not_written_over(document: Path, run: Any, service: Running) -> None:
    name = document.stem
    Api(service.api).publish(site_document(name, name="Of somebody else"))
    client = Client(service.api, {}, urllib_transport())
    with pytest.raises(Refused, match="there already"):
        client.call(
            "PUT", site_path(name), None, Content("application/yaml", document.read_bytes()), {"if-none-match": "*"}
        )


def test_a_change_is_told_by_what_it_does_to_readers(site: str, month: str, run: Any, tmp_path: Path) -> None:
    proposed = tmp_path / "proposed.yaml"
    document = yaml.safe_load(run("site", "show", site, "--yaml").stdout)
    document["meters"][0]["limits"]["anonymous"] = 1
    proposed.write_text(yaml.safe_dump(document))
    told = run("site", "diff", "proposed.yaml")
    assert "default                1              0     1\n" in told.stdout, told.output
    document["meters"][0]["limits"]["anonymous"] = 0
    proposed.write_text(yaml.safe_dump(document))
    replayed = run("replay", site, month, "proposed.yaml")
    assert replayed.exit_code == 0, replayed.output
    assert f"{month} of {site}: 1 read by 1 reader." in replayed.stdout
    assert "reads walled                 0      1\n" in replayed.stdout
    assert "Only reads that were made are replayed" in replayed.stderr


# readers

ISSUER = "https://id.riotimesonline.com"


@pytest.fixture
def members(document: Path, run: Any) -> str:
    """A site whose readers sign in by a key of `token keys`."""
    made = run("token", "keys", "--key", "key.json")
    identity = {"issuer": ISSUER, **yaml.safe_load(made.stdout)}
    document.write_text(document.read_text() + yaml.safe_dump({"identity": identity}))
    assert run("site", "apply", document.name, "--yes").exit_code == 0
    return document.stem


@pytest.fixture
def sees(service: Running, members: str, run: Any) -> Any:
    """Why a signed-in reader may read an article or not."""

    def reason(subject: str, article: str, *words: str) -> str:
        told = run(
            "token",
            "identity",
            "--key",
            "key.json",
            "--issuer",
            ISSUER,
            "--site",
            members,
            "--subject",
            subject,
            *words,
        )
        view = Api(service.api).post({"site": members, "article": article, "identity": told.stdout.strip()})
        assert view.json["warnings"] == []
        return str(view.json["reason"])

    return reason


def test_a_test_token_signs_a_reader_in(sees: Any) -> None:
    assert sees("ana@example.com", "42") == "metered"
    assert sees("ana@example.com", "42", "--subscriber") == "subscriber"


def test_whom_staff_entitle_reads_without_limit(members: str, sees: Any, run: Any) -> None:
    subject = "ana@example.com/é"
    granted = run("entitlement", "grant", members, subject, "--plan", "press", "--until", "2099-01-01")
    assert "manual.valid_until  2099-01-01T00:00:00Z" in granted.stdout
    assert sees(subject, "42") == "subscriber"
    assert run("entitlement", "revoke", members, subject, "--yes").exit_code == 0
    assert "entitled       false" in run("entitlement", "show", members, subject).stdout
    assert run("entitlement", "revoke", members, subject, "--yes").exit_code == 1


def test_a_file_of_subscribers_is_all_written_or_none(members: str, sees: Any, run: Any, tmp_path: Path) -> None:
    head = "subject,plan,valid_from,valid_until\n"
    (tmp_path / "bad.csv").write_text(f"{head}ana,yearly,,\nbia,yearly,soon,\n")
    refused = run("entitlement", "import", members, "bad.csv")
    assert (refused.exit_code, "line 3: valid_from must be" in refused.stderr) == (1, True), refused.output
    assert sees("ana", "42") == "metered"
    (tmp_path / "good.csv").write_text(f"{head}ana,yearly,,\nbia,,,2099-01-01T00:00:00Z\n")
    assert "2 lines are right and written" in run("entitlement", "import", members, "good.csv").stdout
    assert [sees(subject, "43") for subject in ("ana", "bia")] == ["subscriber", "subscriber"]


def test_what_a_reader_used_is_shown_given_back_and_erased(members: str, sees: Any, run: Any, tmp_path: Path) -> None:
    (tmp_path / "articles.csv").write_text("id,title,section\n42,Clouds on the Corcovado,City\n")
    run("articles", members, "articles.csv")
    assert sees("ana", "42") == "metered"
    shown = run("reader", "show", members, "ana").stdout
    assert "ana is metered." in shown
    assert "default      5     1          4      0  " in shown
    assert "default  Clouds on the Corcovado  City" in shown
    assert "default      7     1          6      2  " in run("reader", "bonus", members, "ana", "--reads", "2").stdout
    assert "default      6     1          5      1  " in run("reader", "bonus", members, "ana", "--reads", "1").stdout
    assert run("reader", "reset", members, "ana", "--yes").exit_code == 0
    assert "ana is erased." in run("reader", "erase", members, "ana", "--yes").stdout
    assert "Clouds" not in run("reader", "show", members, "ana").stdout


def test_a_decision_is_explained_rule_by_rule(members: str, sees: Any, run: Any) -> None:
    sees("ana", "42")
    told = run("explain", members, "--article", "43", "--subject", "ana", "--section", "city")
    assert told.exit_code == 0, told.output
    assert "→  meter default  1 of 5 are used: there is room for one more.\n" in told.stdout
    assert "granted: metered, by version 1. default: 1 of 5 used, 4 left until " in told.stdout
    run("entitlement", "grant", members, "ana")
    told = run("explain", members, "--article", "43", "--subject", "ana")
    assert "→  subscriber " in told.stdout
    assert "granted: subscriber, by version 1.\n" in told.stdout
    forged = run("explain", members, "--article", "43", "--identity", "forged")
    assert (forged.exit_code, forged.stderr.startswith("warning: ")) == (0, True), forged.output
    wrong = run("explain", members, "--article", "43", "--address", "here")
    assert (wrong.exit_code, "[address: must be an IPv4 or IPv6 address]" in wrong.stderr) == (1, True)


def test_a_secret_is_taken_from_standard_input(members: str, run: Any) -> None:
    told = run("secret", "set", members, "stripe", standard_input="whsec_0123456789abcdef\n")
    assert (told.exit_code, told.stdout) == (0, f"{members}: the secret stripe is set.\n")
    assert run("secret", "set", members, "stripe", standard_input="nonsense").exit_code == 1


# the page


@pytest.mark.parametrize(
    ("path", "checks"),
    [
        ("/science/fireflies-are-green", 15),
        ("/pt/arts/o-delirio", 16),  # the edition whose text is withheld
        ("/ar/arts/al-asad-wal-thawr", 15),
    ],
)
def test_the_newspapers_articles_have_nothing_wrong(path: str, checks: int, run: Any, service: Running) -> None:
    result = run("doctor", service.newspaper + path, "--site", "rio-courier", "--json")
    found = json.loads(result.stdout)["checks"]
    assert [each for each in found if each["outcome"] != "ok"] == []
    assert (result.exit_code, len(found)) == (0, checks)


def test_another_sites_page_is_told(site: str, run: Any, service: Running) -> None:
    result = run("doctor", f"{service.newspaper}/science/fireflies-are-green", "--site", site)
    assert result.exit_code == 1
    assert "The tag names rio-courier" in result.stdout
    assert f"Add {service.newspaper} to `origins`" in result.stdout
