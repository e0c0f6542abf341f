"""Debian's Chromium, quiet: it asks nothing of the network that a page did not ask."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Playwright

QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
)


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """One browser. Raises `FileNotFoundError` where Chromium is not installed."""
    path = shutil.which("chromium")
    if path is None:
        raise FileNotFoundError("Chromium is not installed. Type: apt-get install chromium")
    # The back/forward cache is part of what is tested; Playwright turns it off.
    browser = playwright.chromium.launch(
        executable_path=path, args=QUIET, ignore_default_args=["--disable-back-forward-cache"]
    )
    try:
        yield browser
    finally:
        browser.close()
