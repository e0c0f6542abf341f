"""Bytes that a page view loads, beside the least that a tag can be and what others' pages load."""

import gzip
import subprocess
from pathlib import Path

from benchmarks.figures import Headline, Part, Table, times
from benchmarks.redis_meters import PYTHON
from local.engine import ROOT

ASSETS = ROOT / "functions" / "snippet" / "assets"
FLOOR = ROOT / "benchmarks" / "baselines" / "snippet_floor.js"
_MINIFY = ("--ecma", "2020", "--toplevel", "--mangle", "--compress", "passes=4")
_BROTLI = "import brotli, sys; print(len(brotli.compress(sys.stdin.buffer.read(), quality=11)))"
_LEAKY_GZIP = 41_650

# Bytes raw, gzip -9 and brotli -q 11, and requests of a page view, as measured on 2026-11-22 from each project's files.
_QUOTED = (
    ("Plausible tracker 0.4.6 (quoted; no meter)", 6_358, 2_717, 2_392, "1 script, 1 POST"),
    ("umami tracker, 2026-05 (quoted; no meter)", 4_595, 2_229, 1_963, "1 script, 1 POST"),
    ("Newspack metering, gate, activation, 2024-10 (quoted)", 11_469, 4_778, 4_137, "3 scripts, CSS"),
    ("Leaky Paywall 5.0.9, its own four scripts (quoted)", 20_276, 6_649, 5_557, "4 scripts, CSS, 1 POST"),
    ("Leaky Paywall 5.0.9 with the jQuery it loads (quoted)", 121_184, _LEAKY_GZIP, 37_251, "6 scripts, CSS, 1 POST"),
    ("Subscribe with Google, classic, 2026-08 (quoted)", 258_138, 73_348, 60_192, "1 script, calls, iframes"),
    ("Ghost Portal 2.71 (quoted; no meter)", 2_732_396, 705_215, 584_789, "1 script, member API"),
)

_BEFORE = """\
Bytes as built and committed; gzip -9, brotli -q 11. The floor is the least that a metering tag can be, minified
here by the same minifier. Quoted rows were measured on 2026-11-22 from each project's own files, not in this
run."""

_AFTER = """\
A page view loads the snippet once an hour at the most (`max-age=3600`) and makes one POST without a preflight.
The part that shows a wall is loaded with it only where there is something rare to show. The function answers
gzip; brotli is what a CDN in front would send."""


def measure(_runs: int) -> Part:
    snippet = (ASSETS / "snippet.js").read_bytes()
    [more] = (ASSETS / "releases" / name for name in _parts())
    ours = _sizes(snippet)
    measured = [
        ("Readmeter: snippet, every page view", ours, "1 script, 1 POST"),
        ("Readmeter: snippet and the part for walls", _summed(ours, _sizes(more.read_bytes())), "2 scripts, 1 POST"),
        ("floor: id, POST, a line of text", _sizes(minified_floor()), "1 script, 1 POST"),
    ]
    rows = [(name, *sizes, requests) for name, sizes, requests in measured] + list(_QUOTED)
    table = Table(
        ("script", "bytes", "gzip", "brotli", "requests of a page view", "gzip, of Readmeter's snippet"),
        [
            (name, f"{raw:,}", f"{gz:,}", f"{br:,}", requests, times(gz, ours[1]))
            for name, raw, gz, br, requests in rows
        ],
    )
    headlines = [
        Headline("Snippet, gzip", "bytes", ours[1], name, theirs)
        for name, theirs in (("floor", measured[2][1][1]), ("Leaky Paywall with jQuery (quoted)", _LEAKY_GZIP))
    ]
    return Part("snippet", _BEFORE, [table], _AFTER, headlines)


def minified_floor() -> bytes:
    command = [str(ROOT / "node_modules" / ".bin" / "terser"), str(FLOOR), *_MINIFY]
    return subprocess.run(command, check=True, capture_output=True).stdout


def _parts() -> list[str]:
    """The file that the snippet names: the one release of the other part that belongs to it."""
    text = (ASSETS / "snippet.js").read_text()
    return [path.name for path in sorted(Path(ASSETS / "releases").glob("more-*.js")) if path.name in text]


def _sizes(content: bytes) -> tuple[int, int, int]:
    packed = subprocess.run([PYTHON, "-c", _BROTLI], input=content, check=True, capture_output=True)
    return len(content), len(gzip.compress(content, 9)), int(packed.stdout)


def _summed(one: tuple[int, int, int], other: tuple[int, int, int]) -> tuple[int, int, int]:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]
