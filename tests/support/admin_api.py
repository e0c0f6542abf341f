"""The admin API as API Gateway reaches it: payload 2.0 events into the handler, a site table in memory behind it."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from readmeter.core.encoding import base64url

SITES = "/v1/admin/sites"
RIO = f"{SITES}/riotimes"
SECRET = '{"permanent": "a secret of the tests"}'
EVERYWHERE = {"iam": {"userArn": "arn:aws:iam::123456789012:user/ana"}}


def signed(arn: str) -> dict[str, Any]:
    """What API Gateway sends for a request that is signed with AWS credentials."""
    return {"iam": {"userArn": arn}}


def spelled(words: str) -> str:
    """Words as a part of a path that any gateway leaves as it is: `~` and their UTF-8 in base64url."""
    return f"~{base64url(words.encode())}"


def scoped(*sites: str) -> dict[str, Any]:
    """What API Gateway sends for a staff token that names `sites`."""
    return {"jwt": {"claims": {"sub": "bia", "sites": " ".join(sites)}, "scopes": None}}


@dataclass
class Clock:
    now: float = 1_795_176_000.0  # 2026-11-20 12:00 UTC

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def pointers(self) -> list[str]:
        assert self.headers["content-type"] == "application/problem+json", self
        return [error["pointer"] for error in self.json.get("errors", [])]


@dataclass
class AdminClient:
    """Calls the admin function's handler. A dict goes out as JSON, text as YAML, bytes as they are."""

    app: Any  # the module
    handler: Any
    dynamodb: Any
    clock: Clock
    table: str
    meter_table: str
    authorizer: Any = field(default_factory=lambda: EVERYWHERE)

    def __call__(self, method: str, path: str, body: object = None, *, by: Any = ..., **headers: str) -> Answer:
        route, _, query = path.partition("?")
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": unquote(route),
            "rawQueryString": query,
            "headers": {name.replace("_", "-"): value for name, value in headers.items()},
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "api",
                "domainName": "admin.example.com",
                "domainPrefix": "admin",
                "http": {
                    "method": method,
                    "path": unquote(route),
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1",
                    "userAgent": "test",
                },
                "requestId": "request-1",
                "routeKey": "$default",
                "stage": "$default",
                "time": "20/Nov/2026:12:00:00 +0000",
                "timeEpoch": 1795176000000,
            },
            "isBase64Encoded": False,
        }
        if query:
            event["queryStringParameters"] = dict(pair.split("=", 1) for pair in query.split("&"))
        authorizer = self.authorizer if by is ... else by
        if authorizer is not None:
            event["requestContext"]["authorizer"] = authorizer
        if isinstance(body, bytes):
            event["body"], event["isBase64Encoded"] = base64.b64encode(body).decode(), True
        elif body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
            event["headers"].setdefault("content-type", f"application/{'yaml' if isinstance(body, str) else 'json'}")
        response = self.handler(event, object())
        answered = {name.lower(): value for name, value in response.get("headers", {}).items()}
        return Answer(response["statusCode"], answered, response.get("body") or "")

    def items(self, table: str | None = None) -> list[dict[str, Any]]:
        """Everything in the site table (or another), to see what a call wrote."""
        return self.dynamodb.scan(TableName=table or self.table)["Items"]


def document(**changes: Any) -> dict[str, Any]:
    """A small site document for RIO."""
    return {
        "site": "riotimes",
        "origins": ["https://www.riotimesonline.com"],
        "timezone": "America/Sao_Paulo",
        "prompt": {"subscribe_url": "https://www.riotimesonline.com/subscribe"},
        **changes,
    }
