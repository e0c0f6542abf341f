"""The demo newspaper's operator page, over an API that answers what the test says: numbers, the month, its export."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import pytest
from werkzeug import Request, Response
from werkzeug.serving import make_server
from werkzeug.test import Client, TestResponse

from local.month import Paged, Simulation
from local.newspaper.app import newspaper
from local.newspaper.operator import AdminApi, BackOffice
from tests.http.test_newspaper import HOST, NOVEMBER_22, FakeControl, Page

SITE = "/v1/admin/sites/rio-courier"
EXPORT = "/v1/admin/exports/rio-courier_2026-10"
ARTICLE = Paged(f"http://{HOST}/city/clouds", "Clouds", "city", "en")
TOTALS = {"to_invoice": 8_347, "billable_quantity": 8_350, "billable_correction_quantity": -3}


def usage_row(day: str, quantity: int, **given: Any) -> dict[str, Any]:
    counted = {"meter": "default", "reader_class": "anonymous", "decision": "metered", "billable": True}
    return {"period": day, **counted, "quantity": quantity, "unique_readers": quantity // 3, **given}


@dataclass
class Api:
    """An admin API: `answers` by path, `files` by name behind its links, `asked` what it was asked."""

    url: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    @Request.application
    def __call__(self, request: Request) -> Response:
        if request.path.startswith("/files/"):
            return Response(self.files[request.path.removeprefix("/files/")])
        body = request.get_json() if request.data else None
        self.asked.append((request.method, request.full_path.rstrip("?"), body))
        if request.headers.get("Authorization") != "Bearer local-admin":
            return Response(status=403)
        answer = self.answers.get(request.path)
        if callable(answer):
            answer = answer()
        return Response(json.dumps(answer), 404 if answer is None else 200, mimetype="application/json")

    def count(self, *rows: dict[str, Any]) -> None:
        self.answers[f"{SITE}/usage"] = {"rows": rows, "complete_until": "2026-11-22T15:00:30Z"}

    def export(self, status: str = "final") -> dict[str, Any]:
        """The answer to who asks for the month's export, once it has files."""
        self.files = {
            "invoice.csv": b"site,quantity\r\n",
            "manifest.json": json.dumps({"control_totals": TOTALS}).encode(),
        }
        listed = [
            {"name": name, "url": f"{self.url}/files/{name}", "sha256": f"{name}{'0' * 40}", "bytes": 1_234, "rows": 7}
            for name in self.files
        ]
        listed[-1]["rows"] = None
        about = {"export_id": "rio-courier_2026-10", "period": "2026-10", "revision": 1}
        return {**about, "status": status, "files": listed}


@pytest.fixture
def api() -> Iterator[Api]:
    answering = Api()
    server = make_server("127.0.0.1", 0, lambda environ, start: answering(environ, start), threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    answering.url = f"http://127.0.0.1:{server.server_port}"
    answering.count()
    yield answering
    server.shutdown()
    thread.join()
    server.server_close()


class Service:
    """What readers are answered: every view is counted. `at_view` is called with the number of each."""

    def __init__(self) -> None:
        self.views = 0
        self.at_view: Callable[[int], object] = lambda number: None

    @Request.application
    def __call__(self, request: Request) -> Response:
        if request.path == "/v1/events":
            return Response(status=202)
        self.views += 1
        self.at_view(self.views)
        document = {"reader": "token", "state": None, "reason": "metered", "prompt": None}
        return Response(json.dumps(document), mimetype="application/json")


class Office:
    """The operator page over `api`; a press puts the month into `jobs`, for the test to run."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.control = FakeControl()
        self.service = Service()
        self.jobs: list[Callable[[], None]] = []
        self.drained = 0
        simulation = Simulation(
            "rio-courier", f"http://{HOST}", "America/Sao_Paulo", 5, (ARTICLE,), lambda clock: self.service
        )
        seconds = iter(range(0, 10_000, 7))
        office = BackOffice(
            AdminApi(api.url, "rio-courier"),
            simulation,
            self._drain,
            self.control.now,
            self.jobs.append,
            lambda _: None,
            lambda: next(seconds),
        )
        self.client = Client(newspaper(api.url, "rio-courier", self.control, office, lambda: NOVEMBER_22))

    def _drain(self) -> None:
        self.drained += 1

    def get(self, path: str = "/_operator", host: str = HOST) -> TestResponse:
        return self.client.get(path, base_url=f"http://{host}")

    def page(self) -> Page:
        answer = self.get()
        assert answer.status_code == 200
        return Page(answer.text)

    def press(self) -> TestResponse:
        return self.client.post("/_operator", base_url=f"http://{HOST}")

    @property
    def says(self) -> str:
        return self.page().one("p", role="status")[1]


@pytest.fixture
def office(api: Api) -> Office:
    return Office(api)


def cells(page: Page, caption: str) -> list[list[str]]:
    """The rows of the table of that caption, its head left out."""
    (table,) = [part for part in page.html.split("<table>")[1:] if f"<caption>{caption}</caption>" in part]
    inside = Page(f"<table>{table.split('</table>')[0]}</table>")
    rows = inside.html.split("<tr>")[2:]
    return [[text for _, text in row.all("th") + row.all("td")] for row in (Page(r.split("</tr>")[0]) for r in rows)]


# Today


def test_it_shows_the_numbers_that_the_api_says(office, api):
    api.count(
        usage_row("2026-11-22", 1_204),
        usage_row("2026-11-22", 6, billable=False),
        usage_row("2026-11-22", 9, decision="fail_open", billable=False),
        usage_row("2026-11-20", 30),
    )
    page = office.page()
    assert [text for _, text in page.all("dd")] == ["1,210", "403"]
    assert cells(page, "By decision") == [
        ["metered", "anonymous", "yes", "1,204", "401"],
        ["metered", "anonymous", "no", "6", "2"],
        ["fail open", "anonymous", "no", "9", "3"],
    ]
    days = cells(page, "The last days")
    assert days[0] == ["Sunday, November 22, 2026", "1,210", "403"]
    assert days[2] == ["Friday, November 20, 2026", "30", "10"]
    assert len(days) == 7
    assert "Complete until 12:00:30, São Paulo time." in page.html
    assert api.asked[0] == ("GET", f"{SITE}/usage?from=2026-11-16&to=2026-11-23&by=day", None)


def test_a_day_without_a_reader_says_so(office):
    page = office.page()
    assert "Nobody has read anything yet today." in page.html
    assert [text for _, text in page.all("dd")] == ["0", "0"]


def test_it_follows_the_service_s_clock(office, api):
    office.control.move_clock_to_next_month()
    office.page()
    assert api.asked[0][1] == f"{SITE}/usage?from=2026-12-17&to=2026-12-24&by=day"


def test_a_service_that_is_away_is_said_and_leaves_the_page_standing():
    page = Office(Api("http://127.0.0.1:65533")).page()
    assert "The service cannot be reached." in page.html
    assert page.one("button", class_="button")[1] == "Simulate a month of readers"


def test_the_word_for_the_admin_api_never_reaches_a_browser(office, api):
    api.answers[EXPORT] = api.export()
    assert "local-admin" not in office.get().text + str(office.get().headers)


def test_a_foreign_host_is_refused(office, api):
    for path in ("/_operator", "/_operator/2026-10/report"):
        assert office.get(path, host="rebound.example").status_code == 400
    assert office.client.post("/_operator", base_url="http://rebound.example").status_code == 400
    assert api.asked == office.jobs == []


def test_every_page_leads_to_it(office):
    for path in ("/", "/ar/", "/city/clouds-on-the-corcovado", "/_operator"):
        strip = Page(office.get(path).text).strip
        assert "Back office" in strip, path


def test_it_stands_without_javascript(office):
    page = office.page()
    assert ("/_operator", "Refresh") in [(link["href"], text) for link, text in page.all("a")]
    assert page.one("form", action="/_operator")[0]["method"] == "post"


# A month of readers


def test_a_press_has_a_month_read_and_leads_back_to_the_page(office):
    answer = office.press()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/_operator#month")
    assert "The readers are reading." in office.says
    assert len(office.jobs) == 1


def test_a_second_press_does_nothing_while_the_first_runs(office):
    office.press()
    assert office.press().status_code == 303
    assert len(office.jobs) == 1
    assert "disabled" in office.page().one("button", class_="button")[0]


def test_it_says_how_many_views_are_read(office):
    seen: list[str] = []
    office.service.at_view = lambda number: seen.append(office.page().html) if number == 101 else None
    office.press()
    office.jobs.pop()()
    (html,) = seen
    done, total = re.search(r"([\d,]+) of ([\d,]+) views", html).groups()
    assert 100 <= int(done) <= 110
    assert int(total.replace(",", "")) >= office.service.views


def test_when_all_is_read_the_articles_are_named_the_ledger_is_written_and_the_month_exported(office, api):
    answers = iter([{"status": "running"}, {"status": "running"}, *[api.export()] * 9])
    api.answers[f"{SITE}/articles"] = {"stored": 1}
    api.answers["/v1/admin/exports"] = {"status": "running"}
    api.answers[EXPORT] = lambda: next(answers)
    office.press()
    office.jobs.pop()()
    assert office.drained == 1
    assert [asked for asked in api.asked if asked[0] != "GET"] == [
        ("PUT", f"{SITE}/articles", {"articles": [{"id": ARTICLE.url, "title": "Clouds", "section": "city"}]}),
        ("POST", "/v1/admin/exports", {"site": "rio-courier", "period": "2026-10"}),
    ]
    assert "October 2026 is read, written and exported" in office.says
    assert "disabled" not in office.page().one("button", class_="button")[0]


@pytest.mark.parametrize("export", [None, {"status": "failed"}])
def test_what_goes_wrong_is_said_and_can_be_pressed_again(office, api, export, capsys):
    api.answers[f"{SITE}/articles"] = {"stored": 1}
    api.answers["/v1/admin/exports"] = export
    api.answers[EXPORT] = export
    office.press()
    office.jobs.pop()()
    assert "That went wrong" in office.says
    assert '"message": "fault"' in capsys.readouterr().err
    office.press()
    assert len(office.jobs) == 1


def test_an_export_that_never_ends_is_given_up(office, api):
    api.answers |= {f"{SITE}/articles": {}, "/v1/admin/exports": {}, EXPORT: {"status": "running"}}
    office.press()
    office.jobs.pop()()
    assert "That went wrong" in office.says


# The export


def test_the_export_shows_its_invoice_line_its_files_and_what_to_type(office, api):
    api.answers[EXPORT] = api.export()
    page = office.page()
    assert page.one("p", class_="invoice")[1] == "To invoice: 8,347 = 8,350 counted − 3 corrections"
    assert cells(page, "Files") == [
        ["invoice.csv", "7", "1,234", "invoice.csv0"],
        ["manifest.json", "", "1,234", "manifest.jso"],
    ]
    assert page.one("pre")[1] == f".venv/bin/readmeter export verify rio-courier 2026-10 --api {api.url}"


@pytest.mark.parametrize("answer", [None, {"status": "running"}])
def test_before_there_are_files_there_is_no_export_to_show(office, api, answer):
    api.answers[EXPORT] = answer
    assert "To invoice" not in office.page().html


def test_a_file_s_link_leads_to_where_the_api_says_it_is_now(office, api):
    api.answers[EXPORT] = api.export()
    for link, name in office.page().all("a"):
        if "/files/" in link["href"]:
            assert office.get(link["href"]).headers["Location"] == f"{api.url}/files/{name}"


@pytest.mark.parametrize("path", ["2026-10/files/secret.csv", "2026-09/files/invoice.csv", "2026-13/files/invoice.csv"])
def test_what_is_no_file_of_an_export_is_404(office, api, path):
    api.answers[EXPORT] = api.export()
    assert office.get(f"/_operator/{path}").status_code == 404


@pytest.mark.parametrize("path", ["2026-10/report", "latest/report"])
def test_a_report_of_a_month_that_is_none_is_404(office, path):
    assert office.get(f"/_operator/{path}").status_code == 404


def test_without_an_office_there_is_no_such_page():
    client = Client(newspaper("http://127.0.0.1:65533", "rio-courier", FakeControl(), clock=lambda: NOVEMBER_22))
    assert client.get("/_operator", base_url=f"http://{HOST}").status_code == 404
    assert "Back office" not in client.get("/", base_url=f"http://{HOST}").text
