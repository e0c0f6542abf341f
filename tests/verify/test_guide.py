"""The examples of docs/body-withheld.md, as they stand there: who may have the text gets it, nobody else does."""

import json
import os
import runpy
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from local.engine import ROOT
from readmeter.core.encoding import base64url
from readmeter.core.grant import page_hash, write_grant
from readmeter.core.keys import Keyring
from readmeter.core.tokens import Reader
from tests.conftest import free_port
from tests.support.coroutines import ran
from tests.support.documents import block
from tests.support.verifiers import asked_of_cloudfront

GUIDE = "body-withheld.md"
FILES = ROOT / "shared" / "readmeter" / "verify"
KEYS = Keyring.parse('{"permanent": "of the guide"}')
TEXT = "The second paragraph."
PAGE, BODY = "/markets/coffee", "/markets/coffee/text"


def grant(sections: tuple[str, ...] = ("Markets",)) -> str:
    """What the service signs now for the guide's article, described with these sections."""
    described = page_hash(sections, ["coffee"], PAGE)
    return write_grant(KEYS, "riotimes", Reader(bytes(16)), "A-1", "metered", described, time.time())


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the admin API answers, also in the file that the examples read."""
    kid, key = KEYS.signing_key("grant", "riotimes")
    told = {"kty": "oct", "kid": kid, "alg": "HS256", "k": base64url(key), "expires": None}
    answer = {"site": "riotimes", "soft_grants": False, "keys": [told]}
    file = tmp_path / "grant-keys.json"
    file.write_text(json.dumps(answer))
    monkeypatch.setenv("GRANT_KEYS", str(file))
    monkeypatch.setenv("READMETER_OFF", str(tmp_path / "off"))
    return answer


def example(folder: Path, name: str, language: str, holding: str) -> Path:
    """An example as a file, with what it imports beside it."""
    for file in FILES.glob("readmeter*"):
        shutil.copy(file, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    path = folder / name
    path.write_text(block(GUIDE, language, holding))
    return path


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], Any]]:
    """Loads an example in Python, and forgets it afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda name, holding: runpy.run_path(str(example(tmp_path, name, "python", holding)))["application"]
    sys.modules.pop("readmeter_verify", None)


def test_the_wsgi_example(keys: dict[str, Any], python: Callable[[str, str], Any], tmp_path: Path) -> None:
    client = Client(python("app.py", "wsgiref"))
    assert TEXT not in client.get(PAGE).text
    assert client.get(BODY).json["reason"] == "missing"  # type: ignore[index]
    edited = client.get(BODY, headers={"Authorization": f"Readmeter {grant(('Obituaries',))}"})
    assert edited.json["reason"] == "wrong_page"  # type: ignore[index]
    assert TEXT in client.get(BODY, headers={"Authorization": f"Readmeter {grant()}"}).text
    assert client.get("/nothing").status_code == 404
    (tmp_path / "off").touch()
    assert TEXT in client.get(BODY).text, "switched off by a file"


def test_the_asgi_example(keys: dict[str, Any], python: Callable[[str, str], Any]) -> None:
    application = python("asgi.py", "ReadmeterAsgiMiddleware")

    def ask(*headers: tuple[bytes, bytes]) -> tuple[int, str]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "path": BODY, "headers": list(headers)}
        ran(application(scope, None, send))
        return sent[0]["status"], sent[1]["body"].decode()

    assert ask()[0] == 403
    assert ask((b"authorization", f"Readmeter {grant()}".encode())) == (200, f"<p>{TEXT}</p>")


def test_the_node_example(keys: dict[str, Any], tmp_path: Path) -> None:
    port = free_port()
    server = example(tmp_path, "server.mjs", "js", "node:http")
    running = subprocess.Popen(["node", server], env={**os.environ, "PORT": str(port)})
    try:
        asked = _Asked(f"http://127.0.0.1:{port}")
        assert TEXT not in asked(PAGE)[1]
        assert asked(BODY)[0] == 403
        assert '"wrong_page"' in asked(BODY, grant(("Obituaries",)))[1]
        assert TEXT in asked(BODY, grant())[1]
        assert asked("/nothing")[0] == 404
    finally:
        running.terminate()
        running.wait()


class _Asked:
    """Asks a server that is starting."""

    def __init__(self, url: str) -> None:
        self._url = url
        deadline = time.monotonic() + 20
        while True:
            try:
                self(PAGE)
                break
            except urllib.error.URLError:
                assert time.monotonic() < deadline, "the example does not answer"
                time.sleep(0.02)

    def __call__(self, path: str, brought: str = "") -> tuple[int, str]:
        headers = {"Authorization": f"Readmeter {brought}"} if brought else {}
        try:
            with urllib.request.urlopen(urllib.request.Request(self._url + path, headers=headers)) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()


WORKER = """
import worker from './worker.mjs';
const { asked, keys } = JSON.parse(process.argv[2]);
const env = { READMETER: { get: async (name, type) => (name == 'grant-keys' && type == 'json' ? keys : null) } };
const answers = [];
for (const { headers, told } of asked) {
  globalThis.fetch = async () => new Response('the text', { headers: told ? { 'Readmeter-Page': told } : {} });
  const request = new Request('https://www.riotimesonline.com/markets/coffee/text', { headers });
  const answer = await worker.fetch(request, env);
  answers.push([answer.status, await answer.text(), answer.headers.get('Cache-Control')]);
}
console.log(JSON.stringify(answers));
"""


def test_the_workers_example(keys: dict[str, Any], tmp_path: Path) -> None:
    example(tmp_path, "worker.mjs", "js", "READMETER")
    (tmp_path / "platform.mjs").write_text(WORKER)
    page = {
        "url": f"https://www.riotimesonline.com{PAGE}",
        "sections": ["Markets"],
        "tags": ["coffee"],
        "article": "A-1",
    }
    told = urllib.request.quote(json.dumps(page))
    by_header = {"Authorization": f"Readmeter {grant()}"}
    asked = [{"headers": by_header, "told": told}, {"headers": {}, "told": told}, {"headers": by_header, "told": None}]
    done = subprocess.run(
        ["node", "platform.mjs", json.dumps({"asked": asked, "keys": keys})],
        cwd=tmp_path,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    granted, without, untold = json.loads(done.stdout)
    assert granted == [200, "the text", "private, no-store"]
    assert (without[0], json.loads(without[1])["reason"]) == (403, "missing")
    assert untold[0] == 502, "a text that does not say which page it is of stays where it is"


def test_the_entry_for_cloudfront(keys: dict[str, Any], tmp_path: Path) -> None:
    script = example(tmp_path, "entry.py", "python", "page.hash")
    done = subprocess.run([sys.executable, script], check=True, stdout=subprocess.PIPE, text=True)
    path, _, entry = done.stdout.strip().partition(" ")
    kept = {"grant-keys": json.dumps(keys), path: entry}
    asked = [
        {"now": time.time(), "uri": BODY, "headers": {"authorization": {"value": f"Readmeter {brought}"}}, "kept": kept}
        for brought in (grant(), grant(("Obituaries",)))
    ]
    granted, edited = asked_of_cloudfront(asked)
    assert granted["status"] == 200
    assert edited["body"]["reason"] == "wrong_page"


def test_the_shell_lines_can_be_typed() -> None:
    subprocess.run(["sh", "-n"], input=block(GUIDE, "sh", "aws cloudfront-keyvaluestore"), text=True, check=True)


def test_every_reason_is_explained() -> None:
    guide = (ROOT / "docs" / GUIDE).read_text(encoding="utf-8")
    source = (FILES / "readmeter_verify.py").read_text(encoding="utf-8")
    reasons = source.partition("Why = Literal[")[2].partition("]")[0].replace('"', "").replace(",", " ").split()
    assert len(reasons) == 12
    assert [reason for reason in reasons if f"`{reason}`" not in guide] == []
