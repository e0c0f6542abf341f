"""How often a network may ask: a token bucket for each, in the memory of one process."""

from collections.abc import Hashable
from heapq import nlargest
from operator import itemgetter

from readmeter.core.networks import packed

MOST_BUCKETS = 8192
_SECOND = 1_000_000  # microseconds: whole numbers, so that a burst is exactly as many as it says


class TokenBuckets:
    """Buckets of `burst` tokens that gain `rate` tokens a second, one for each key.

    A bucket is kept as the instant at which it will be full: one number, and a full one need not be kept at all (the
    generic cell rate algorithm, ITU-T I.371). Of `MOST_BUCKETS` the half that misses the most is kept: whoever has a
    bucket forgotten had as many others emptied further, and who is forgotten finds a full one.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._interval = max(1, round(_SECOND / rate))
        self._depth = burst * self._interval
        self._full_at: dict[Hashable, int] = {}

    def take(self, key: Hashable, now: float) -> float:
        """Takes a token of `key` at `now` (epoch seconds): 0, or the seconds until there is one again."""
        moment = int(now * _SECOND)
        missing = self._full_at.get(key, 0) - moment
        if not 0 <= missing <= self._depth:  # full again, or of a later time than a clock that went back tells
            missing = 0
        short = missing + self._interval - self._depth
        if short > 0:
            return short / _SECOND
        if len(self._full_at) >= MOST_BUCKETS:
            self._full_at = dict(nlargest(MOST_BUCKETS // 2, self._full_at.items(), key=itemgetter(1)))
        self._full_at[key] = moment + missing + self._interval
        return 0.0

    def __len__(self) -> int:
        return len(self._full_at)


def network_of(address: str) -> bytes:
    """The /24 of an IPv4 address, the /48 of an IPv6 one: what one office, school or mobile network has.

    A /48 has 256 of the /56 that a household gets, as a /24 has 256 addresses; anybody may have a whole /48 of his own
    (RFC 6177). Raises OSError or ValueError where it is no address.
    """
    octets = packed(address)
    return octets[:3] if len(octets) == 4 else octets[:6]
