"""The operator page's part behind the page: what the admin API says of usage, and a month of readers at a press.

The paper's own server asks the API, over HTTP as any publisher would: the word that opens it never reaches a browser.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from http.client import HTTPConnection, HTTPException
from threading import Lock, Thread
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from local.month import Paged, Simulation, month_to_bill
from readmeter.core.period import local_date
from readmeter.usage.period import ExportPeriod, export_id
from readmeter.usage.report import render
from readmeter.web.fault import fault_fields

LAST_DAYS = 7
EXPORT_SECONDS = 120.0  # until an export that is still running is given up
_POLL_SECONDS = 0.2
_TIMEOUT_SECONDS = 10
_DEFAULT_API = "http://localhost:8080"

Phase = Literal["idle", "reading", "writing", "exporting", "done", "failed"]
RUNNING = ("reading", "writing", "exporting")


class Refused(Exception):  # noqa: N818
    """The API cannot be reached, or answers what is no success; `status` is None for the first."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class AdminApi:
    """The admin API at `url` (no slash at its end), asked about one site. Every method raises `Refused`."""

    def __init__(self, url: str, site: str) -> None:
        self._url = url
        self._site = site

    def document(self) -> dict[str, Any]:
        """The site document in force."""
        return self._ask("GET", self._of_site)

    def publish(self, document: Mapping[str, Any]) -> None:
        """Puts it in force."""
        self._ask("PUT", self._of_site, document)

    def entitlement(self, subject: str) -> dict[str, Any]:
        """What is known of whether a reader pays."""
        return self._ask("GET", f"{self._of_site}/entitlements/{quote(subject)}")

    def usage(self, first: date, end: date) -> dict[str, Any]:
        """By day, from `first` to before `end`."""
        return self._ask("GET", f"{self._of_site}/usage?from={first}&to={end}&by=day")

    def label(self, articles: Sequence[Paged]) -> None:
        labels = [{"id": each.url, "title": each.title, "section": each.section} for each in articles]
        self._ask("PUT", f"{self._of_site}/articles", {"articles": labels})

    def start_export(self, period: ExportPeriod) -> None:
        self._ask("POST", "/v1/admin/exports", {"site": self._site, "period": period.text})

    def export(self, period: ExportPeriod) -> dict[str, Any] | None:
        """As the API answers it; None where there is none."""
        try:
            return self._ask("GET", f"/v1/admin/exports/{quote(export_id(self._site, period))}")
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise

    def report(self, period: ExportPeriod) -> dict[str, Any]:
        """What `usage.report.render` makes a page of."""
        return self._ask("GET", f"{self._of_site}/report?period={period.text}")

    def grant_keys(self) -> dict[str, Any]:
        """What a verifier checks grants with."""
        return self._ask("GET", f"{self._of_site}/grant-keys")

    @property
    def _of_site(self) -> str:
        return f"/v1/admin/sites/{self._site}"

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"Authorization": "Bearer local-admin", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        answer: dict[str, Any] = json.loads(fetch(self._url + path, method, content, headers))
        return answer


def fetch(url: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None) -> bytes:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body, dict(headers or {}))
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, HTTPException) as error:
        raise Refused("The service cannot be reached.") from error
    finally:
        connection.close()
    if answer.status >= 400:
        raise Refused(f"The service answers {answer.status}.", answer.status)
    return content


@dataclass(frozen=True, slots=True)
class Stage:
    """How far the month is: readings done of `total`; `seconds` since the press, once it is over."""

    phase: Phase = "idle"
    month: ExportPeriod | None = None
    done: int = 0
    total: int = 0
    seconds: float = 0.0

    @property
    def running(self) -> bool:
        return self.phase in RUNNING


def _in_a_thread(job: Callable[[], None]) -> None:
    Thread(target=job, daemon=True).start()


class BackOffice:
    """What the operator page shows and does. `clock` is the service's (epoch seconds).

    `drain` returns when all that was counted is in the ledger, `start` has a job done in the background.
    """

    def __init__(
        self,
        api: AdminApi,
        simulation: Simulation,
        drain: Callable[[], None],
        clock: Callable[[], float],
        start: Callable[[Callable[[], None]], None] = _in_a_thread,
        sleep: Callable[[float], None] = time.sleep,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._simulation = simulation
        self._drain = drain
        self._clock = clock
        self._start = start
        self._sleep = sleep
        self._timer = timer
        self._stage = Stage()
        self._lock = Lock()
        self._manifest: tuple[str, dict[str, Any]] = ("", {})  # the last one read, by its sha256

    @property
    def stage(self) -> Stage:
        return self._stage

    @property
    def month(self) -> ExportPeriod:
        """The month that a press simulates: the latest one that can be final at once."""
        return month_to_bill(self._simulation.zone, self._clock())

    def simulate(self) -> None:
        """Starts a month, and does nothing while one runs."""
        with self._lock:
            if self._stage.running:
                return
            month = self.month
            self._stage = Stage("reading", month)
        self._start(lambda: self._run(month))

    def page(self, api_url: str) -> dict[str, Any]:
        """What the page's template asks for. Where the API does not answer, `refusal` says so, and its part is None."""
        shown: dict[str, Any] = {"stage": self._stage, "month": self.month, "refusal": None}
        shown |= {"usage": None, "export": None, "verification": self._verification(api_url)}
        try:
            return {**shown, "usage": self._usage(), "export": self._finished()}
        except Refused as refusal:
            return {**shown, "refusal": str(refusal)}

    def link(self, month: ExportPeriod, name: str) -> str | None:
        """Where a file of the month's export is for the next minutes; None for no file of it. Raises `Refused`."""
        export = self._api.export(month) or {}
        return next((file["url"] for file in export.get("files", []) if file["name"] == name), None)

    def report(self, month: ExportPeriod) -> str:
        """The month as a page of its own. Raises `Refused`."""
        return render(self._api.report(month))

    def _usage(self) -> dict[str, Any]:
        """Today and the days before: `days` (the newest first), today's `rows`, and `complete_until`."""
        today = local_date(self._simulation.zone, self._clock())
        first = today - timedelta(days=LAST_DAYS - 1)
        answer = self._api.usage(first, today + timedelta(days=1))
        dates = [today - timedelta(days=back) for back in range(LAST_DAYS)]
        return {
            "days": [_day(day, answer["rows"]) for day in dates],
            "rows": [row for row in answer["rows"] if row["period"] == today.isoformat()],
            "complete_until": answer["complete_until"],
        }

    def _finished(self) -> dict[str, Any] | None:
        """The month's export with its control totals; None before there are files."""
        export = self._api.export(self.month)
        if not export or not export.get("files"):
            return None
        return {**export, "totals": self._read_manifest(export)["control_totals"]}

    def _verification(self, api_url: str) -> str:
        """What to type to have the month's export proven."""
        elsewhere = "" if api_url == _DEFAULT_API else f" --api {api_url}"
        return f".venv/bin/readmeter export verify {self._simulation.site} {self.month.text}{elsewhere}"

    def _run(self, month: ExportPeriod) -> None:
        began = self._timer()
        try:
            self._simulation.run(month, self._progress)
            self._enter("writing")
            self._api.label(self._simulation.articles)
            self._drain()
            self._enter("exporting")
            self._export(month)
            self._stage = replace(self._stage, phase="done", seconds=self._timer() - began)
        except Exception as fault:
            print(json.dumps({"message": "fault", **fault_fields("month", fault)}), file=sys.stderr)
            self._enter("failed")

    def _progress(self, done: int, total: int) -> None:
        self._stage = replace(self._stage, done=done, total=total)

    def _enter(self, phase: Phase) -> None:
        self._stage = replace(self._stage, phase=phase)

    def _export(self, month: ExportPeriod) -> None:
        self._api.start_export(month)
        deadline = self._timer() + EXPORT_SECONDS
        while (export := self._api.export(month)) is None or export["status"] == "running":
            if self._timer() > deadline:
                raise TimeoutError("the export is still running")
            self._sleep(_POLL_SECONDS)
        if export["status"] == "failed":
            raise RuntimeError("the export failed")

    def _read_manifest(self, export: Mapping[str, Any]) -> dict[str, Any]:
        listed = next(file for file in export["files"] if file["name"] == "manifest.json")
        if self._manifest[0] != listed["sha256"]:
            self._manifest = listed["sha256"], json.loads(fetch(listed["url"]))
        return self._manifest[1]


def _day(day: date, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counted articles and their readers on one day; a class of readers has a row of its own."""
    counted = [row for row in rows if row["period"] == day.isoformat() and row["decision"] == "metered"]
    return {
        "date": day,
        "articles": sum(row["quantity"] for row in counted),
        "readers": sum(row["unique_readers"] for row in counted),
    }
