"""The `readmeter` command: what people and machines read, what it sends, and how it ends."""

import csv
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click import unstyle

from readmeter.command.client import Client, Content, Request, Response
from tests.support.command import Typist, ends
from tests.support.fake_service import FakeService, export_files
from tests.support.report_sample import sample
from tests.support.signature import holds

EXPORT = "/v1/admin/exports/riotimes_2026-11"


# usage

USAGE: dict[str, Any] = {
    "site": "riotimes",
    "from": "2026-11-01",
    "to": "2026-11-03",
    "by": "day",
    "rows": [
        {"period": "2026-11-01", "meter": "default", "reader_class": "anonymous", "decision": "metered"}
        | {"billable": True, "quantity": 6140, "unique_readers": 2210},
        {"period": "2026-11-02", "meter": "", "reader_class": "subscriber", "decision": "subscriber"}
        | {"billable": False, "quantity": 12, "unique_readers": None},
    ],
    "complete_until": "2026-11-22T11:45:00Z",
}


def test_usage_is_a_table_with_what_is_billable(run: Typist, service: FakeService) -> None:
    service.answers["GET", "/v1/admin/sites/riotimes/usage"] = (200, USAGE)
    result = run("usage", "riotimes", "--from", "2026-11-01", "--to", "2026-11-03")
    ends(result, 0, "2026-11-01  default  anonymous   metered        6,140    2,210  yes")
    ends(result, 0, "Billable: 6,140. Complete until 2026-11-22T11:45:00Z.")
    assert service.queries() == [{"from": "2026-11-01", "to": "2026-11-03", "by": "day"}]


def test_a_table_fits_its_terminal(run: Typist, service: FakeService) -> None:
    service.answers["GET", "/v1/admin/sites/riotimes/usage"] = (200, USAGE)
    result = run("usage", "riotimes", FORCE_COLOR="1", COLUMNS="60", TERM="xterm")
    table = [unstyle(line) for line in result.stdout.splitlines()[1:-1]]
    assert max(map(len, table)) <= 60
    assert "…" not in result.stdout  # a figure that is cut is a wrong one
    assert "\x1b[1m" in result.stdout
    ends(run("usage", "riotimes", COLUMNS="40"), 0, "2026-11-01  default  anonymous   metered        6,140")


def test_machines_get_the_answer_as_it_is(run: Typist, service: FakeService) -> None:
    service.answers["GET", "/v1/admin/sites/riotimes/usage"] = (200, USAGE)
    assert json.loads(run("usage", "riotimes", "--json").stdout) == USAGE


def test_a_site_without_usage_says_0(run: Typist, service: FakeService) -> None:
    service.answers["GET", "/v1/admin/sites/riotimes/usage"] = (200, {**USAGE, "rows": []})
    ends(run("usage", "riotimes", "--by", "month"), 0, "Billable: 0.")


# where to, and who asks


def test_the_local_service_is_asked_with_its_own_word(run: Typist, service: FakeService) -> None:
    service.answers["GET", "/v1/admin/exports"] = (200, {"exports": []})
    ends(run("export", "list", "riotimes"), 0, "No export of riotimes yet.")
    assert service.asked[0].url == "http://localhost:8080/v1/admin/exports?site=riotimes"
    assert service.asked[0].headers["authorization"] == "Bearer local-admin"


def test_a_token_of_the_environment_goes_before_everything(run: Typist, service: FakeService) -> None:
    service.answers["GET", "/v1/admin/exports"] = (200, {"exports": []})
    run("export", "list", "riotimes", "--api", "https://admin.example.com/", READMETER_TOKEN="one of ours")
    assert service.asked[0].url.startswith("https://admin.example.com/v1/admin/exports?")
    assert service.asked[0].headers["authorization"] == "Bearer one of ours"


@pytest.fixture
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")


@pytest.mark.usefixtures("_credentials")
def test_a_deployed_service_is_asked_with_aws_signature(run: Typist, service: FakeService) -> None:
    service.answers["GET", "/v1/admin/exports"] = (200, {"exports": []})
    ends(run("export", "list", "riotimes", "--api", "https://abc.execute-api.sa-east-1.amazonaws.com"), 0)
    signature = service.asked[0].headers["Authorization"]
    assert signature.startswith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/")
    assert "/sa-east-1/execute-api/aws4_request" in signature


@pytest.mark.usefixtures("_credentials")
def test_the_local_word_goes_to_the_local_service_alone(
    run: Typist, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    service.answers["GET", "/v1/admin/exports"] = (200, {"exports": []})
    ends(run("export", "list", "riotimes", "--api", "https://localhost:4566"), 0)
    assert service.asked[0].headers["Authorization"].startswith("AWS4-HMAC-SHA256 ")


@pytest.mark.usefixtures("_credentials")
@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/v1/admin/sites/riotimes", {"version": "2"}, None),
        ("PUT", "/v1/admin/sites/riotimes", {"dry_run": "true"}, Content("application/yaml", "site: ü\n".encode())),
        (
            "PUT",
            "/v1/admin/sites/riotimes/entitlements",
            {"dry_run": "true"},
            Content("text/csv", b"subject\r\na b\r\n"),
        ),
        ("GET", "/v1/admin/sites/riotimes/usage", {"to": "a b+c&d=é~*", "from": "2026-11", "by": None}, None),
        ("DELETE", "/v1/admin/sites/riotimes/readers/~YS8uLi9i", None, None),
        ("GET", "/v1/admin/exports/a%20b%2Fc", None, None),
    ],
)
def test_every_kind_of_request_is_signed_as_aws_reads_it(
    service: FakeService, method: str, path: str, query: Any, body: Content | None
) -> None:
    service.answers[method, path] = (200, {})
    client = Client("https://abc.execute-api.sa-east-1.amazonaws.com", {}, service)
    client.call(method, path, query, body, {"if-match": '"3"'})
    assert holds(service.asked[0], "example")
    assert not holds(replace(service.asked[0], method="POST"), "example")
    assert "host;if-match;" in service.asked[0].headers["Authorization"]


@pytest.mark.usefixtures("_credentials")
def test_a_domain_that_names_no_region_needs_one_from_the_environment(
    run: Typist, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.answers["GET", "/v1/admin/exports"] = (200, {"exports": []})
    ends(run("export", "list", "riotimes", "--api", "https://admin.example.com"), 2, "set AWS_REGION")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    ends(run("export", "list", "riotimes", "--api", "https://admin.example.com"), 0)
    assert "/eu-west-1/execute-api/" in service.asked[0].headers["Authorization"]


def test_without_credentials_nothing_is_sent(
    run: Typist, service: FakeService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    result = run("export", "list", "riotimes", "--api", "https://abc.execute-api.sa-east-1.amazonaws.com")
    ends(result, 2, "No AWS credentials found")
    assert service.asked == []


@pytest.mark.parametrize("address", ["http://admin.example.com", "admin.example.com", "ftp://localhost", "https://"])
def test_no_secret_goes_to_an_address_that_is_not_safe(run: Typist, service: FakeService, address: str) -> None:
    ends(run("export", "list", "riotimes", "--api", address, READMETER_TOKEN="secret"), 2, "https://")
    assert service.asked == []


# how it ends


def test_a_refusal_is_one_line_that_names_the_fields(run: Typist, service: FakeService) -> None:
    problem = {"detail": "The query is wrong.", "errors": [{"pointer": "/from", "detail": "must be a date"}]}
    service.answers["GET", "/v1/admin/sites/riotimes/usage"] = (422, problem)
    result = run("usage", "riotimes", "--from", "soon")
    ends(result, 1)
    assert result.stderr == "readmeter: The query is wrong. [from: must be a date]\n"


def test_what_a_refusal_says_of_a_field_is_told_once(run: Typist, service: FakeService) -> None:
    said = "`from` in the query must be a date."
    problem = {"detail": said, "errors": [{"pointer": "/from", "detail": "must be a date"}]}
    service.answers["GET", "/v1/admin/sites/riotimes/usage"] = (422, problem)
    assert run("usage", "riotimes", "--from", "soon").stderr == f"readmeter: {said}\n"


def test_api_gateways_own_refusal_is_told_too(run: Typist, service: FakeService) -> None:
    service.answers["GET", "/v1/admin/exports"] = (403, {"message": "Forbidden"})
    assert run("export", "list", "riotimes").stderr == "readmeter: Forbidden\n"


def test_no_answer_ends_with_3(run: Typist) -> None:
    def refused(_: Request) -> Response:
        raise ConnectionRefusedError(111, "Connection refused")

    ends(run("export", "list", "riotimes", transport=refused), 3, "Nothing answers at localhost:8080")


@pytest.mark.parametrize(
    "answer", [(503, {"detail": "Try again."}), (200, b"<html>a proxy's page"), (200, {"else": 1})]
)
def test_an_answer_that_is_none_ends_with_3(run: Typist, service: FakeService, answer: Any) -> None:
    service.answers["GET", "/v1/admin/exports"] = answer
    ends(run("export", "list", "riotimes"), 3)


@pytest.mark.parametrize(
    "words",
    [
        ["usage"],
        ["export", "get", "riotimes", "November"],
        ["report", "riotimes", "2026-11-22"],
        ["usage", "x", "--by", "y"],
    ],
)
def test_a_wrong_call_ends_with_2(run: Typist, service: FakeService, words: list[str]) -> None:
    ends(run(*words), 2)
    assert service.asked == []


# export create, list


def test_create_waits_until_the_export_is_there(run: Typist, service: FakeService) -> None:
    said = {"export_id": "riotimes_2026-11"}
    states = iter(["running", "running", "final"])
    service.answers["POST", "/v1/admin/exports"] = (202, {**said, "status": "running"})
    service.answers["GET", EXPORT] = lambda _: (200, {**said, "status": next(states), "revision": 4})
    ends(run("export", "create", "riotimes", "2026-11"), 0, "riotimes_2026-11 is final, revision 4.")
    assert json.loads(service.asked[0].body or b"") == {"site": "riotimes", "period": "2026-11"}


def test_create_need_not_wait(run: Typist, service: FakeService) -> None:
    service.answers["POST", "/v1/admin/exports"] = (202, {"export_id": "riotimes_2026-11", "status": "running"})
    ends(run("export", "create", "riotimes", "2026-11", "--no-wait"), 0, "is being made")
    assert len(service.asked) == 1


def test_create_stops_waiting_in_the_end(run: Typist, service: FakeService) -> None:
    running = {"export_id": "riotimes_2026-11", "status": "running"}
    service.answers["POST", "/v1/admin/exports"] = (202, running)
    service.answers["GET", EXPORT] = (200, running)
    ends(run("export", "create", "riotimes", "2026-11", "--timeout", "5"), 3, "not done after 5 s")


def test_a_failed_export_ends_with_1(run: Typist, service: FakeService) -> None:
    service.answers["POST", "/v1/admin/exports"] = (202, {"export_id": "riotimes_2026-11", "status": "running"})
    service.answers["GET", EXPORT] = (200, {"export_id": "riotimes_2026-11", "status": "failed", "revision": None})
    ends(run("export", "create", "riotimes", "2026-11"), 1, "failed")


def test_list_names_every_export(run: Typist, service: FakeService) -> None:
    exports = [
        {
            "export_id": "riotimes_2026-11",
            "site": "riotimes",
            "period": "2026-11",
            "status": "provisional",
            "revision": 7,
        },
        {"export_id": "riotimes_2026-10", "site": "riotimes", "period": "2026-10", "status": "final", "revision": 31},
    ]
    service.answers["GET", "/v1/admin/exports"] = (200, {"exports": exports})
    ends(run("export", "list", "riotimes"), 0, "2026-11  provisional         7", "2026-10  final              31")


# export get


def test_get_downloads_every_file_and_checks_it(run: Typist, service: FakeService, tmp_path: Path) -> None:
    files = export_files()
    service.publish(files)
    ends(run("export", "get", "riotimes", "2026-11"), 0, "All 4 files are in riotimes_2026-11")
    folder = tmp_path / "riotimes_2026-11"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
    links = [request for request in service.asked if "/files/" in request.url]
    assert all("authorization" not in {name.lower() for name in request.headers} for request in links)


def test_a_second_get_downloads_nothing_again(run: Typist, service: FakeService) -> None:
    service.publish(export_files())
    run("export", "get", "riotimes", "2026-11")
    service.asked.clear()
    ends(run("export", "get", "riotimes", "2026-11"), 0)
    assert len(service.asked) == 1


def test_a_file_that_differs_is_overwritten_only_when_told(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.publish(export_files())
    mine = tmp_path / "here" / "usage.csv"
    mine.parent.mkdir()
    mine.write_text("my own notes")
    ends(run("export", "get", "riotimes", "2026-11", "--folder", "here"), 1, "usage.csv in here: there already")
    assert [path.name for path in mine.parent.iterdir()] == ["usage.csv"]
    assert mine.read_text() == "my own notes"
    ends(run("export", "get", "riotimes", "2026-11", "--folder", "here", "--replace"), 0)
    assert mine.read_text() != "my own notes"


def test_a_damaged_download_is_not_kept(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.publish(export_files())
    service.files = {**service.files, "usage.csv": b"cut sh"}
    ends(run("export", "get", "riotimes", "2026-11"), 1, "usage.csv: what came is not what the manifest names")
    assert "usage.csv" not in {path.name for path in (tmp_path / "riotimes_2026-11").iterdir()}


def test_a_manifest_that_names_other_bytes_is_refused(run: Typist, service: FakeService) -> None:
    service.publish({**export_files(), "usage.csv": b"not what the manifest hashed"})
    ends(run("export", "get", "riotimes", "2026-11"), 1, "the manifest and the service name different files")


@pytest.mark.parametrize("name", ["../usage.csv", "/etc/passwd", "a\\b", ".hidden", ".."])
def test_no_file_leaves_the_folder(run: Typist, service: FakeService, tmp_path: Path, name: str) -> None:
    service.publish({**export_files(), name: b"anything"})
    ends(run("export", "get", "riotimes", "2026-11"), 1, "which is no file name")
    assert list((tmp_path / "riotimes_2026-11").iterdir()) == []


def test_an_earlier_revision_can_be_had(run: Typist, service: FakeService) -> None:
    service.publish(export_files(), revision=2)
    run("export", "get", "riotimes", "2026-11", "--revision", "2")
    assert service.queries()[0] == {"revision": "2"}


def test_a_running_export_has_nothing_to_get(run: Typist, service: FakeService) -> None:
    service.answers["GET", EXPORT] = (200, {"export_id": "riotimes_2026-11", "status": "running"})
    ends(run("export", "get", "riotimes", "2026-11"), 1, "is running and has no files now")


# export verify


def verification(*checks: tuple[bool, str]) -> dict[str, Any]:
    told = [{"check": f"check-{n}", "holds": holds, "detail": detail} for n, (holds, detail) in enumerate(checks)]
    return {
        "export_id": "riotimes_2026-11",
        "revision": 4,
        "holds": all(h for h, _ in checks),
        "checks": told,
    }


def test_verify_says_each_check_as_a_sentence(run: Typist, service: FakeService) -> None:
    states = iter([{"status": "running"}, verification((True, "Every file is as hashed."), (True, "Items are gone."))])
    service.answers["POST", f"{EXPORT}/verification"] = (202, {"status": "running"})
    service.answers["GET", f"{EXPORT}/verification"] = lambda _: (200, next(states))
    result = run("export", "verify", "riotimes", "2026-11")
    ends(result, 0, "holds  Every file is as hashed.", "holds  Items are gone.", "revision 4: holds.")


def test_verify_ends_with_1_where_a_check_does_not_hold(run: Typist, service: FakeService) -> None:
    answer = verification((True, "Every file is as hashed."), (False, "2 rows are in the export only."))
    service.answers["POST", f"{EXPORT}/verification"] = (200, answer)
    result = run("export", "verify", "riotimes", "2026-11")
    ends(result, 1, "FAILS  2 rows are in the export only.", "DOES NOT HOLD", "One of 2 checks failed.")


def test_verify_hashes_a_folder_again(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.publish(export_files())
    service.answers["POST", f"{EXPORT}/verification"] = (200, verification((True, "Every file is as hashed.")))
    run("export", "get", "riotimes", "2026-11", "--folder", "here")
    ends(run("export", "verify", "riotimes", "2026-11", "--folder", "here"), 0, "4 files in here are revision 4")
    (tmp_path / "here" / "invoice.csv").write_text("edited")
    result = run("export", "verify", "riotimes", "2026-11", "--folder", "here", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["holds"] is False
    assert "not as in revision 4: invoice.csv." in result.stdout


# rate

PRICES = "currency: BRL\ntiers: [{up_to: 100000, per_1000: 4}, {per_1000: 3.20}]\n"


def test_rate_turns_a_final_month_into_lines(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.publish(export_files())
    (tmp_path / "prices.yaml").write_text(PRICES)
    ends(
        run("rate", "riotimes", "2026-11", "--prices", "prices.yaml", "--output", "i.csv"),
        0,
        "184,200 billable reads: BRL 669.44, in i.csv",
    )
    text = (tmp_path / "i.csv").read_bytes().decode("utf-8-sig")
    lines = list(csv.DictReader(StringIO(text, newline="")))
    assert [line["amount"] for line in lines] == ["400.00", "269.45", "-0.01"]
    assert text.endswith("\r\n")
    document = json.loads(run("rate", "riotimes", "2026-11", "--prices", "prices.yaml", "--json").stdout)
    assert (document["total"], document["quantity"]) == ("669.44", 184_200)


def test_rate_refuses_a_provisional_month(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.publish(export_files(status="provisional"), status="provisional")
    (tmp_path / "prices.yaml").write_text(PRICES)
    ends(run("rate", "riotimes", "2026-11", "--prices", "prices.yaml"), 1, "only a final month can be rated")


def test_rate_names_what_is_wrong_with_the_prices(run: Typist, tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text("currency: reais\n")
    ends(run("rate", "riotimes", "2026-11", "--prices", "prices.yaml"), 2, "currency: must be", "tiers: Field required")


# report

REPORT = "/v1/admin/sites/riotimes/report"
FUNNEL = [
    {"date": "2026-11-01", "article": "-Zm9v", "title": "=1+1", "section": "City, “night”"}
    | {"views": 3, "shown": 2, "countdowns": 1, "walls": 1, "clicks": 0},
    {"date": "2026-11-02", "article": None, "title": None, "section": None}
    | {"views": 1, "shown": 1, "countdowns": None, "walls": None, "clicks": 1},
]


def with_funnel(left_out: int = 0) -> dict[str, Any]:
    return sample(funnel={**sample()["funnel"], "rows": FUNNEL, "rows_left_out": left_out})


def test_the_funnel_of_each_article_and_day_is_a_file_that_spreadsheets_open(
    run: Typist, service: FakeService, tmp_path: Path
) -> None:
    service.answers["GET", REPORT] = (200, with_funnel())
    ends(run("report", "riotimes", "2026-11", "--funnel", "funnel.csv"), 0, "funnel.csv: 2 rows.", "_2026-11.html")
    text = (tmp_path / "funnel.csv").read_bytes().decode()
    assert text.startswith("\ufeffdate,article,title,section,views,shown,countdowns,walls,clicks\r\n")
    assert text.splitlines()[1:] == [
        "2026-11-01,'-Zm9v,'=1+1,\"City, “night”\",3,2,1,1,0",
        "2026-11-02,,,,1,1,,,1",
    ]
    assert text.count("\r\n") == text.count("\n") == 3


def test_rows_that_the_funnel_leaves_out_are_told(run: Typist, service: FakeService) -> None:
    service.answers["GET", REPORT] = (200, with_funnel(left_out=1_200))
    result = run("report", "riotimes", "2026-11", "--funnel", "funnel.csv")
    assert result.stderr == "funnel.csv has the busiest rows: 1,200 with fewer steps are left out.\n"


def test_machines_get_the_funnels_rows_with_the_reports_data(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.answers["GET", REPORT] = (200, with_funnel())
    result = run("report", "riotimes", "2026-11", "--json", "--funnel", "funnel.csv")
    assert json.loads(result.stdout)["funnel"]["rows"] == FUNNEL
    assert [path.name for path in tmp_path.iterdir()] == ["funnel.csv"]


# articles

CATALOGUE = [
    {"id": "https://www.riotimesonline.com/a", "title": "Clouds on the Corcovado", "section": "City"},
    {"id": "42", "title": "Fireflies, “green”"},
]


def catalogue(kind: str) -> str:
    match kind:
        case "csv":
            first = "https://www.riotimesonline.com/a,Clouds on the Corcovado,City"
            return f'id,title,section\r\n{first}\r\n42,"Fireflies, “green”",\r\n'
        case "jsonl":
            return "".join(json.dumps(entry) + "\n" for entry in CATALOGUE)
        case _:
            return json.dumps(CATALOGUE)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
def test_articles_sends_the_catalogue(run: Typist, service: FakeService, tmp_path: Path, kind: str) -> None:
    service.answers["PUT", "/v1/admin/sites/riotimes/articles"] = (200, {})
    (tmp_path / f"articles.{kind}").write_text(catalogue(kind))
    ends(run("articles", "riotimes", f"articles.{kind}"), 0, "riotimes: 2 articles have their titles now.")
    assert json.loads(service.asked[0].body or b"") == {"articles": CATALOGUE}


def test_articles_go_500_at_a_time(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.answers["PUT", "/v1/admin/sites/riotimes/articles"] = (200, {})
    (tmp_path / "many.json").write_text(json.dumps([{"id": str(n), "title": "T"} for n in range(1001)]))
    run("articles", "riotimes", "many.json")
    assert [len(json.loads(request.body or b"")["articles"]) for request in service.asked] == [500, 500, 1]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.csv", "id,title\nx,\n", "line 2: title is required"),
        ("a.csv", "number,headline\n1,x\n", "the first line must name the columns"),
        ("a.jsonl", '{"id": "1", "title": "x"}\nnonsense\n', "line 2: is no object of id, title and section"),
        ("a.json", '[{"id": "1", "title": 2}]', "entry 1: title must be"),
        ("a.json", '[{"id": "1", "title": "x"}, {"id": "1", "title": "y"}]', "entry 2: id is here before"),
        ("a.json", "{}", "must hold a list"),
        ("a.txt", "", "must end in .csv, .jsonl or .json"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_sent(
    run: Typist, service: FakeService, tmp_path: Path, name: str, text: str, problem: str
) -> None:
    (tmp_path / name).write_text(text)
    ends(run("articles", "riotimes", name), 1, problem)
    assert service.asked == []


# grant-keys

GRANT_KEYS = "/v1/admin/sites/riotimes/grant-keys"
TOLD = {"site": "riotimes", "soft_grants": False, "keys": [{"kid": "2", "k": "x"}, {"kid": "1", "k": "y"}]}


def test_grant_keys_are_kept_in_a_file_of_its_owners(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.answers["GET", GRANT_KEYS] = (200, TOLD)
    (tmp_path / "keys.json").write_text("old")
    ends(run("grant-keys", "riotimes", "--output", "keys.json"), 0, "keys.json: riotimes verifies by 2, 1.")
    assert json.loads((tmp_path / "keys.json").read_text()) == TOLD
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_without_a_file_grant_keys_are_printed(run: Typist, service: FakeService) -> None:
    service.answers["GET", GRANT_KEYS] = (200, TOLD)
    assert json.loads(run("grant-keys", "riotimes").stdout) == TOLD


def test_a_refusal_leaves_the_grant_keys_that_are_there(run: Typist, service: FakeService, tmp_path: Path) -> None:
    service.answers["GET", GRANT_KEYS] = (503, {"detail": "The store cannot answer now."})
    (tmp_path / "keys.json").write_text("old")
    ends(run("grant-keys", "riotimes", "--output", "keys.json"), 3, "The store cannot answer now.")
    assert (tmp_path / "keys.json").read_text() == "old"


def test_usage_rows_that_do_not_add_up_are_not_rated(run: Typist, service: FakeService, tmp_path: Path) -> None:
    files = export_files()
    manifest = json.loads(files["manifest.json"])
    manifest["control_totals"]["to_invoice"] += 1
    service.publish({**files, "manifest.json": json.dumps(manifest).encode()})
    (tmp_path / "prices.yaml").write_text(PRICES)
    ends(run("rate", "riotimes", "2026-11", "--prices", "prices.yaml"), 1, "the rows add up to 184200")
