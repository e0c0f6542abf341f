"""Speculation rules in a Chromium that nobody drives: under the tools of a driver it refuses to prerender."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.browser.chromium import QUIET
from tests.browser.live import HEAD, Live

SECONDS = 30
# What the page says of itself to its own server: the snippet is there, it was activated, it shows its bar.
PROBE = """<script>
    addEventListener('readmeter:ready', () => fetch(`/ready-${document.prerendering}`));
    document.addEventListener('prerenderingchange', () => fetch('/activated'));
    addEventListener('readmeter:shown', () => fetch('/shown'));
</script>"""
RULES = json.dumps({"prerender": [{"urls": ["/next"], "eagerness": "immediate"}]})
FRONT = f"""<!doctype html><title>Front</title><script type="speculationrules">{RULES}</script><script>
    const wait = async () => (await fetch('/go')).ok ? location.href = '/next' : setTimeout(wait, 50);
    wait();
</script>"""


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_prerendered_page_counts_once_it_is_opened(live: Live, tmp_path: Path) -> None:
    live.page("/next", head=HEAD + PROBE)
    path = shutil.which("chromium")
    assert path is not None
    command = [path, "--headless=new", f"--user-data-dir={tmp_path}", *QUIET, live.page("/front", html=FRONT)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            asked: Callable[[str], bool] = lambda name: any(sent.path == name for sent in live.paper.requests)  # noqa: E731
            until(lambda: asked("/ready-true"))
            assert live.bodies == []
            live.page("/go", html="now")
            until(lambda: asked("/shown"))
            assert asked("/activated")
            assert [body["url"] for body in live.bodies] == [f"{live.paper.url}/next"]
        finally:
            browser.terminate()
