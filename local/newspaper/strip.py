"""The grey strip: what a visitor can try, and what each choice does to the pages that this visitor gets."""

from dataclasses import dataclass
from typing import Protocol

DEAD_API = "http://127.0.0.1:65533"  # nothing listens there: every request is refused
SLOW_PATH = "/_slow"
SLOW_SECONDS = 3.0
CAMPUS_PATH = "/_campus"
CAMPUS_ADDRESS = "192.0.2.7"  # of the demo's institution: a network that is for examples alone
CAMPAIGN = "newsletter"
COOKIE = "try"


class Control(Protocol):
    """What the strip needs of the local service. Its clock is everyone's: the service has one."""

    def now(self) -> float:
        """Seconds since the epoch, by the service's clock."""

    def move_clock_to_next_month(self) -> None:
        """Set the clock to the first day of the month after the one it shows."""

    def reset_clock(self) -> None:
        """Set the clock back to the real time."""


@dataclass(frozen=True)
class Mode:
    """A way to come or for things to go wrong, kept in a cookie: only this visitor's pages change."""

    name: str
    label: str
    meaning: str
    data_api: str | None = None
    policy: str | None = None


NORMAL = Mode(
    "",
    "Everything works",
    "Everything works: each new article counts once, a re-read never. Open some and watch the count.",
)
ARRIVALS = (
    Mode(
        "campus",
        "From a university",
        "You read from the network of the University of the Bay: every article opens, without an account and without a "
        "count. Open “Let the bell ring”, which is for subscribers.",
        data_api=CAMPUS_PATH,
    ),
)
TROUBLES = (
    Mode(
        "down",
        "Service down",
        "The service cannot be reached: articles show whole, with no count. A wall that was already met still stands. "
        "The Portuguese edition withholds its text, which does not open.",
        data_api=DEAD_API,
    ),
    Mode(
        "slow",
        "Slow",
        "The service takes 3 seconds: the page never waits; the count comes late and takes nothing away.",
        data_api=SLOW_PATH,
    ),
    Mode(
        "blocked",
        "Script blocked",
        "The browser blocks the script, as an ad blocker does: the page shows whole. A tag alone cannot stop this; the "
        "Portuguese edition, which withholds its text, can.",
        policy="script-src 'self'",
    ),
)
MODES = (*ARRIVALS, *TROUBLES)
BY_NEWSLETTER = (
    "You came by the newsletter: five articles a month open beside the free ones, and do not count. Press it at a "
    "wall: it opens, unless the article is for subscribers."
)
BY_GIFT = (
    "You came by a gift link: this article opens and is not counted, at the wall too. It opens in any browser, and no "
    "other article with it."
)


def mode_named(name: str | None) -> Mode:
    return next((mode for mode in MODES if mode.name == name), NORMAL)
