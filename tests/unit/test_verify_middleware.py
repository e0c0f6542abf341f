"""Python's middleware: who gets an article's text, what others are told, and what holds while keys are missing."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from readmeter.verify.readmeter_verify import (
    KEPT_FOR,
    RETRY_AFTER,
    GrantKeys,
    Keys,
    Page,
    ReadmeterAsgiMiddleware,
    ReadmeterMiddleware,
)
from tests.support.coroutines import ran
from tests.support.verifiers import VECTORS

KEYS = GrantKeys.parse(json.dumps(VECTORS["grant_keys"]))
[METERED] = [each for each in VECTORS["grants"] if each["name"] == "metered"]
GRANT = METERED["grant"]
PAGE = Page(**METERED["page"])
OTHER = Page("https://www.example.com/other", ["Markets"], ["coffee"])
PAGES = {"/text": PAGE, "/other": OTHER}


@dataclass
class Answer:
    """What either kind of middleware answered."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def reason(self) -> str:
        assert self.headers["content-type"] == "application/problem+json"
        told = json.loads(self.body)
        assert told["status"] == self.status
        return str(told["reason"])


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/html"), ("cache-control", "public, max-age=600")])
    return [b"the text"]


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"text/html"), (b"cache-control", b"public, max-age=600")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"the text"})


def by_wsgi(path: str, authorization: str | None, **options: Any) -> Answer:
    guarded = ReadmeterMiddleware(wsgi_app, page=lambda environ: PAGES.get(environ["PATH_INFO"]), **options)
    headers = {"Authorization": authorization} if authorization is not None else {}
    answer: TestResponse = Client(guarded).get(path, headers=headers)
    return Answer(answer.status_code, {n.lower(): v for n, v in answer.headers}, answer.text)


def by_asgi(path: str, authorization: str | None, **options: Any) -> Answer:
    async def page(scope: Any) -> Page | None:
        return PAGES.get(scope["path"])

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    headers = [(b"authorization", authorization.encode())] if authorization is not None else []
    guarded = ReadmeterAsgiMiddleware(asgi_app, page=page, **options)
    ran(guarded({"type": "http", "path": path, "headers": headers}, receive, send))
    [start, body] = sent
    return Answer(start["status"], {n.decode(): v.decode() for n, v in start["headers"]}, body["body"].decode())


Ask = Callable[..., Answer]


@pytest.fixture(params=[by_wsgi, by_asgi])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Asks for a path, with the keys of the vectors at their time unless it is said otherwise."""

    def asked(path: str, authorization: str | None = None, **options: Any) -> Answer:
        told = {"keys": lambda: KEYS, "clock": lambda: VECTORS["now"]} | options
        answer: Answer = request.param(path, authorization, **told)
        return answer

    return asked


def test_who_brings_a_grant_for_the_page_gets_its_text(ask: Ask) -> None:
    answer = ask("/text", f"Readmeter {GRANT}")
    assert (answer.status, answer.body) == (200, "the text")


def test_no_cache_may_keep_what_one_reader_got(ask: Ask) -> None:
    headers = ask("/text", f"readmeter {GRANT}").headers
    assert (headers["cache-control"], headers["vary"]) == ("private, no-store", "Authorization")


@pytest.mark.parametrize("authorization", [None, "", "Readmeter", "Readmeter ", f"Bearer {GRANT}", GRANT, "Basic eDp5"])
def test_who_brings_none_is_told_that_it_is_needed(ask: Ask, authorization: str | None) -> None:
    answer = ask("/text", authorization)
    assert (answer.status, answer.reason) == (403, "missing")
    assert answer.headers["cache-control"] == "no-store"


def test_a_grant_for_another_page_is_refused(ask: Ask) -> None:
    answer = ask("/other", f"Readmeter {GRANT}")
    assert (answer.status, answer.reason) == (403, "wrong_article")
    assert "the text" not in answer.body


def test_a_grant_in_letters_of_no_alphabet_is_refused(ask: Ask) -> None:
    assert ask("/text", "Readmeter é.é.é").reason == "malformed"


def test_other_pages_need_none(ask: Ask) -> None:
    answer = ask("/free")
    assert (answer.status, answer.headers["cache-control"]) == (200, "public, max-age=600")


def test_while_there_are_no_keys_nobody_gets_in(ask: Ask) -> None:
    answer = ask("/text", f"Readmeter {GRANT}", keys=lambda: None)
    assert (answer.status, answer.reason) == (503, "no_keys")


def test_or_everybody_who_brings_a_grant_if_the_publisher_says_so(ask: Ask) -> None:
    told = {"keys": lambda: None, "when_keys_are_missing": "open"}
    assert ask("/text", f"Readmeter {GRANT}", **told).status == 200
    assert ask("/text", None, **told).reason == "missing"
    assert ask("/text", "Readmeter x.y.z", when_keys_are_missing="open").reason == "malformed", "there are keys"


def test_switched_off_everybody_gets_in(ask: Ask) -> None:
    assert ask("/text", None, enforced=lambda: False).status == 200


def test_a_lifespan_is_none_of_its_business() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    def page(scope: Any) -> Page | None:
        raise AssertionError("asked about what is no request")

    nothing: Any = None
    ran(ReadmeterAsgiMiddleware(app, keys=lambda: KEYS, page=page)({"type": "lifespan"}, nothing, nothing))
    assert seen == ["lifespan"]


@dataclass
class Store:
    """Where the keys are read from. What is in `told` is answered, or raised."""

    told: Any = field(default_factory=lambda: json.dumps(VECTORS["grant_keys"]))
    asked: int = 0
    now: float = 0.0

    def __call__(self) -> str:
        self.asked += 1
        if isinstance(self.told, Exception):
            raise self.told
        return str(self.told)


def test_keys_are_read_every_minute() -> None:
    store = Store()
    keys = Keys(store, lambda: store.now)
    assert [keys(), keys()] == [KEYS, KEYS]
    assert store.asked == 1
    store.now += KEPT_FOR
    keys()
    assert store.asked == 2


@pytest.mark.parametrize(
    "told",
    [OSError("down"), "", "[]", "{}", '{"site": "riotimes", "soft_grants": false, "keys": []}', '{"detail": "No."}'],
)
def test_the_last_good_keys_are_kept(told: Any, caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    keys = Keys(store, lambda: store.now)
    keys()
    store.told, store.now = told, KEPT_FOR
    assert keys() == KEYS
    assert "keys cannot be read" in caplog.text
    store.told, store.now = json.dumps({**VECTORS["grant_keys"], "soft_grants": True}), KEPT_FOR + RETRY_AFTER
    renewed = keys()
    assert renewed is not None
    assert renewed.soft_grants


def test_without_any_there_are_none_and_they_are_asked_for_again_soon() -> None:
    store = Store(OSError("down"))
    keys = Keys(store, lambda: store.now)
    assert [keys(), keys()] == [None, None]
    assert store.asked == 1
    store.told, store.now = json.dumps(VECTORS["grant_keys"]), RETRY_AFTER
    assert keys() == KEYS
