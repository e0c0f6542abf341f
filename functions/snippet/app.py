"""GET /v1/{asset}, /v1/docs and /v1/health: public files and a sign of life. Touches no database and no secret."""

import base64
import gzip
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from readmeter import __version__
from readmeter.web.problem import Problem

ASSETS = Path(__file__).parent / "assets"

Handler = Callable[[dict[str, Any], object], dict[str, Any]]

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
}
_GZIP = re.compile(r"gzip(;q=(1(\.0+)?|0\.0*[1-9]\d*))?")
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_AN_HOUR = "public, max-age=3600, stale-while-revalidate=604800"
_FOR_MINUTES = "public, max-age=300"


@dataclass(frozen=True)
class Asset:
    """One public file. `cache` is its Cache-Control."""

    content: bytes
    type: str
    cache: str

    @cached_property
    def packed(self) -> str:
        """Compressed, in base64 as a payload 2.0 body carries it."""
        return base64.b64encode(gzip.compress(self.content, 9, mtime=0)).decode()

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:20]

    def response(self, headers: Mapping[str, str]) -> dict[str, Any]:
        """The whole file, or 304 where the caller has it; `headers` are the request's, names in lower case."""
        is_packed = _accepts_gzip(headers.get("accept-encoding", ""))
        # A strong ETag names exact bytes, and those differ by encoding.
        etag = f'"{self.digest}-gzip"' if is_packed else f'"{self.digest}"'
        answer = {
            "cache-control": self.cache,
            "etag": etag,
            "vary": "Accept-Encoding",
            "access-control-allow-origin": "*",
            "cross-origin-resource-policy": "cross-origin",
            "x-content-type-options": "nosniff",
        }
        if _matches(headers.get("if-none-match", ""), etag):
            return {"statusCode": 304, "headers": answer}
        answer["content-type"] = self.type
        if not is_packed:
            return {"statusCode": 200, "headers": answer, "body": self.content.decode()}
        answer["content-encoding"] = "gzip"
        return {"statusCode": 200, "headers": answer, "body": self.packed, "isBase64Encoded": True}


def _accepts_gzip(accepted: str) -> bool:
    codings = (coding.replace(" ", "").lower() for coding in accepted.split(","))
    return any(_GZIP.fullmatch(coding) for coding in codings)


def _matches(condition: str, etag: str) -> bool:
    return condition.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in condition.split(","))


def published(folder: Path) -> dict[str, Asset]:
    """Every file that may be asked for, by the last part of its path: what is not in here does not exist."""
    caches = {
        **dict.fromkeys(folder.glob("snippet.js"), _FOR_AN_HOUR),
        **dict.fromkeys([*folder.glob("*.json"), *folder.glob("*.html")], _FOR_MINUTES),
        **dict.fromkeys(folder.glob("releases/*.js"), _FOR_EVER),
    }
    return {
        path.stem if path.suffix == ".html" else path.name: Asset(path.read_bytes(), _TYPES[path.suffix], cache)
        for path, cache in caches.items()
    }


def _health() -> dict[str, Any]:
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps({"status": "ok", "version": __version__}),
    }


def build(_environ: Mapping[str, str], _clock: Callable[[], float] = time.time) -> Handler:
    """The handler over the files beside this module; it needs nothing from outside."""
    assets = published(ASSETS)

    def answer(event: dict[str, Any], _context: object) -> dict[str, Any]:
        name = event["requestContext"]["http"]["path"].rpartition("/")[2]
        if name == "health":
            return _health()
        if name not in assets:
            return Problem(404, "There is nothing here.").response()
        return assets[name].response(event.get("headers", {}))

    return answer


handler = build(os.environ)
