"""The real gateway and handlers on one origin, a publisher's pages on another: what is asked, and what is stored."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from threading import Thread
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import boto3
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client
from werkzeug.wrappers import Request

from readmeter.core.article import digest
from readmeter.core.encoding import base64url
from readmeter.core.keys import Keyring
from readmeter.store.reads import events_of
from tests.browser.publisher import PARAGRAPHS, Reply, Server, serving
from tests.support.api import site_document
from tests.support.in_process import ADMIN, in_process

SITE = "riotimes"
SECRET = '{"permanent": "of the tests"}'  # as `in_process` has it
HEAD = '<meta charset=utf-8><title>A page</title><meta property="og:type" content="article">'
BODY = f"<main><article><h1>An article</h1>{PARAGRAPHS}</article></main>"


class Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


@dataclass
class Live:
    """`bodies` are those of the views that came; `is_down` makes the service answer 503 to them."""

    app: WSGIApplication
    paper: Server
    items: Callable[[], list[dict[str, Any]]]
    url: str = ""
    is_down: bool = False
    bodies: list[Any] = field(default_factory=list)
    pages: dict[str, Reply] = field(default_factory=dict)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.method == "POST" and request.path == "/v1/views":
            content = request.get_data()
            environ["wsgi.input"] = BytesIO(content)
            self.bodies.append(json.loads(content))
            if self.is_down:
                start_response("503 Service Unavailable", [("access-control-allow-origin", "*")])
                return [b'{"detail": "Busy"}']
        return self.app(environ, start_response)

    def page(self, path: str, script: str | None = None, *, head: str = HEAD, body: str = BODY, html: str = "") -> str:
        """Puts a page up and answers its address; {api} in it is the service's. `html`: the whole of it."""
        tag = f'<script async src="{{api}}/v1/snippet.js" data-site="{SITE}"></script>' if script is None else script
        whole = html or f'<!doctype html><html lang="en"><head>{head}{tag}</head><body>{body}</body></html>'
        content = whole.replace("{api}", self.url).encode()
        self.pages[path] = 200, {"content-type": "text/html; charset=utf-8"}, content
        return self.paper.url + path

    def start_anew(self) -> None:
        self.bodies.clear()
        self.is_down = False

    def stored(self, *paths: str) -> list[tuple[str, str]]:
        """Kind and path of each event that the store holds of these pages, sorted."""
        key = Keyring.parse(SECRET).permanent_key("article", SITE)
        known = {base64url(digest(key, self.paper.url + path)): path for path in paths}
        return sorted((each.kind, known.get(each.article, "?")) for item in self.items() for each in events_of(item))


@contextmanager
def living() -> Iterator[Live]:
    """One service and one publisher, on free ports of loopback."""
    with serving() as paper, in_process(SITE) as gateway:
        database = boto3.client("dynamodb")
        tables = database.list_tables()["TableNames"]
        live = Live(
            gateway, paper, lambda: [item for name in tables for item in database.scan(TableName=name)["Items"]]
        )
        paper.reply = lambda sent: live.pages.get(sent.path.split("?")[0], (404, {}, b"no such page"))
        document = site_document(SITE, paper.url, timezone="America/Sao_Paulo")
        assert Client(gateway).put(f"/v1/admin/sites/{SITE}", json=document, headers=ADMIN).status_code == 200
        server = make_server("127.0.0.1", 0, live, threaded=True, request_handler=Quiet)
        live.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield live
        finally:
            server.shutdown()
