"""A publisher's page on one origin, a scripted API on another: for states that a real service is hard to bring into."""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from functions.snippet import app

SITE = "riotimes"
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "snippet.md"
PARAGRAPHS = "".join(
    f"<p id=p{n}>Paragraph {n} of an article that is long enough to be cut somewhere.</p>" for n in range(1, 7)
)
JSON_HEADERS = {"content-type": "application/json"}


def documented(part: str) -> str:
    """The lines of JavaScript in the snippet's reference that have this in them."""
    [lines] = [block for block in re.findall(r"```js\n(.*?)```", REFERENCE.read_text(), re.DOTALL) if part in block]
    return str(lines)


@dataclass(frozen=True)
class Sent:
    """A request as a server saw it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Reply = tuple[int, Mapping[str, str], bytes]


@dataclass
class Server:
    """Answers every request with what `reply` says, and remembers it."""

    url: str
    reply: Callable[[Sent], Reply]
    requests: list[Sent] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[Server]:
    """A server on a free port of loopback; a 404 until its `reply` is set."""
    server = Server("", lambda _: (404, {}, b""))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            sent = Sent(self.command, self.path, headers, body)
            server.requests.append(sent)
            status, headers, content = server.reply(sent)
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_OPTIONS = answer  # noqa: N815 - names that the base class looks for

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    httpd.handle_error = lambda *_: None  # type: ignore[method-assign]  # the browser went away
    server.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    thread = Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()


def prompt(kind: str = "countdown", **changes: Any) -> dict[str, Any]:
    messages = {
        "countdown": "You have 4 free articles remaining. Subscribe for unlimited access.",
        "last": "This is the last of your 5 free articles this month. Subscribe for unlimited access.",
        "wall": "You have read your 5 free articles this month. Subscribe to keep reading, or come back on December 1.",
        "registration": "You have read your 5 free articles. Create a free account to read 5 more this month.",
    }
    actions = [
        {"kind": "subscribe", "label": "Subscribe", "url": "https://www.example.com/subscribe"},
        {"kind": "sign_in", "label": "Sign in", "url": "https://www.example.com/sign-in"},
    ]
    if kind == "registration":
        actions.insert(
            0, {"kind": "register", "label": "Create a free account", "url": "https://www.example.com/register"}
        )
    return {
        "kind": kind,
        "lang": "en",
        "dir": "ltr",
        "message": messages[kind],
        "actions": actions,
        "dismissible": kind in ("countdown", "last"),
        "close_label": "Close",
        "redirect_url": None,
        "position": "bottom",
        "colors": {"background": "#cc0000", "text": "#ffffff"},
        "links": [],
    } | changes


def granted(remaining: int = 4, reason: str = "metered", **changes: Any) -> dict[str, Any]:
    """The answer to a granted view, with its bar."""
    kind = "countdown" if remaining else "last"
    return {
        "access": "granted",
        "reason": reason,
        "meter": "default",
        "limit": 5,
        "used": 5 - remaining,
        "remaining": remaining,
        "resets_at": "2099-12-01T00:00:00-03:00",
        "article": "digest",
        "reader": "reader-token",
        "state": "state-token",
        "grant": "grant-token",
        "rule": {"version": 1, "name": "default"},
        "warnings": [],
        "prompt": prompt(kind),
    } | changes


def unmetered(reason: str) -> dict[str, Any]:
    """The answer to a view that no meter counts: no numbers, nothing to show."""
    nothing = dict.fromkeys(("meter", "limit", "used", "remaining", "resets_at", "prompt"))
    return granted(reason=reason) | nothing


def reply(status: int, body: str, **headers: str) -> Reply:
    """An answer of the API's that the page may read."""
    return status, {**JSON_HEADERS, "access-control-allow-origin": "*", **headers}, body.encode()


def denied(reason: str = "limit_reached", **changes: Any) -> dict[str, Any]:
    """The answer to a denied view, with its wall."""
    kind = "registration" if reason == "registration_required" else "wall"
    return granted(0, reason, access="denied", grant=None, prompt=prompt(kind)) | changes


@dataclass
class Api:
    """The real snippet function. Views get `answer` (a document, a reply, a function of the request), gifts `gift`."""

    server: Server
    answer: Any = field(default_factory=granted)
    gift: Reply = (404, {}, b"")

    def __post_init__(self) -> None:
        self.assets = app.build({})
        self.server.reply = self._reply

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def views(self) -> list[Any]:
        """The bodies of the views so far."""
        return self.posted("views")

    def posted(self, route: str) -> list[Any]:
        """The bodies of what came to this route so far."""
        return [sent.json for sent in self.server.requests if (sent.method, sent.path) == ("POST", f"/v1/{route}")]

    def methods(self) -> list[str]:
        """Of everything that was asked but for assets."""
        return [sent.method for sent in self.server.requests if sent.method != "GET"]

    def fetched(self, start: str) -> list[str]:
        """The assets that were fetched, by how their names start."""
        return [s.path for s in self.server.requests if s.method == "GET" and s.path.startswith(f"/v1/{start}")]

    def _reply(self, sent: Sent) -> Reply:
        if sent.method == "GET":
            event = {"headers": sent.headers, "requestContext": {"http": {"path": sent.path.split("?")[0]}}}
            reply = self.assets(event, None)
            body = reply.get("body", "")
            return (
                reply["statusCode"],
                reply["headers"],
                base64.b64decode(body) if reply.get("isBase64Encoded") else body.encode(),
            )
        if sent.path == "/v1/gifts":
            return self.gift
        answer = self.answer(sent) if callable(self.answer) else self.answer
        if isinstance(answer, tuple):
            return answer
        return (
            200,
            {**JSON_HEADERS, "access-control-allow-origin": sent.headers.get("origin", "*")},
            json.dumps(answer).encode(),
        )


@dataclass
class Paper:
    """The publisher's server: its pages by path."""

    server: Server
    api: Api
    pages: dict[str, Reply] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.server.reply = lambda sent: self.pages.get(sent.path.split("?")[0], (404, {}, b"no such page"))

    def page(
        self,
        path: str = "/a",
        *,
        head: str = '<meta property="og:type" content="article">',
        body: str = f"<main><article><h1>An article</h1>{PARAGRAPHS}</article></main>",
        script: str | None = None,
        html: str = 'lang="en"',
        headers: Mapping[str, str] | None = None,
        **attributes: str,
    ) -> str:
        """Puts a page up and answers its address. `attributes` are the script element's (data-…, with _ for -)."""
        data = "".join(
            f' data-{name.replace("_", "-")}="{value}"' for name, value in ({"site": SITE} | attributes).items()
        )
        tag = f'<script async src="{self.api.url}/v1/snippet.js"{data}></script>' if script is None else script
        head = (
            f'<meta charset=utf-8><title>A page</title><meta name="viewport" content="width=device-width">{head}{tag}'
        )
        content = f"<!doctype html><html {html}><head>{head}</head><body>{body}</body></html>"
        self.pages[path] = 200, {"content-type": "text/html; charset=utf-8", **(headers or {})}, content.encode()
        return self.server.url + path
