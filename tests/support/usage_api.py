"""The exports function as API Gateway and the schedule reach it, over tables, buckets and a topic in memory."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from readmeter.store.articles import ArticleStore
from readmeter.store.dynamodb import DynamoDB
from readmeter.store.exports import ExportStore
from readmeter.store.sites import SiteStore
from readmeter.usage.ledger import ReadRow, Row, objects_of
from readmeter.usage.objects import S3Objects
from tests.support.admin_api import AdminClient, Clock

TOPIC = f"arn:aws:sns:us-east-1:{DEFAULT_ACCOUNT_ID}:FinanceTopic"
EXPORTS = "/v1/admin/exports"


class NoItems:
    """A meter table without items."""

    at = 0.0

    def __call__(self) -> Iterator[Any]:
        return iter(())


@dataclass
class UsageService:
    """`api` calls the exports function, `admin` the admin function; `started` are the jobs that wait to be run."""

    api: AdminClient
    admin: AdminClient
    clock: Clock
    ledger: S3Objects
    exports: S3Objects
    started: list[dict[str, Any]]
    complete_until: list[float]  # the last one is what the stream says
    environment: dict[str, str]

    def __call__(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        return self.api(method, path, body, **more)

    @property
    def sites(self) -> SiteStore:
        return SiteStore(DynamoDB(self.admin.dynamodb), self.admin.table)

    @property
    def index(self) -> ExportStore:
        return ExportStore(DynamoDB(self.admin.dynamodb), self.admin.table)

    @property
    def articles(self) -> ArticleStore:
        return ArticleStore(DynamoDB(self.admin.dynamodb), self.admin.table)

    def count(self, *rows: Row) -> None:
        """Puts rows into the ledger, as the ledger function would."""
        for made in objects_of(rows, "1-9"):
            assert self.ledger.create(made.key, made.body)

    def job(self, **event: Any) -> Any:
        """Runs a job as an invocation of its own."""
        return self.api.handler(event, object())

    def run(self) -> list[dict[str, Any]]:
        """Runs every job that was started, in order; what they were."""
        done: list[dict[str, Any]] = []
        while self.started:
            event = self.started.pop(0)
            self.api.handler(json.loads(json.dumps(event)), object())
            done.append(event)
        return done

    def make(self, period: str, site: str = "riotimes") -> Any:
        """Asks for an export, runs it, and gets it."""
        answer = self("POST", EXPORTS, {"site": site, "period": period})
        assert answer.status == 202, answer
        self.run()
        return self("GET", f"{EXPORTS}/{answer.json['export_id']}").json


def told() -> list[tuple[str, str]]:
    """What finance was sent: subject and text of each message."""
    sent = sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].topics[TOPIC].sent_notifications
    return [(subject, message) for _, message, subject, *_ in sent]


def read(number: int = 0, date: str = "2026-11-10", **given: Any) -> ReadRow:
    """A counted read of reader `r<number>`."""
    row: dict[str, Any] = {
        "site": "riotimes",
        "meter": "default",
        "decision": "metered",
        "period": date[:7],
        "reader": f"r{number}",
        "generation": 0,
        "article": "a",
        "local_date": date,
        "rule_version": 1,
        "reader_class": "anonymous",
        "traffic": "reader",
        "unit": "article",
        "source": "stream",
        "sequence": f"{number}",
    }
    return ReadRow(**{**row, **given})
