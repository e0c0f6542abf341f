"""A client of a running service that sends exactly what it is told to: no cookie jar, no header of its own but Host."""

import http.client
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Reply:
    """`headers` are looked up in any case; a header that may come several times is had with `get_all`."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def pointers(self) -> list[str]:
        """The fields that a problem names."""
        assert self.headers["content-type"] == "application/problem+json", self
        return [error["pointer"] for error in self.json.get("errors", [])]


# The headers of a request to the admin API, signed: from its method, address, body and other headers
Sign = Callable[[str, str, bytes | None, dict[str, str]], dict[str, str]]


@dataclass(frozen=True)
class Api:
    """The API at `url`. An object is sent as JSON in text/plain, as the snippet does, unless a header says other.

    A deployment's admin API is at `staff` and takes what is signed; the local one is at `url` and takes a word.
    """

    url: str
    staff: str = ""
    sign: Sign | None = None

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        where = urlsplit(self.url)
        kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        connection = kind(where.netloc, timeout=30)
        try:
            connection.request(method, where.path + path, content, {"content-type": "text/plain", **(headers or {})})
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def post(self, body: Any, path: str = "/v1/views", **headers: str) -> Reply:
        """Header names: underscores for hyphens."""
        return self.call("POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()})

    def admin(self, method: str, path: str, body: Any = None, word: str = "local-admin") -> Reply:
        if self.sign is None:
            return self.call(method, path, body, {"authorization": f"Bearer {word}", **JSON})
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return Api(self.staff).call(method, path, content, self.sign(method, self.staff + path, content, JSON))

    def publish(self, document: dict[str, Any]) -> Reply:
        """Writes a site document as its publisher would."""
        answer = self.admin("PUT", f"/v1/admin/sites/{document['site']}", document)
        assert answer.status in (200, 201), answer.body
        return answer


def site_document(site: str, origin: str = "https://www.riotimesonline.com", **given: Any) -> dict[str, Any]:
    """The least that a publisher writes: everything else has its default."""
    return {"site": site, "origins": [origin], "prompt": {"subscribe_url": f"{origin}/subscribe"}, **given}


def fresh_id() -> str:
    """A site id that nobody has used: on one service a deleted id is never free again."""
    return f"site-{uuid.uuid4().hex[:12]}"
