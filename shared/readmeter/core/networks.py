"""IP addresses, and networks that hold them: IPv4 and IPv6, an address mapped into IPv6 being the IPv4 one."""

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_pton

_MAPPED = bytes(10) + b"\xff\xff"  # ::ffff:0:0/96, IPv4 in the form of IPv6 (RFC 4291 section 2.5.5.2)


class Networks:
    """Networks that an address is in or not: sorted, none touching another, so that one search in halves tells.

    An address is in none of another family: `::/0` holds no IPv4 address, in whichever form it comes.
    """

    def __init__(self, cidrs: Iterable[str]) -> None:
        """Raises OSError or ValueError where one is no network. Bits beyond a mask say nothing."""
        self._first: list[bytes] = []
        self._last: list[bytes] = []
        for first, last in sorted(map(_bounds, cidrs)):
            if self._last and first <= self._last[-1]:
                self._last[-1] = max(last, self._last[-1])
            else:
                self._first.append(first)
                self._last.append(last)

    @staticmethod
    def of(cidrs: Iterable[str]) -> "Networks":
        """As the constructor; the same networks are built once."""
        return _built(tuple(cidrs))

    def __contains__(self, address: str) -> bool:
        """False too for what is no address."""
        try:
            key = _key(packed(address))
        except (OSError, ValueError):
            return False
        at = bisect_right(self._first, key) - 1
        return at >= 0 and key <= self._last[at]

    def __bool__(self) -> bool:
        return bool(self._first)


def packed(address: str) -> bytes:
    """The 4 or 16 bytes of an address; 4 for one that is mapped. Raises OSError or ValueError where it is none."""
    if ":" not in address:
        return inet_pton(AF_INET, address)
    octets = inet_pton(AF_INET6, address)
    return octets.removeprefix(_MAPPED)


def _bounds(cidr: str) -> tuple[bytes, bytes]:
    """The first and the last address of a network, as they sort."""
    address, _, mask = cidr.partition("/")
    octets = packed(address)
    free = (128 if ":" in address else 32) - int(mask)
    bits = 8 * len(octets)
    if not 0 <= free <= bits:
        raise ValueError("the mask does not fit the address")
    first = int.from_bytes(octets, "big") >> free << free
    last = first | (1 << free) - 1
    return _key(first.to_bytes(len(octets), "big")), _key(last.to_bytes(len(octets), "big"))


def _key(octets: bytes) -> bytes:
    """The address after its family's length: addresses of two families are never beside each other."""
    return bytes((len(octets),)) + octets


@lru_cache(maxsize=1024)
def _built(cidrs: tuple[str, ...]) -> Networks:
    return Networks(cidrs)
