"""Exports over HTTP: asked for, run as a job, listed, fetched by links that end, announced, verified."""

import gzip
import hashlib
import json
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.support.admin_api import RIO, SITES, document, scoped
from tests.support.usage_api import EXPORTS, UsageService, read, told

NOVEMBER = f"{EXPORTS}/riotimes_2026-11"
ASKED = {"site": "riotimes", "period": "2026-11"}
DAY = 86_400.0
NAMES = ["invoice.csv", "usage.csv", "usage.parquet", "usage.jsonl.gz", "counted.parquet", "manifest.json"]


@pytest.fixture
def rio(usage: UsageService) -> UsageService:
    """The site `riotimes` since now: noon of 2026-11-20 (UTC)."""
    usage.admin("PUT", RIO, document(name="The Rio Times", timezone="America/Sao_Paulo"))
    return usage


def content(service: UsageService, link: str) -> bytes:
    """What is behind a link."""
    body = service.exports.read(unquote(urlsplit(link).path).lstrip("/"))
    assert body is not None, link
    return body


def test_an_export_is_asked_for_run_and_got(rio):
    rio.count(read(1), read(2))
    asked = rio("POST", EXPORTS, ASKED)
    assert (asked.status, asked.json) == (202, {"export_id": "riotimes_2026-11", "status": "running"})
    running = {"export_id": "riotimes_2026-11", **ASKED, "status": "running", "revision": None}
    assert rio("GET", NOVEMBER).json == running
    rio.run()
    answer = rio("GET", NOVEMBER).json
    assert {key: value for key, value in answer.items() if key != "files"} == {
        **running,
        "status": "provisional",
        "revision": 1,
    }
    assert [file["name"] for file in answer["files"]] == NAMES


def test_every_file_is_what_the_answer_and_the_manifest_say(rio):
    rio.count(read(1), read(2))
    files = {file["name"]: file for file in rio.make("2026-11")["files"]}
    for file in files.values():
        body = content(rio, file["url"])
        assert (hashlib.sha256(body).hexdigest(), len(body)) == (file["sha256"], file["bytes"])
    manifest = json.loads(content(rio, files["manifest.json"]["url"]))
    for listed in manifest["files"]:
        told_of = files[listed["name"]]
        assert (told_of["sha256"], told_of["bytes"], told_of["rows"]) == (
            listed["sha256"],
            listed["bytes"],
            listed["rows"],
        )
    assert files["manifest.json"]["rows"] is None
    [row] = [json.loads(line) for line in gzip.decompress(content(rio, files["usage.jsonl.gz"]["url"])).splitlines()]
    assert (row["quantity"], row["unique_readers"], row["billable"]) == (2, 2, True)


def test_links_end_after_fifteen_minutes_and_name_the_file(rio):
    file = next(file for file in rio.make("2026-11")["files"] if file["name"] == "invoice.csv")
    query = parse_qs(urlsplit(file["url"]).query)
    assert query["X-Amz-Expires"] == ["900"]
    assert query["response-content-disposition"] == ['attachment; filename="riotimes_2026-11-r1-invoice.csv"']


def test_an_unchanged_ledger_makes_no_new_revision_and_a_changed_one_does(rio):
    rio.count(read(1))
    assert [rio.make("2026-11")["revision"] for _ in range(2)] == [1, 1]
    rio.count(read(2))
    assert rio.make("2026-11")["revision"] == 2


def test_an_earlier_revision_can_be_got_also_while_one_runs(rio):
    rio.count(read(1))
    first = rio.make("2026-11")
    rio.count(read(2))
    rio.make("2026-11")
    rio("POST", EXPORTS, ASKED)
    answer = rio("GET", f"{NOVEMBER}?revision=1").json
    assert (answer["revision"], answer["status"]) == (1, "provisional")
    assert [file["sha256"] for file in answer["files"]] == [file["sha256"] for file in first["files"]]
    assert rio("GET", f"{NOVEMBER}?revision=3").status == 404


@pytest.mark.parametrize("revision", ["", "0", "-1", "x", "1.5", "１", "9" * 5000])
def test_a_revision_is_a_whole_number(rio, revision):
    rio.make("2026-11")
    answer = rio("GET", f"{NOVEMBER}?revision={revision}")
    assert (answer.status, answer.pointers) == (422, ["/revision"])


def test_a_day_is_exported_too(rio):
    rio.count(read(1), read(2, "2026-11-11"))
    answer = rio.make("2026-11-10")
    assert (answer["export_id"], answer["period"], answer["status"]) == (
        "riotimes_2026-11-10",
        "2026-11-10",
        "provisional",
    )


def test_a_run_without_an_end_has_failed_after_twenty_minutes(rio):
    rio("POST", EXPORTS, ASKED)
    rio.clock.now += 1200
    assert rio("GET", NOVEMBER).json["status"] == "running"
    rio.clock.now += 1
    answer = rio("GET", NOVEMBER).json
    assert (answer["status"], "files" in answer) == ("failed", False)


def test_a_run_that_failed_says_so_and_the_revision_before_it_stands(rio, monkeypatch):
    rio.count(read(1))
    rio.make("2026-11")
    with monkeypatch.context() as patch:
        patch.setattr(rio.api.app.Exporter, "run", lambda *_: 1 / 0)
        rio("POST", EXPORTS, ASKED)
        with pytest.raises(ZeroDivisionError):
            rio.run()
    answer = rio("GET", NOVEMBER).json
    assert (answer["status"], answer["revision"], "files" in answer) == ("failed", 1, False)
    assert len(rio("GET", f"{NOVEMBER}?revision=1").json["files"]) == len(NAMES)
    assert rio.make("2026-11")["status"] == "provisional"


def test_a_job_that_cannot_be_started_is_no_running_export(rio, monkeypatch):
    class Full(list):
        def append(self, _):
            raise RuntimeError("no more invocations")

    handler = rio.api.app.build(rio.environment, rio.clock, Full().append, progress=lambda now: now)
    monkeypatch.setattr(rio.api, "handler", handler)
    assert rio("POST", EXPORTS, ASKED).status == 500
    assert rio("GET", NOVEMBER).json["status"] == "failed"


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/site", "/period"]),
        ({"site": "riotimes"}, ["/period"]),
        ({**ASKED, "format": "xlsx"}, ["/format"]),
        ({**ASKED, "site": 5}, ["/site"]),
        ({**ASKED, "site": "Rio Times"}, ["/site"]),
        ({**ASKED, "period": None}, ["/period"]),
        ({**ASKED, "period": "2026"}, ["/period"]),
        ({**ASKED, "period": "2026-13"}, ["/period"]),
        ({**ASKED, "period": "2026-11-31"}, ["/period"]),
        ({**ASKED, "period": "٢٠٢٦-11"}, ["/period"]),
        ({**ASKED, "period": "0001-01"}, ["/period"]),
        ({**ASKED, "period": "9999-12"}, ["/period"]),
        ({**ASKED, "period": "2026-12"}, ["/period"]),
        ({**ASKED, "period": "2026-11-21"}, ["/period"]),
        ([], [""]),
    ],
)
def test_each_wrong_field_is_named_and_nothing_is_started(rio, body, pointers):
    answer = rio("POST", EXPORTS, json.dumps(body), content_type="application/json")
    assert (answer.status, answer.pointers) == (422, pointers), answer
    assert rio.started == []
    assert rio("GET", EXPORTS).json == {"exports": []}


@pytest.mark.parametrize(("body", "status"), [(b"", 400), (b"{", 400), (b"\xff", 400), (b" " * 9000, 413)])
def test_a_body_that_is_none_is_refused(rio, body, status):
    assert rio("POST", EXPORTS, body).status == status


def test_today_can_be_exported_from_its_first_instant_on_the_sites_calendar(rio):
    rio.clock.now += 15 * 3600 - 1  # 23:59:59 in São Paulo
    assert rio("POST", EXPORTS, ASKED | {"period": "2026-11-21"}).status == 422
    rio.clock.now += 1
    assert rio("POST", EXPORTS, ASKED | {"period": "2026-11-21"}).status == 202


def test_a_site_that_never_was_has_no_exports_and_a_deleted_one_keeps_them(rio):
    assert rio("POST", EXPORTS, ASKED | {"site": "another"}).status == 404
    assert rio("GET", f"{EXPORTS}?site=another").status == 404
    rio.count(read(1))
    rio.admin("DELETE", RIO)
    assert rio.make("2026-11")["revision"] == 1
    assert len(rio("GET", EXPORTS).json["exports"]) == 1


@pytest.mark.parametrize(
    "export",
    ["riotimes_2026-11", "riotimes", "riotimes_2026-13", "riotimes_9999-12", "x_2026-11", "Rio_2026-11", "%00"],
)
def test_an_export_that_was_never_made_is_not_found(rio, export):
    assert rio("GET", f"{EXPORTS}/{export}").status == 404
    assert rio("GET", f"{EXPORTS}/{export}/verification").status == 404
    assert rio("POST", f"{EXPORTS}/{export}/verification").status == 404
    assert rio.started == []


def test_exports_are_listed_by_site_newest_first(rio):
    rio.admin("PUT", f"{SITES}/another", document(site="another"))
    rio.make("2026-11-10")
    rio.make("2026-11")
    rio("POST", EXPORTS, {"site": "another", "period": "2026-11"})
    listed = rio("GET", EXPORTS).json["exports"]
    assert listed == [
        {"export_id": "another_2026-11", "site": "another", "period": "2026-11", "status": "running", "revision": None},
        {
            "export_id": "riotimes_2026-11-10",
            "site": "riotimes",
            "period": "2026-11-10",
            "status": "provisional",
            "revision": 1,
        },
        {"export_id": "riotimes_2026-11", **ASKED, "status": "provisional", "revision": 1},
    ]
    assert rio("GET", f"{EXPORTS}?site=another").json["exports"] == listed[:1]
    assert rio("GET", EXPORTS, by=scoped("riotimes")).json["exports"] == listed[1:]
    assert rio("GET", EXPORTS, by=scoped()).json == {"exports": []}


ROUTES = [
    ("POST", EXPORTS, ASKED),
    ("GET", f"{EXPORTS}?site=riotimes", None),
    ("GET", NOVEMBER, None),
    ("GET", f"{NOVEMBER}?revision=1", None),
    ("GET", f"{NOVEMBER}/verification", None),
    ("POST", f"{NOVEMBER}/verification", None),
]


@pytest.mark.parametrize("by", [scoped("another"), scoped(), {"jwt": {"claims": {"sub": "bia"}}}, None, {"iam": {}}])
@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_a_foreign_export_is_forbidden_whether_it_exists_or_not(usage, method, path, body, by):
    absent = usage(method, path, body, by=by)
    usage.admin("PUT", RIO, document())
    usage.index.begin("riotimes", "2026-11", "run", usage.clock.now)
    usage.index.finish("riotimes", "2026-11", "run", "provisional", 1)
    before = usage.admin.items()
    present = usage(method, path, body, by=by)
    assert (absent.status, absent.body) == (present.status, present.body)
    assert present.status == 403
    assert usage.admin.items() == before
    assert usage.started == []


def test_the_list_wants_a_verified_caller_too(usage):
    assert usage("GET", EXPORTS, by=None).status == 403


def test_a_scoped_caller_does_all_with_its_own(rio):
    by = scoped("riotimes")
    assert rio("POST", EXPORTS, ASKED, by=by).status == 202
    rio.run()
    assert rio("GET", NOVEMBER, by=by).json["status"] == "provisional"
    assert rio("POST", f"{NOVEMBER}/verification", by=by).status == 202
    rio.run()
    assert rio("GET", f"{NOVEMBER}/verification", by=by).status == 200


def test_finance_is_told_once_when_a_month_is_final(rio):
    rio.count(*(read(number) for number in range(1203)))
    rio.make("2026-11")
    assert told() == []
    rio.clock.now += 20 * DAY
    assert rio.make("2026-11")["status"] == "final"
    [(subject, text)] = told()
    first = "November 2026 is final: 1,203 counted articles, The Rio Times"
    assert subject == first
    assert text.splitlines()[0] == first
    assert "To invoice: 1,203" in text
    assert "riotimes_2026-11" in text
    rio.make("2026-11")
    rio.make("2026-11-10")
    assert len(told()) == 1


def test_what_could_not_be_told_is_told_by_the_next_run(rio, monkeypatch):
    rio.clock.now += 20 * DAY
    with monkeypatch.context() as patch:
        patch.setattr(rio.api.app.Announcement, "publish", lambda *_: 1 / 0)
        rio("POST", EXPORTS, ASKED)
        with pytest.raises(ZeroDivisionError):
            rio.run()
    assert (rio("GET", NOVEMBER).json["status"], told()) == ("final", [])
    rio.job(job="schedule")
    rio.run()
    assert len(told()) == 1


def test_a_verification_is_started_and_its_result_kept(rio):
    rio.make("2026-11")
    assert rio("GET", f"{NOVEMBER}/verification").status == 404
    asked = rio("POST", f"{NOVEMBER}/verification")
    running = {"export_id": "riotimes_2026-11", "status": "running"}
    assert (asked.status, asked.json) == (202, running)
    assert rio("GET", f"{NOVEMBER}/verification").json == running
    rio.run()
    answer = rio("GET", f"{NOVEMBER}/verification").json
    assert (answer["status"], answer["export_id"], answer["revision"]) == ("done", "riotimes_2026-11", 1)
    assert answer["holds"] is True, [check for check in answer["checks"] if not check["holds"]]
    assert {"check", "holds", "detail"} <= answer["checks"][0].keys()


def test_a_verification_that_broke_off_has_failed(rio, monkeypatch):
    rio.make("2026-11")
    rio("POST", f"{NOVEMBER}/verification")
    monkeypatch.setattr(rio.api.app, "verify", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        rio.run()
    assert rio("GET", f"{NOVEMBER}/verification").json == {"export_id": "riotimes_2026-11", "status": "failed"}


def test_the_schedule_makes_what_is_due_and_reconciles_the_month_that_ended(rio):
    rio.count(read(1), read(2, "2026-11-20"))
    rio.job(job="schedule")
    assert [event["job"] for event in rio.run()] == ["exports"]
    exports = {each["period"]: each["status"] for each in rio("GET", EXPORTS).json["exports"]}
    assert exports == {"2026-11": "provisional", **{f"2026-11-{day:02}": "provisional" for day in range(1, 20)}}
    rio.job(job="schedule")
    assert rio.run() == []
    rio.clock.now += 12.1 * DAY  # 2 December
    rio.job(job="schedule")
    assert {"job": "reconcile", "month": "2026-11"} in rio.run()
    rio.clock.now += 2 * DAY
    for _ in range(3):
        rio.job(job="schedule")
        rio.run()
    exports = {each["period"]: each["status"] for each in rio("GET", EXPORTS).json["exports"]}
    assert {status for period, status in exports.items() if period.startswith("2026-11")} == {"final"}
    assert len(told()) == 1


@pytest.mark.parametrize(
    "event", [{}, {"job": "else"}, {"job": "export", "site": "riotimes"}, {"job": "export", "site": 5}]
)
def test_what_is_no_job_is_refused(usage, event):
    with pytest.raises(ValueError, match="no job"):
        usage.job(**event)


def test_a_fault_shows_no_internals(rio, monkeypatch, caplog):
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(rio.api.app.Exporter, "revision", fail)
    rio.make("2026-11")
    answer = rio("GET", NOVEMBER)
    logged = str([vars(record) for record in caplog.records])
    assert answer.status == 500
    assert "secret detail" not in answer.body + logged
    assert "RuntimeError" in logged
