"""API Gateway's HTTP API event, payload 2.0, as the few things that Readmeter reads of it."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from readmeter.web.problem import Problem

MOST_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are lower case; `cookies` holds the first cookie of each name.

    `query` has one value a name, as API Gateway joins them. `source_ip` is who is connected: a reader, or the server of
    a publisher's own path.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: str
    is_base64: bool
    id: str
    source_ip: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        context = event["requestContext"]
        cookies = [cookie.partition("=") for cookie in event.get("cookies", [])]
        return cls(
            method=context["http"]["method"],
            path=context["http"]["path"],
            query=event.get("queryStringParameters", {}),
            headers={name.lower(): value for name, value in event.get("headers", {}).items()},
            cookies={name.strip(): value.strip() for name, _, value in reversed(cookies)},
            body=event.get("body") or "",
            is_base64=bool(event.get("isBase64Encoded")),
            id=context["requestId"],
            source_ip=context["http"]["sourceIp"],
        )

    def content(self, most: int = MOST_BYTES) -> bytes:
        """The body's bytes. Raises `Problem` 413 over `most`."""
        try:
            content = base64.b64decode(self.body, validate=True) if self.is_base64 else self.body.encode()
        except ValueError as error:
            raise Problem(400, "The body is not UTF-8 text.") from error
        if len(content) > most:
            raise Problem(413, f"The body is larger than {most} bytes.")
        return content
