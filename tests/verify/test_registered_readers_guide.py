"""docs/registered-readers.md, as it stands: its documents hold, its code signs, its table tells every refusal."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from local.engine import ROOT
from readmeter.core.rules import Key
from readmeter.metering.identity import Identity, Ignored, verify
from readmeter.sites.check import warnings
from readmeter.sites.compile import compile_rules
from readmeter.sites.parse import read_document
from tests.support.documents import block, blocks
from tests.support.identities import NOW, identity_rules, jwk, key, private_key, sign
from tests.unit.test_identity import CLAIMED, FORGERIES, NO_OBJECT

GUIDE = "registered-readers.md"
RUNNERS = {"js": ("node", "mjs"), "python": (sys.executable, "py")}
CALLS = {
    "js": 'import { identity } from "./identity.mjs"\nconsole.log(identity(7, true))\n',
    "python": "from identity import identity\n\nprint(identity(7, True))\n",
}
each_language = pytest.mark.parametrize("language", RUNNERS)


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    """The key that the guide has made first."""
    path = tmp_path / "identity-2026.pem"
    private = private_key("2026", "ES256")
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    return path


def run(language: str, script: str, folder: Path, *arguments: str, **environment: str) -> str:
    command, suffix = RUNNERS[language]
    path = folder / f"run.{suffix}"
    path.write_text(script)
    env = {"PATH": os.environ["PATH"], **environment}
    done = subprocess.run([command, path, *arguments], check=True, stdout=subprocess.PIPE, text=True, env=env)
    return done.stdout.strip()


@each_language
def test_the_public_half_is_written_as_a_site_document_takes_it(language: str, pem: Path) -> None:
    written = json.loads(
        run(language, block(GUIDE, language, "ublic-key" if language == "js" else "ublic_key"), pem.parent, str(pem))
    )
    assert {name: written[name] for name in ("kty", "crv", "x", "y")} == jwk(private_key("2026", "ES256"))


@each_language
def test_what_is_signed_proves_the_reader(language: str, pem: Path) -> None:
    suffix = RUNNERS[language][1]
    example = block(GUIDE, language, f"identity.{suffix}")
    (pem.parent / f"identity.{suffix}").write_text(example)
    token = run(language, CALLS[language], pem.parent, IDENTITY_KEY=str(pem))
    assert verify(token, identity_rules(), "riotimes", (key(),), time.time()) == Identity("7", subscriber=True)


def test_its_site_documents_are_taken_without_a_warning_of_identity() -> None:
    for text in blocks(ROOT / "docs" / GUIDE, "yaml"):
        document = read_document(yaml.safe_load(text))
        assert not [pointer for pointer, _ in warnings(document) if pointer.startswith("/identity")]
        assert compile_rules(document, 1).identity is not None


def test_every_sentence_of_warnings_is_explained_and_no_other() -> None:
    explained = re.findall(r"^\| `(.+?)` \|", block_of_refusals(), re.MULTILINE)
    assert set(explained) == {sentence.replace("`", "") for sentence in sentences()}


def block_of_refusals() -> str:
    text = (ROOT / "docs" / GUIDE).read_text()
    return text.partition("## What is refused")[2].partition("\n## ")[0]


def sentences() -> set[str]:
    """Of every row of the tables of attacks; of `exp`, `nbf` and `iat` one stands for all."""
    several, weak = (key("2026"), key("2027")), (Key("2026", "ES256", {}),)
    others = [
        verify(sign(), None, "riotimes", (), NOW),
        verify("." * 5000, identity_rules(), "riotimes", (key(),), NOW),
        verify(sign(header={"kid": None}), identity_rules(), "riotimes", several, NOW),
        verify(sign(), identity_rules(), "riotimes", weak, NOW),
    ]
    whys = [other.why.partition(": ")[2] for other in others if isinstance(other, Ignored)]
    told = {*whys, NO_OBJECT, *(why for _, why in FORGERIES.values()), *(why for _, why in CLAIMED.values())}
    return {why for why in told if "seconds since" not in why or "`exp`" in why}
