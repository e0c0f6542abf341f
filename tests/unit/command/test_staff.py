"""`readmeter explain`, `entitlement`, `reader`, `secret`, `replay`: what they ask and what they show."""

import json
from pathlib import Path
from typing import Any

import pytest

from readmeter.command.client import Request
from readmeter.staff.entitlement import MOST_BYTES
from tests.support.command import Typist, ends
from tests.support.fake_service import FakeService

RIO = "/v1/admin/sites/riotimes"
FOREVER: dict[str, Any] = {
    "subject": "ana",
    "entitled": True,
    "manual": {"plan": "yearly", "valid_from": None, "valid_until": None},
    "subscriptions": [{"id": "sub_1", "status": "canceled", "plan": None, "paid_until": "2026-11-01T00:00:00Z"}],
    "bonus": [{"meter": "default", "reads": 3, "until": "2026-12-01T00:00:00Z"}],
}


def sent(service: FakeService) -> list[Any]:
    return [json.loads(request.body) for request in service.asked if request.body]


# explain

DECISION = {
    "access": "granted",
    "reason": "metered",
    "meter": "default",
    "limit": 5,
    "used": 2,
    "remaining": 3,
    "resets_at": "2026-12-01T00:00:00-03:00",
    "rule": {"version": 3, "name": "default"},
    "warnings": ["identity: has expired"],
    "rules": [
        {"rule": "exempt", "decides": False, "why": "No section, tag or path of this page is exempt."},
        {"rule": "meter default", "decides": True, "why": "The first meter that matches this page."},
    ],
}


def test_explain_shows_every_rule_and_which_one_decides(run: Typist, service: FakeService) -> None:
    service.answers["POST", f"{RIO}/explain"] = (200, DECISION)
    view = ["--article", "42", "--section", "city", "--section", "rain", "--tag", "storm", "--subject", "ana"]
    result = run("explain", "riotimes", *view, "--address", "192.0.2.1", "--user-agent", "Googlebot/2.1")
    ends(result, 0, "→  meter default  The first meter", "   exempt         No section")
    ends(result, 0, "granted: metered, by version 3. default: 2 of 5 used, 3 left until 2026-12-01T00:00:00-03:00.")
    ends(result, 0, "warning: identity: has expired")
    assert sent(service) == [
        {"article": "42", "subject": "ana", "address": "192.0.2.1", "user_agent": "Googlebot/2.1"}
        | {"sections": ["city", "rain"], "tags": ["storm"]}
    ]


def test_a_view_without_a_meter_has_no_count(run: Typist, service: FakeService) -> None:
    none = {"reason": "exempt", "meter": None, "limit": None, "used": None, "remaining": None, "warnings": []}
    service.answers["POST", f"{RIO}/explain"] = (200, {**DECISION, **none})
    ends(run("explain", "riotimes", "--url", "https://x.test/a"), 0, "granted: exempt, by version 3.\n")


# entitlement


def test_a_grant_says_what_it_was_told(run: Typist, service: FakeService) -> None:
    service.answers["PUT", f"{RIO}/entitlements/ana"] = (200, FOREVER)
    given = ["--plan", "yearly", "--from", "2026-12-01", "--until", "2027-12-01T06:00:00-03:00"]
    ends(run("entitlement", "grant", "riotimes", "ana", *given), 0, "manual.plan                     yearly\n")
    run("entitlement", "grant", "riotimes", "ana")
    span = {"valid_from": "2026-12-01T00:00:00Z", "valid_until": "2027-12-01T06:00:00-03:00"}
    assert sent(service) == [{"plan": "yearly", **span}, {}]


@pytest.mark.parametrize("day", ["soon", "2026-13-01", "2026-12-01T06:00:00"])
def test_a_day_that_is_none_is_not_sent(run: Typist, service: FakeService, day: str) -> None:
    ends(run("entitlement", "grant", "riotimes", "ana", "--until", day), 2, "a day is written 2026-12-01")
    assert service.asked == []


@pytest.mark.parametrize(
    ("subject", "segment"),
    [
        ("ana", "ana"),
        ("ana@example.com", "~YW5hQGV4YW1wbGUuY29t"),
        ("a/../b", "~YS8uLi9i"),
        ("..", "~Li4"),
        ("~YQ", "~fllR"),
        ("Ângela", "~w4JuZ2VsYQ"),
    ],
)
def test_any_name_of_a_reader_is_one_part_of_the_path(
    run: Typist, service: FakeService, subject: str, segment: str
) -> None:
    service.answers["GET", f"{RIO}/entitlements/{segment}"] = (200, FOREVER)
    result = run("entitlement", "show", "riotimes", subject)
    ends(result, 0, "manual.valid_until              –\n", "subscriptions.sub_1.status      canceled\n")
    ends(result, 0, "bonus.default.reads             3\n")


def test_what_staff_gave_is_taken_back(run: Typist, service: FakeService) -> None:
    service.answers["DELETE", f"{RIO}/entitlements/ana"] = (204, b"")
    ends(run("entitlement", "revoke", "riotimes", "ana", answers="n\n"), 1, "Nothing was changed.")
    assert service.asked == []
    ends(run("entitlement", "revoke", "riotimes", "ana", "--yes"), 0, "ana has no entitlement by staff now.")


# entitlement import

HEAD = "subject,plan,valid_from,valid_until\n"


def csv_of(amount: int) -> str:
    return HEAD + "".join(f"reader-{n},yearly,,\n" for n in range(amount))


def importing(bad_lines: dict[str, str]) -> Any:
    """A service that finds fault with some subjects, and counts lines from each request's own first."""

    def answer(request: Request) -> tuple[int, Any]:
        lines = (request.body or b"").decode().splitlines()
        bad = [
            {"line": number, "column": "plan", "detail": bad_lines[subject]}
            for number, line in enumerate(lines, 1)
            if (subject := line.partition(",")[0]) in bad_lines
        ]
        written = 0 if bad or "dry_run" in request.url else len(lines) - 1
        return 200, {"site": "riotimes", "lines": len(lines) - 1, "written": written, "bad": bad}

    return answer


def test_a_file_is_looked_at_whole_and_then_written(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.answers["PUT", f"{RIO}/entitlements"] = importing({})
    (tmp_path / "all.csv").write_text(csv_of(12_000), newline="")
    ends(run("entitlement", "import", "riotimes", "all.csv"), 0, "riotimes: 12,000 lines are right and written.")
    assert [query.get("dry_run") for query in service.queries()] == ["true"] * 3 + [None] * 3
    bodies = [(request.body or b"").decode() for request in service.asked[3:]]
    assert [len(body.splitlines()) - 1 for body in bodies] == [5000, 5000, 2000]
    assert HEAD + "".join(body.removeprefix(HEAD) for body in bodies) == csv_of(12_000)
    assert service.asked[0].headers["content-type"] == "text/csv; charset=utf-8"


def test_bad_lines_are_named_as_the_file_counts_them(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.answers["PUT", f"{RIO}/entitlements"] = importing({"reader-7": "is long", "reader-6000": "is longer"})
    (tmp_path / "all.csv").write_text("\ufeff" + csv_of(6_001), encoding="utf-8")
    result = run("entitlement", "import", "riotimes", "all.csv")
    ends(result, 1, "line 9: plan is long; line 6002: plan is longer. Nothing was written.")
    assert all(query == {"dry_run": "true"} for query in service.queries())
    told = json.loads(run("entitlement", "import", "riotimes", "all.csv", "--dry-run", "--json").stdout)
    assert (told["lines"], told["written"], [bad["line"] for bad in told["bad"]]) == (6001, 0, [9, 6002])


def test_faults_that_the_service_only_counts_are_counted(run: Typist, service: FakeService, tmp_path: Path) -> None:
    bad = [{"line": line, "column": None, "detail": "must be CSV"} for line in range(2, 502)]
    answer = {"site": "riotimes", "lines": 0, "written": 0, "bad": bad, "more_bad": 1_500}
    service.answers["PUT", f"{RIO}/entitlements"] = 200, answer
    (tmp_path / "all.csv").write_text(csv_of(1))
    ends(run("entitlement", "import", "riotimes", "all.csv"), 1, "; and 1,990 more. Nothing was written.")
    assert json.loads(run("entitlement", "import", "riotimes", "all.csv", "--json").stdout) == answer


def test_a_dry_run_writes_nothing(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.answers["PUT", f"{RIO}/entitlements"] = importing({})
    (tmp_path / "all.csv").write_text(csv_of(2))
    ends(run("entitlement", "import", "riotimes", "all.csv", "--dry-run"), 0, "riotimes: 2 lines are right.")
    assert service.queries() == [{"dry_run": "true"}]


def test_a_reader_who_is_there_twice_is_found_across_requests(
    run: Typist, service: FakeService, tmp_path: Path
) -> None:
    service.answers["PUT", f"{RIO}/entitlements"] = importing({})
    (tmp_path / "all.csv").write_text(csv_of(5_000) + "reader-3,monthly,,\n")
    ends(run("entitlement", "import", "riotimes", "all.csv"), 1, "line 5002: subject is on line 5 already")


def test_cells_that_hold_lines_do_not_move_the_count(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.answers["PUT", f"{RIO}/entitlements"] = importing({})
    two_lines = "".join(f'reader-{n},"of\ntwo",,\n' for n in range(5_000))
    (tmp_path / "all.csv").write_text(HEAD + two_lines + "reader-3,x,,\n")
    ends(run("entitlement", "import", "riotimes", "all.csv"), 1, "line 10002: subject is on line 8 already")
    assert [len((request.body or b"").splitlines()) for request in service.asked] == [10_001, 2]


def test_long_lines_go_in_smaller_requests(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.answers["PUT", f"{RIO}/entitlements"] = importing({})
    (tmp_path / "all.csv").write_text(HEAD + "".join(f"{n}{'x' * 500},,,\n" for n in range(4_500)))
    ends(run("entitlement", "import", "riotimes", "all.csv", "--dry-run"), 0, "4,500 lines")
    assert len(service.asked) == 3
    assert all(len(request.body or b"") <= MOST_BYTES for request in service.asked)


def test_an_import_that_breaks_off_says_what_is_written(run: Typist, service: FakeService, tmp_path: Path) -> None:
    answer = importing({})

    def breaks(request: Request) -> tuple[int, Any]:
        writes = [each for each in service.asked if "dry_run" not in each.url]
        return (503, {"detail": "Busy."}) if len(writes) == 2 else answer(request)

    service.answers["PUT", f"{RIO}/entitlements"] = breaks
    (tmp_path / "all.csv").write_text(csv_of(6_000))
    ends(run("entitlement", "import", "riotimes", "all.csv"), 3, "What stands before line 5002 is written")


def test_a_quote_that_never_ends_is_told(run: Typist, service: FakeService, tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text(csv_of(1) + '"' + csv_of(9_000))
    ends(run("entitlement", "import", "riotimes", "all.csv"), 1, "a quote may be missing")
    assert service.asked == []


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"subject,plan\n\xe9,x\n"])
def test_a_file_that_is_no_text_is_not_sent(run: Typist, service: FakeService, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "all.csv").write_bytes(content)
    ends(run("entitlement", "import", "riotimes", "all.csv"), 1, "not UTF-8 text")
    assert service.asked == []


# reader

COUNTED = {"article": "Zm9v", "title": "Clouds on the Corcovado", "section": "City"}
READER: dict[str, Any] = {
    "subject": "ana",
    "registered": True,
    "entitled": False,
    "meters": [
        {"meter": "default", "limit": 10, "used": 4, "remaining": 6, "resets_at": "2026-12-01T00:00:00-03:00"}
        | {"bonus": 3, "articles": [COUNTED, {"article": "YmFy", "title": None, "section": None}]},
        {"meter": "markets", "limit": 1, "used": 0, "remaining": 1, "resets_at": None, "bonus": 0, "articles": []},
    ],
    "gifts": {"per_month": 10, "given": 2, "remaining": 8},
}


def test_a_reader_is_shown_with_meters_and_articles(run: Typist, service: FakeService) -> None:
    service.answers["GET", f"{RIO}/readers/ana"] = (200, READER)
    result = run("reader", "show", "riotimes", "ana")
    ends(result, 0, "ana is metered.", "default     10     4          6      3  2026-12-01T00:00:00-03:00", "0  –\n")
    ends(result, 0, "default  Clouds on the Corcovado  City\n", "default  YmFy", "Gifts this month: 2 of 10 given.")
    assert json.loads(run("reader", "show", "riotimes", "ana", "--json").stdout) == READER


@pytest.mark.parametrize(("word", "method", "path"), [("reset", "POST", "/ana/reset"), ("erase", "DELETE", "/ana")])
def test_what_cannot_be_undone_is_asked_for(
    run: Typist, service: FakeService, word: str, method: str, path: str
) -> None:
    service.answers[method, f"{RIO}/readers{path}"] = (200, READER) if word == "reset" else (204, b"")
    ends(run("reader", word, "riotimes", "ana", answers="\n"), 1, "Nothing was changed.")
    ends(run("reader", word, "riotimes", "ana"), 2, "--yes")
    assert service.asked == []
    ends(run("reader", word, "riotimes", "ana", answers="y\n"), 0, "ana is ")


def test_a_bonus_is_of_a_meter_and_ends(run: Typist, service: FakeService) -> None:
    service.answers["PUT", f"{RIO}/readers/ana/bonus"] = (200, READER)
    ends(run("reader", "bonus", "riotimes", "ana", "--reads", "3"), 0, "6      3")
    run("reader", "bonus", "riotimes", "ana", "--reads", "0", "--meter", "markets", "--until", "2026-12-24")
    until = {"until": "2026-12-24T00:00:00Z"}
    assert sent(service) == [{"meter": "default", "reads": 3}, {"meter": "markets", "reads": 0, **until}]


# secret


def test_a_secret_comes_from_standard_input_or_a_prompt_and_is_never_shown(run: Typist, service: FakeService) -> None:
    service.answers["PUT", f"{RIO}/secrets/stripe"] = (200, {})
    for result in (
        run("secret", "set", "riotimes", "stripe", standard_input="whsec_1\n"),
        run("secret", "set", "riotimes", "stripe", answers="whsec_1\n"),
    ):
        ends(result, 0, "riotimes: the secret stripe is set.")
        assert "whsec_1" not in result.output
    assert sent(service) == [{"value": "whsec_1"}] * 2


def test_an_empty_secret_changes_nothing(run: Typist, service: FakeService) -> None:
    ends(run("secret", "set", "riotimes", "stripe", standard_input="\n"), 2, "is not changed")
    assert service.asked == []


# replay

DOCUMENT = """\
site: riotimes
origins: [https://www.riotimesonline.com]
prompt: {subscribe_url: "https://www.riotimesonline.com/subscribe"}
"""
REPLAYED: dict[str, Any] = {
    "site": "riotimes",
    "period": "2026-11",
    "version": 3,
    "reads": 12_840,
    "readers": 4_210,
    "before": {"granted": 12_840, "readers_at_limit": 312},
    "after": {"granted": 11_120, "walled": 1_720, "readers_walled": 905, "readers_at_limit": 1_180},
    "meters": [
        {"meter": "default", "reader_class": "anonymous", "reads": 12_840, "readers": 4_210, "granted": 11_120}
        | {"walled": 1_720, "readers_walled": 905, "readers_at_limit_before": 312, "readers_at_limit_after": 1_180},
        {"meter": None, "reader_class": "anonymous", "reads": 0, "readers": 0, "granted": 0}
        | {"walled": 0, "readers_walled": 0, "readers_at_limit_before": 0, "readers_at_limit_after": 0},
    ],
    "unknown": {"reads_without_section": 0},
    "notes": ["Lifts are not replayed: they are about days to come."],
}


def test_replay_shows_before_against_after(run: Typist, service: FakeService, tmp_path: Path) -> None:
    (tmp_path / "proposed.yaml").write_text(DOCUMENT)
    service.answers["POST", f"{RIO}/replay"] = (200, REPLAYED)
    result = run("replay", "riotimes", "2026-11", "proposed.yaml")
    ends(result, 0, "2026-11 of riotimes: 12,840 reads by 4,210 readers.")
    ends(result, 0, "reads granted           12,840  11,120", "readers at their limit     312   1,180")
    ends(result, 0, "default  anonymous  12,840", "none     anonymous       0")
    assert result.stderr == "Lifts are not replayed: they are about days to come.\n"
    assert service.queries() == [{"period": "2026-11"}]
    assert service.asked[0].body == DOCUMENT.encode()


def test_another_sites_document_is_not_replayed(run: Typist, service: FakeService, tmp_path: Path) -> None:
    (tmp_path / "proposed.yaml").write_text(DOCUMENT)
    ends(run("replay", "folha", "2026-11", "proposed.yaml"), 2, "is the document of riotimes, not of folha")
    assert service.asked == []
