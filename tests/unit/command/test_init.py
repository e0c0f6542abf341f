"""`readmeter init`: four answers, or options, make a site document that is right."""

import json
from pathlib import Path

import pytest

from local.engine import ROOT
from readmeter.sites.document import SiteDocument
from readmeter.sites.parse import parse_document
from tests.support.command import Typist, ends

GUIDE = (ROOT / "docs" / "command.md").read_text(encoding="utf-8").replace("\n   ", "\n")
ADDRESS = "https://www.riotimesonline.com/2026/11/coffee"


def written(path: Path) -> SiteDocument:
    return parse_document(path.read_bytes(), "application/yaml")


def test_four_questions_make_a_document(run: Typist, tmp_path: Path) -> None:
    answers = f'{ADDRESS}\nThe "Rio" Times: # é\nAmerica/Sao_Paulo\n7\n'
    result = run("init", answers=answers)
    ends(result, 0, "Next: readmeter site apply riotimesonline.yaml")
    asked = [line.partition(" [")[0].partition(":")[0] for line in result.stderr.splitlines()]
    assert len([line for line in asked if line]) == 4, result.stderr
    document = written(tmp_path / "riotimesonline.yaml")
    assert (document.site, document.name) == ("riotimesonline", 'The "Rio" Times: # é')
    assert (document.origins, document.timezone) == (["https://www.riotimesonline.com"], "America/Sao_Paulo")
    assert document.meters[0].limits.anonymous == 7
    assert document.prompt.subscribe_url == "https://www.riotimesonline.com/subscribe?return={return_url}"
    ends(run("site", "validate", "riotimesonline.yaml"), 0, "fine, 0 warnings")


def test_the_guide_shows_the_line_that_the_limit_is_on(run: Typist, tmp_path: Path) -> None:
    run("init", "--address", ADDRESS)
    file = tmp_path / "riotimesonline.yaml"
    file.write_text(file.read_text().replace("anonymous: 5", "anonymous: 501"))
    told = run("site", "validate", "riotimesonline.yaml").stdout
    assert told in GUIDE


def test_what_is_not_answered_has_a_default(run: Typist, tmp_path: Path) -> None:
    ends(run("init", answers="riotimesonline.com\n\n\n\n", TZ="Europe/Lisbon"), 0)
    document = written(tmp_path / "riotimesonline.yaml")
    assert (document.name, document.timezone) == ("riotimesonline.com", "Europe/Lisbon")
    assert document.meters[0].limits.anonymous == 5


def test_a_wrong_answer_is_asked_for_again(run: Typist, tmp_path: Path) -> None:
    answers = "http://riotimesonline.com\nriotimesonline.com\n\nBrasilia\nAmerica/Sao_Paulo\nmany\n501\n500\n"
    result = run("init", answers=answers)
    ends(result, 0, "must be https", "must be an IANA time zone", "must be a whole number up to 500")
    assert written(tmp_path / "riotimesonline.yaml").meters[0].limits.anonymous == 500


def test_without_a_terminal_only_the_address_is_needed(run: Typist, tmp_path: Path) -> None:
    ends(run("init"), 2, "--address names the site")
    result = run("init", "--address", "http://localhost:8000", "--json", TZ="UTC")
    assert json.loads(result.stdout) == {"file": "localhost.yaml", "site": "localhost"}
    assert written(tmp_path / "localhost.yaml").origins == ["http://localhost:8000"]


def test_options_are_not_asked_for(run: Typist, tmp_path: Path) -> None:
    options = ["--address", ADDRESS, "--name", "Rio", "--timezone", "UTC", "--articles", "0", "--site", "rio"]
    result = run("init", *options, "--subscribe-url", "https://pay.riotimesonline.com", answers="\n")
    ends(result, 0)
    assert result.stderr == ""
    document = written(tmp_path / "rio.yaml")
    assert (document.name, document.meters[0].limits.anonymous) == ("Rio", 0)
    assert document.prompt.subscribe_url == "https://pay.riotimesonline.com"


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("www.riotimesonline.com", "riotimesonline"),
        ("news.example.co.uk", "news-example"),
        ("g1.com", "site-g1"),
        ("192.0.2.7", "192-0-2"),
        ("12345.com", "12345"),
    ],
)
def test_the_id_is_made_of_the_host(run: Typist, tmp_path: Path, host: str, site: str) -> None:
    ends(run("init", "--address", host, TZ="UTC"), 0)
    assert written(tmp_path / f"{site}.yaml").site == site


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--timezone", "Brasilia"], "must be an IANA time zone"),
        (["--articles", "-1"], "must be a whole number"),
        (["--subscribe-url", "nowhere"], "prompt.subscribe_url must be an absolute https URL"),
        (["--site", "Rio"], "site must match"),
        (["--name", "a\nb"], "name must be one line"),
    ],
)
def test_a_wrong_option_writes_nothing(run: Typist, tmp_path: Path, options: list[str], said: str) -> None:
    ends(run("init", "--address", ADDRESS, *options, TZ="UTC"), 2, said)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_overwritten(run: Typist, tmp_path: Path) -> None:
    mine = tmp_path / "riotimesonline.yaml"
    mine.write_text("my own")
    ends(run("init", "--address", ADDRESS, TZ="UTC"), 2, "is there already")
    assert mine.read_text() == "my own"
    ends(run("init", "--address", ADDRESS, "--force", TZ="UTC"), 0)
    assert written(mine).site == "riotimesonline"
