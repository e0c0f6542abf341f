"""The admin API as the command sees it, without a network: exports with real bytes behind their links."""

import gzip
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from readmeter.command.client import Request, Response

Answer = tuple[int, Any]


def usage_row(quantity: int, **given: Any) -> dict[str, Any]:
    """A billable usage row, as far as the command reads it."""
    row = {
        "row_class": "usage",
        "meter": "default",
        "billing_period": "2026-11",
        "quantity": quantity,
        "billable": True,
    }
    return {**row, **given}


def export_files(status: str = "final", revision: int = 4, **given: Any) -> dict[str, bytes]:
    """The files of a month of riotimes by name: 184,203 counted and 3 of October taken back, unless `given` differs."""
    rows = given.get("rows", [usage_row(184_203), usage_row(-3, row_class="correction", billing_period="2026-10")])
    usage = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), mtime=0)
    contents = {
        "usage.jsonl.gz": usage,
        "usage.csv": b"\xef\xbb\xbfexport_id,row_id\r\n",
        "invoice.csv": b"\xef\xbb\xbfsite\r\n",
    }
    manifest = {
        "export_id": "riotimes_2026-11",
        "site": "riotimes",
        "period": "2026-11",
        "revision": revision,
        "status": status,
        "files": [_described(name, content) for name, content in contents.items()],
        "control_totals": {"to_invoice": sum(row["quantity"] for row in rows if row["billable"])},
    }
    return {**contents, "manifest.json": json.dumps(manifest).encode()}


def _described(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "rows": 2}


@dataclass
class FakeService:
    """A `Transport`. `answers` holds what a method and path answer; `files` are behind links; `asked` is the log."""

    answers: dict[tuple[str, str], Answer | Callable[[Request], Answer]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        parts = urlsplit(request.url)
        if parts.path.startswith("/files/"):
            return Response(200, io.BytesIO(self.files[parts.path.removeprefix("/files/")]))
        answer = self.answers.get((request.method, parts.path), (404, {"detail": "There is no such route."}))
        status, document = answer(request) if callable(answer) else answer
        return Response(status, io.BytesIO(document if isinstance(document, bytes) else json.dumps(document).encode()))

    def publish(self, files: dict[str, bytes], status: str = "final", revision: int = 4) -> None:
        """Has an export of riotimes' November answered with these files."""
        self.files = files
        listed = [
            {**_described(name, files[name]), "url": f"https://files.test/files/{name}?signed=yes"} for name in files
        ]
        said = {"export_id": "riotimes_2026-11", "site": "riotimes", "period": "2026-11"}
        answer = {**said, "status": status, "revision": revision, "files": listed}
        self.answers["GET", "/v1/admin/exports/riotimes_2026-11"] = (200, answer)

    def queries(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(urlsplit(request.url).query)) for request in self.asked]
