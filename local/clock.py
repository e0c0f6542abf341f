"""The local service's clock: real time, unless a visitor of the demo moves it. A deployed one cannot be moved."""

import time
from datetime import UTC, datetime, timedelta
from threading import Lock


class Clock:
    """Seconds since the epoch, plus an offset that can be set."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._lock = Lock()

    def now(self) -> float:
        return time.time() + self._offset

    def move_clock_to_next_month(self) -> None:
        """To noon (UTC) of the first day of the next month: the new month in every time zone."""
        with self._lock:
            today = datetime.fromtimestamp(self.now(), UTC)
            first = (today.replace(day=1) + timedelta(days=32)).replace(day=1, hour=12, minute=0, second=0)
            self._offset = first.timestamp() - time.time()

    def reset_clock(self) -> None:
        with self._lock:
            self._offset = 0.0
