"""The committed files are what the sources build: byte for byte, and small."""

import base64
import gzip
import hashlib
import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "functions" / "snippet" / "assets"
MOST_BYTES = 2150  # docs/decisions/0029


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assets")
    subprocess.run(["node", ROOT / "functions/snippet/build.mjs", "--out", folder], check=True, stdout=subprocess.PIPE)
    return folder


def test_a_rebuild_gives_the_committed_bytes(rebuilt: Path) -> None:
    built = [path.relative_to(rebuilt) for path in rebuilt.rglob("*") if path.is_file()]
    assert len(built) == 4, "the snippet twice, its other part, and their description"
    for path in built:
        assert (ASSETS / path).read_bytes() == (rebuilt / path).read_bytes(), f"{path}: run `npm run build`"


def test_what_every_page_view_loads_is_small() -> None:
    assert len(gzip.compress((ASSETS / "snippet.js").read_bytes(), 9)) <= MOST_BYTES
    assert f"{MOST_BYTES:,} bytes" in (ROOT / "docs/reference/snippet.md").read_text()


def test_the_snippet_loads_the_part_that_it_was_built_with(rebuilt: Path) -> None:
    about = json.loads((rebuilt / "snippet.json").read_text())
    [(part, integrity)] = about["imports"].items()
    assert part in (rebuilt / "snippet.js").read_text()
    digest = hashlib.sha384((rebuilt / "releases" / part).read_bytes()).digest()
    assert integrity == f"sha384-{base64.b64encode(digest).decode()}"


def test_the_sources_are_of_the_types_that_they_say() -> None:
    subprocess.run([ROOT / "node_modules/.bin/tsc", "--project", ROOT / "functions/snippet/src"], check=True)


def test_the_lock_file_names_no_place_to_download_from() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
