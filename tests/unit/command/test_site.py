"""`readmeter site`: rules are checked, compared, written over what was compared with, and rolled back."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import Typist, ends
from tests.support.fake_service import FakeService

RIO = "/v1/admin/sites/riotimes"
DOCUMENT = """\
site: riotimes
origins: [https://www.riotimesonline.com]
meters:
  - name: default
    limits: {anonymous: 3}
prompt: {subscribe_url: "https://www.riotimesonline.com/subscribe"}
"""
NOVEMBER = 1_795_176_000.0  # the 20th, noon in UTC
CHANGES: list[dict[str, Any]] = [
    {"path": "/meters/default/limits/anonymous", "from": 5, "to": 3, "in_force": "2026-11-20T12:00:00+00:00"},
    {"path": "/timezone", "from": "UTC", "to": "America/Sao_Paulo", "in_force": "2026-12-01T00:00:00+00:00"},
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "riotimes.yaml"
    written.write_text(DOCUMENT)
    return written


@pytest.fixture
def rehearsed(service: FakeService, run: Typist) -> dict[str, Any]:
    """What the service answers to a PUT of the file: a change of version 4."""
    run.now = NOVEMBER
    answer: dict[str, Any] = {"site": "riotimes", "version": 5, "warnings": [], "differences": CHANGES}
    service.answers["PUT", RIO] = lambda _: (200, answer)
    return answer


# validate


def test_a_right_document_is_fine(run: Typist, service: FakeService, file: Path) -> None:
    ends(run("site", "validate", "riotimes.yaml"), 0, "riotimes.yaml: fine, 0 warnings.")
    assert service.asked == []


def test_errors_and_warnings_are_told_by_line(run: Typist, file: Path) -> None:
    file.write_text(DOCUMENT.replace("anonymous: 3", "anonymous: 900") + "colour: red\n")
    result = run("site", "validate", "riotimes.yaml")
    ends(result, 1, "riotimes.yaml:5: error: meters.0.limits.anonymous: must be at most 500\n")
    ends(result, 1, "riotimes.yaml:7: error: colour: is not a key here", "is no site document: 2 errors.")
    file.write_text(DOCUMENT + "locked:\n  paths: ['*']\n")
    ends(run("site", "validate", "riotimes.yaml"), 0, "riotimes.yaml:8: warning: locked.paths: Every article is for")


def test_what_is_no_document_says_where(run: Typist, file: Path) -> None:
    file.write_text("site: [\n")
    ends(
        run("site", "validate", "riotimes.yaml"), 1, "riotimes.yaml:2: error: The body is not one YAML document (line 2"
    )


def test_machines_get_findings_with_their_lines(run: Typist, file: Path) -> None:
    file.write_text(DOCUMENT + "colour: red\n")
    result = run("site", "validate", "riotimes.yaml", "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["valid"], told["warnings"]) == (1, False, [])
    assert [(each["line"], each["pointer"]) for each in told["errors"]] == [(7, "/colour")]


def test_offline_needs_no_credentials(run: Typist, file: Path) -> None:
    result = run("site", "validate", "riotimes.yaml", READMETER_API="https://admin.example.com")
    ends(result, 0)


# diff


def test_diff_shows_what_changes_and_from_when_on(
    run: Typist, service: FakeService, file: Path, rehearsed: dict[str, Any]
) -> None:
    result = run("site", "diff", "riotimes.yaml")
    ends(result, 1, "meters.default.limits.anonymous  5          3                  at once")
    ends(result, 1, "timezone                         UTC        America/Sao_Paulo  2026-12-01T00:00:00+00:00")
    [asked] = service.asked
    assert service.queries() == [{"dry_run": "true"}]
    assert (asked.headers["content-type"], asked.body) == ("application/yaml", DOCUMENT.encode())


def test_diff_shows_how_many_readers_meet_a_wall(run: Typist, file: Path, rehearsed: dict[str, Any]) -> None:
    line = {"meter": "default", "readers": 4210, "walled_before": 310, "walled_now": 1190}
    nobody = {"meter": "markets", "readers": 0, "walled_before": 0, "walled_now": 0}
    unknown = "Who has a bonus is not known here."
    rehearsed["effect"] = {"meters": [line, nobody], "notes": [unknown], "complete_until": "2026-11-20T11:45:00Z"}
    for word, code in (("diff", 1), ("apply", 2)):
        result = run("site", word, "riotimes.yaml")
        ends(result, code, "default            4,210            310  1,190")
        assert "markets" not in result.output
        assert unknown in result.stderr


def test_without_readers_there_is_nothing_to_note(run: Typist, file: Path, rehearsed: dict[str, Any]) -> None:
    nobody = {"meter": "default", "readers": 0, "walled_before": 0, "walled_now": 0}
    rehearsed["effect"] = {"meters": [nobody], "notes": ["Unknown."], "complete_until": "2026-11-20T11:45:00Z"}
    assert "Unknown." not in run("site", "diff", "riotimes.yaml").output


def test_diff_ends_with_0_where_nothing_differs(run: Typist, file: Path, rehearsed: dict[str, Any]) -> None:
    rehearsed["differences"] = []
    ends(run("site", "diff", "riotimes.yaml"), 0, "riotimes has these rules already, as version 4.")


def test_a_site_that_is_new_differs(run: Typist, file: Path, rehearsed: dict[str, Any]) -> None:
    rehearsed |= {"version": 1, "differences": []}
    ends(run("site", "diff", "riotimes.yaml"), 1, "riotimes is a new site.")


def test_the_services_warnings_have_lines(run: Typist, file: Path, rehearsed: dict[str, Any]) -> None:
    rehearsed["warnings"] = [{"pointer": "/meters/0/limits/anonymous", "detail": "This limit holds at once."}]
    result = run("site", "diff", "riotimes.yaml")
    assert result.stderr == "riotimes.yaml:5: warning: meters.0.limits.anonymous: This limit holds at once.\n"


def test_a_wrong_document_is_not_sent(run: Typist, service: FakeService, file: Path) -> None:
    file.write_text(DOCUMENT + "colour: red\n")
    for words in (["diff"], ["apply", "--yes"]):
        ends(
            run("site", words[0], "riotimes.yaml", *words[1:]), 1, "riotimes.yaml:7: error: colour", "Nothing was sent."
        )
    assert service.asked == []


# apply


def test_apply_shows_asks_and_writes_over_what_it_showed(
    run: Typist, service: FakeService, file: Path, rehearsed: dict[str, Any]
) -> None:
    result = run("site", "apply", "riotimes.yaml", answers="y\n")
    ends(result, 0, "anonymous  5", "Write it as version 5 of riotimes?", "riotimes is at version 5.")
    rehearsal, put = service.asked
    assert service.queries() == [{"dry_run": "true"}, {}]
    assert "if-match" not in rehearsal.headers
    assert put.headers["if-match"] == '"4"'
    assert put.body == DOCUMENT.encode()


def test_a_no_changes_nothing(run: Typist, service: FakeService, file: Path, rehearsed: dict[str, Any]) -> None:
    ends(run("site", "apply", "riotimes.yaml", answers="n\n"), 1, "Nothing was changed.")
    assert len(service.asked) == 1


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_scripts_have_to_say_yes(
    run: Typist, service: FakeService, file: Path, rehearsed: dict[str, Any], words: list[str]
) -> None:
    ends(run("site", "apply", "riotimes.yaml", *words), 2, "--yes")
    assert len(service.asked) == 1
    ends(run("site", "apply", "riotimes.yaml", "--yes", *words), 0)
    assert len(service.asked) == 3


def test_a_change_that_came_in_between_is_not_overwritten(
    run: Typist, service: FakeService, file: Path, rehearsed: dict[str, Any]
) -> None:
    stale = {"detail": "The site is not at the version that If-Match names; GET it for the newest ETag."}
    service.answers["PUT", RIO] = lambda request: (412, stale) if "if-match" in request.headers else (200, rehearsed)
    ends(run("site", "apply", "riotimes.yaml", "--yes"), 1, "not at the version")
    ends(run("site", "apply", "riotimes.yaml", "--yes", "--if-version", "3"), 1, "not at the version")
    assert service.asked[-1].headers["if-match"] == '"3"'


def test_a_new_site_is_written_only_where_there_is_none(
    run: Typist, service: FakeService, file: Path, rehearsed: dict[str, Any]
) -> None:
    rehearsed |= {"version": 1, "differences": []}
    ends(run("site", "apply", "riotimes.yaml", "--yes"), 0, "riotimes is at version 1.")
    assert service.asked[1].headers["if-none-match"] == "*"


def test_what_is_in_force_is_not_written_again(
    run: Typist, service: FakeService, file: Path, rehearsed: dict[str, Any]
) -> None:
    rehearsed["differences"] = []
    ends(run("site", "apply", "riotimes.yaml"), 0, "as version 4. Nothing was written.")
    assert json.loads(run("site", "apply", "riotimes.yaml", "--json").stdout)["version"] == 4
    assert service.queries() == [{"dry_run": "true"}] * 2


# show, versions, list, rollback

STORED = {
    "site": "riotimes",
    "name": "The Rio Times",
    "origins": ["https://www.riotimesonline.com", "https://riotimesonline.com"],
    "meters": [{"name": "default", "limits": {"anonymous": 5}}],
    "lift": [],
}


def test_show_names_keys_as_differences_do(run: Typist, service: FakeService) -> None:
    service.answers["GET", RIO] = (200, STORED)
    result = run("site", "show", "riotimes", "--version", "2")
    ends(
        result,
        0,
        "meters.default.limits.anonymous  5\n",
        "origins                          https://www.riotimesonline.com, ",
    )
    assert service.queries() == [{"version": "2"}]


def test_show_prints_a_file_to_edit(run: Typist, service: FakeService) -> None:
    service.answers["GET", RIO] = (200, STORED)
    assert yaml.safe_load(run("site", "show", "riotimes", "--yaml").stdout) == STORED
    assert json.loads(run("site", "show", "riotimes", "--json").stdout) == STORED
    ends(run("site", "show", "riotimes", "--json", "--yaml"), 2)


def test_versions_say_who_wrote_them(run: Typist, service: FakeService) -> None:
    written = {"version": 2, "written_at": "2026-11-20T12:00:00Z", "written_by": "ana"}
    service.answers["GET", f"{RIO}/versions"] = (200, {"versions": [written]})
    ends(run("site", "versions", "riotimes"), 0, "      2  2026-11-20T12:00:00Z  ana\n")


def test_list_names_the_sites(run: Typist, service: FakeService) -> None:
    service.answers["GET", "/v1/admin/sites"] = (200, {"sites": []})
    ends(run("site", "list"), 0, "No site yet.")
    listed = {"site": "riotimes", "version": 2, "written_at": "2026-11-20T12:00:00Z"}
    service.answers["GET", "/v1/admin/sites"] = (200, {"sites": [listed]})
    ends(run("site", "list"), 0, "riotimes        2  2026-11-20T12:00:00Z\n")


def test_rollback_writes_the_old_version_over_the_newest(
    run: Typist, service: FakeService, rehearsed: dict[str, Any]
) -> None:
    service.answers["GET", RIO] = (200, STORED)
    ends(run("site", "rollback", "riotimes", "2", "--yes"), 0, "anonymous  5", "riotimes is at version 5.")
    get, _, put = service.asked
    assert get.url.endswith("?version=2")
    assert (json.loads(put.body or b""), put.headers["if-match"]) == (STORED, '"4"')
