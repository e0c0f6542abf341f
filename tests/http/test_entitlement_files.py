"""Entitlements of many readers from a file of CSV: rehearsed or written as a whole, each bad line named."""

import pytest

from tests.support.admin_api import RIO, SITES, document
from tests.support.staff import ENTITLEMENTS, accounts, name_of

HEADER = "subject,plan,valid_from,valid_until\n"


@pytest.fixture
def rio(admin):
    """An admin client with the site `riotimes`."""
    admin("PUT", RIO, document())
    return admin


def put(rio, text, query="", path=ENTITLEMENTS):
    content = text if isinstance(text, bytes) else text.encode()
    return rio("PUT", path + query, content, content_type="text/csv")


def written(rio):
    return [item for item in rio.items() if item["sk"]["S"] == "ACCOUNT"]


GOOD = HEADER + "eva,Patron,2026-11-01T00:00:00Z,2027-11-01T00:00:00-03:00\nrui,,,\n"


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD + "\n\n",
        GOOD.rstrip("\n"),
        'subject,"plan",valid_from,valid_until\n"eva","Patron",2026-11-01T00:00:00Z,2027-11-01T00:00:00-03:00\nrui,,,',
        "plan,valid_until,subject,valid_from\nPatron,2027-11-01T00:00:00-03:00,eva,2026-11-01T00:00:00Z\n,,rui,\n",
    ],
)
def test_a_good_file_is_rehearsed_and_then_written(rio, text):
    rehearsed = put(rio, text, "?dry_run=true")
    assert (rehearsed.status, rehearsed.json) == (200, {"site": "riotimes", "lines": 2, "written": 0, "bad": []})
    assert written(rio) == []
    answer = put(rio, text)
    assert (answer.status, answer.json) == (200, {"site": "riotimes", "lines": 2, "written": 2, "bad": []})
    eva = rio("GET", f"{ENTITLEMENTS}/eva").json
    assert eva["manual"] == {
        "plan": "Patron",
        "valid_from": "2026-11-01T00:00:00Z",
        "valid_until": "2027-11-01T03:00:00Z",
    }
    assert rio("GET", f"{ENTITLEMENTS}/rui").json["entitled"] is True


def test_a_day_is_its_first_moment_in_utc(rio):
    """As `entitlement grant --until` has it. A plan may be called after a day."""
    assert put(rio, HEADER + "eva,2027-01-01,2026-11-01,2027-11-01\n").json["written"] == 1
    assert rio("GET", f"{ENTITLEMENTS}/eva").json["manual"] == {
        "plan": "2027-01-01",
        "valid_from": "2026-11-01T00:00:00Z",
        "valid_until": "2027-11-01T00:00:00Z",
    }


def test_a_file_replaces_what_was_there_and_leaves_others(rio):
    rio("PUT", f"{ENTITLEMENTS}/eva", {"plan": "Old"})
    rio("PUT", f"{ENTITLEMENTS}/ana", {"plan": "Stays"})
    put(rio, GOOD)
    put(rio, GOOD)
    plans = {name: rio("GET", f"{ENTITLEMENTS}/{name}").json["manual"]["plan"] for name in ("eva", "rui", "ana")}
    assert plans == {"eva": "Patron", "rui": None, "ana": "Stays"}


def test_a_file_of_the_header_alone_writes_nothing(rio):
    assert put(rio, HEADER).json == {"site": "riotimes", "lines": 0, "written": 0, "bad": []}


def test_a_file_of_many_is_written_in_parts(rio):
    assert put(rio, HEADER + "".join(f"user-{number},Patron,,\n" for number in range(250))).json["written"] == 250
    assert all(accounts(rio).account("riotimes", name_of(f"user-{number}")).manual for number in (0, 99, 100, 249))


def test_five_thousand_lines_are_taken_and_one_more_is_refused(rio):
    most = HEADER + "".join(f"user-{number},Patron,,\n" for number in range(5000))
    assert put(rio, most, "?dry_run=true").json == {"site": "riotimes", "lines": 5000, "written": 0, "bad": []}
    more = put(rio, f"{most}one-more,,,\nanother,,,\n")
    assert more.status == 422
    assert [(each["line"], each["column"]) for each in more.json["bad"]] == [(5002, None)]


BAD = [
    ("", [(1, None)]),
    ("\n \n", [(2, None)]),
    ("eva,Patron,,\n", [(1, None)]),
    ("subject,plan\neva,Patron\n", [(1, None)]),
    (HEADER.replace("plan", "subject") + "eva,,,\n", [(1, None)]),
    (HEADER.replace(",", ";") + "eva;;;\n", [(1, None)]),
    (HEADER + "eva,Patron\n", [(2, None)]),
    (HEADER + "eva,Patron,,,\n", [(2, None)]),
    (HEADER + ",Patron,,\n", [(2, "subject")]),
    (HEADER + "é" * 128 + ",Patron,,\n", [(2, "subject")]),
    (HEADER + '"two\nlines",Patron,,\nrui,,,x\n', [(2, "subject"), (4, "valid_until")]),
    (HEADER + "eva,,,\nrui,,,\neva,,,\n", [(4, "subject")]),
    (HEADER + "cafe\u0301,,,\ncaf\u00e9,,,\n", [(3, "subject")]),
    (HEADER + "eva," + "x" * 101 + ",,\n", [(2, "plan")]),
    (HEADER + "eva,,2026-11,2026-11-20T12:00:00\n", [(2, "valid_from"), (2, "valid_until")]),
    (HEADER + "eva,,2026-11-20T12:00:00Z,2026-11-20T12:00:00Z\n", [(2, "valid_until")]),
    (HEADER + 'eva,"Pat"ron,,\nrui,,,x\n', [(2, None), (3, "valid_until")]),
    (HEADER + 'eva,"Patron,,\nrui,,,\n', [(2, None)]),
    (HEADER + "eva," + "x" * 200_000 + ",,\nrui,,,x\n", [(2, None), (3, "valid_until")]),
]


@pytest.mark.parametrize(("text", "bad"), BAD)
def test_each_bad_line_is_named_and_nothing_of_the_file_is_written(rio, text, bad):
    good = f"{text.rstrip(chr(10))}\nzoe,,,\n" if text.startswith(HEADER) and '"Patron' not in text else text
    rehearsed = put(rio, good, "?dry_run=true")
    assert rehearsed.status == 200
    assert [(each["line"], each["column"]) for each in rehearsed.json["bad"]] == bad
    refused = put(rio, good)
    assert (refused.status, refused.headers["content-type"]) == (422, "application/problem+json")
    assert refused.json["bad"] == rehearsed.json["bad"]
    assert (refused.json["lines"], refused.json["written"]) == (rehearsed.json["lines"], 0)
    assert written(rio) == []


@pytest.mark.parametrize(
    ("lines", "faults"), [('"a"b\n' * 209_000, 209_000), ("a,,x,x\n" * 5000, 14_999)], ids=["no CSV", "three a line"]
)
def test_five_hundred_faults_are_named_and_the_rest_are_counted(rio, lines, faults):
    content = HEADER + lines
    assert len(content) < 1_048_576
    for answer in (put(rio, content, "?dry_run=true"), put(rio, content)):
        assert len(answer.json["bad"]) == 500
        assert answer.json["more_bad"] == faults - 500
        assert len(answer.body) < 100_000


def test_as_many_faults_as_are_named_are_all(rio):
    answer = put(rio, HEADER + "eva\n" * 500)
    assert len(answer.json["bad"]) == 500
    assert "more_bad" not in answer.json


def test_what_is_wrong_is_said_without_the_lines_own_words(rio):
    answer = put(rio, HEADER + "eva,canary\u0007,canary,canary\n" + "canary," * 9)
    assert answer.status == 422
    assert "canary" not in answer.body


@pytest.mark.parametrize(
    ("body", "status"), [(b"\xff", 400), ("subject".encode("utf-16"), 400), (b"x" * 1_048_577, 413)]
)
def test_a_body_that_is_no_text_or_too_large_is_refused(rio, body, status):
    assert put(rio, body).status == status


@pytest.mark.parametrize("query", ["?dry_run=yes", "?dry_run=", "?dry_run=True"])
def test_a_rehearsal_is_asked_for_exactly(rio, query):
    assert put(rio, GOOD, query).status == 422
    assert written(rio) == []


def test_only_a_site_that_is_there_takes_a_file(rio):
    assert put(rio, GOOD, path=f"{SITES}/other/entitlements").status == 404
    rio("DELETE", RIO)
    assert put(rio, GOOD).status == 404
    assert put(rio, GOOD, "?dry_run=true").status == 404
