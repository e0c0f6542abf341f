"""`make run`: the whole service and a newspaper to read, until Ctrl-C."""

import os
import signal
import sys
from pathlib import Path
from threading import Event

from local.engine import DataDirUnusable
from local.service import PortTaken, service

GUIDE = """
Readmeter is running.

  Open  {newspaper}   a newspaper with 5 free articles a month, 10 once you sign in

Three things to try:
  1. Open an article and read the line at the foot of the page; close it with the ×. Then open more, up to the wall.
     "Your free articles", below every page, tells a reader which ones counted, and erases that.
  2. Sign in as anybody (there is no password), give an article away, subscribe without paying. Then use the grey strip
     on top: a new reader, the next month, a university's network, a storm that opens articles, a service that is down.
  3. See what finance gets: press "Simulate a month of readers" in the back office, {newspaper}/_operator

The API is at {api} (reference: {api}/v1/docs). Ctrl-C stops everything.
"""


def main() -> int:
    data_dir = Path(os.environ["DATA_DIR"]).absolute() if os.environ.get("DATA_DIR") else None
    stop = Event()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # Ctrl-C, kill, a closed terminal
        signal.signal(name, lambda *_: stop.set())
    try:
        with service(_port("PORT", 8080), _port("DEMO_PORT", 8081), data_dir) as running:
            print(GUIDE.format(newspaper=running.newspaper_url, api=running.api_url), flush=True)
            stop.wait()
            print("\nStopping.", flush=True)
    except DataDirUnusable as error:
        print(f"{error}. Choose another folder:  make run DATA_DIR=data", file=sys.stderr)
        return 1
    except (PortTaken, ValueError) as error:
        print(f"{error}. Choose other ports:  make run PORT=8090 DEMO_PORT=8091", file=sys.stderr)
        return 1
    return 0


def _port(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65_536:
        raise ValueError(f"{name} is not a port number from 1 to 65535")
    return int(value)


sys.exit(main())
