"""EventBridge's part, locally: invokes the functions that template.yaml puts on a schedule, by the service's clock."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Thread

from local.functions import Start
from local.template import Schedule

_LOOK_EVERY = 1.0  # seconds: a visitor may move the clock by a month


class Scheduler:
    """Starts what is due, each function by its name. A first run is due one interval after the start, as on AWS."""

    def __init__(self, schedules: Sequence[Schedule], starts: Mapping[str, Start], clock: Callable[[], float]) -> None:
        self._starts = starts
        self._clock = clock
        self._last = {schedule: clock() for schedule in schedules}

    def look(self) -> None:
        """Starts every schedule whose interval has passed since it last ran; a clock that is set back begins anew."""
        now = self._clock()
        for schedule, last in self._last.items():
            if not 0 <= now - last < schedule.seconds:
                self._last[schedule] = now
                if now > last:
                    self._starts[schedule.function](schedule.event())

    @contextmanager
    def running(self) -> Iterator[None]:
        stop = Event()
        thread = Thread(target=self._until, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _until(self, stop: Event) -> None:
        while not stop.wait(_LOOK_EVERY):
            self.look()
