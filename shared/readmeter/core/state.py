"""The signed state that a page keeps: it answers a repeat, and a recent wall, without a database request.

It can never grant what the database would not: it holds what the database said, of one reader in one period of one
meter under one set of rules.
"""

import hashlib
import struct
from dataclasses import dataclass

from readmeter.core.article import DIGEST_BYTES
from readmeter.core.keys import Keyring
from readmeter.core.rules import Meter, Rules
from readmeter.core.tokens import READER_BYTES, Reader, seal, unseal

MOST_DIGESTS = 64
DENIES_FOR = 600  # seconds
_SCOPE_BYTES = 16
_HEAD = struct.Struct(f">{READER_BYTES}s{_SCOPE_BYTES}sHIQ")


@dataclass(frozen=True, slots=True)
class State:
    """What the database knew at `time` (epoch seconds): `used`, and (at most `MOST_DIGESTS` of) the digests counted.

    `scope` stands for the rules, meter and period that it was said of; `window_start` is when a `days` window was
    opened (epoch seconds; 0 for calendar periods).
    """

    reader: Reader
    scope: bytes
    used: int
    time: int
    window_start: int
    digests: frozenset[bytes]

    def denies(self, limit: int, now: float) -> bool:
        """Whether the database refused, or would have refused, an article not among `digests` not long ago.

        A state whose digests were cut short cannot tell a new article from a counted one, and denies nothing.
        """
        whole = len(self.digests) == self.used
        return whole and self.used >= limit and 0 <= now - self.time < DENIES_FOR


def scope_of(rules: Rules, meter: Meter, period: str) -> bytes:
    """A fingerprint of all that decides, and of the period's key."""
    return hashlib.sha256(rules.fingerprint(meter) + period.encode()).digest()[:_SCOPE_BYTES]


def write_state(keyring: Keyring, site: str, state: State) -> str:
    head = _HEAD.pack(state.reader.id, state.scope, state.used, state.time, state.window_start)
    return seal(keyring, "state", site, head + b"".join(sorted(state.digests)))


def read_state(keyring: Keyring, site: str, token: str | None, now: float) -> State | None:
    """The state of a genuine token of this site; None for anything else."""
    payload = unseal(keyring, "state", site, token, now)
    if payload is None or len(payload) < _HEAD.size:
        return None
    reader, scope, used, time, window_start = _HEAD.unpack_from(payload)
    starts = range(_HEAD.size, len(payload), DIGEST_BYTES)
    digests = frozenset(payload[start : start + DIGEST_BYTES] for start in starts)
    return State(Reader(reader), scope, used, time, window_start, digests)
