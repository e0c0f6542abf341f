"""What institutions' networks mean together: a mask that is a digit short lets a country in.

Each finding is (JSON Pointer, sentence), as those of `sites.check`, which asks here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from readmeter.sites.document import SiteDocument

Network = IPv4Network | IPv6Network

# Whoever has more than this has a network of his own on no list: the largest blocks ever given to one are /8 and /19.
_SHORTEST = {4: 8, 6: 16}
# A million IPv4 addresses; of IPv6 sixteen of the /32 that a provider of a country begins with.
_USUAL = {4: 12, 6: 28}
# Nobody comes from there over the internet: this host, private, shared, loopback, link-local, multicast, reserved.
_NOWHERE = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    )
)
_MAPPED = IPv6Network("::ffff:0:0/96")
_EVERYWHERE = IPv6Network("2000::/3")  # all of IPv6 that is given out


@dataclass(frozen=True, slots=True)
class _Entry:
    """A network of the document: its institution's place and name, its own place."""

    network: Network
    institution: int
    name: str
    index: int

    @property
    def at(self) -> str:
        return f"/institutions/{self.institution}/cidrs/{self.index}"


def network_errors(document: SiteDocument) -> Iterator[tuple[str, str]]:
    on_a_laptop = any(origin.startswith("http:") for origin in document.origins)  # http is for loopback alone
    for entry in _entries(document):
        version, length = entry.network.version, entry.network.prefixlen
        if length == 0:
            yield entry.at, "must not be a network that holds every address"
        elif _is_nowhere(entry.network):
            if not on_a_laptop:
                yield (
                    entry.at,
                    "must hold addresses of the internet: that of the institution's router, not those inside",
                )
            elif version == 6 and entry.network.overlaps(_MAPPED):
                yield entry.at, "must not reach into ::ffff:0:0/96: that is IPv4, and is written as such"
        elif length < _SHORTEST[version]:
            yield entry.at, f"must have a mask of /{_SHORTEST[version]} or longer: nobody has a larger network"


def network_warnings(document: SiteDocument) -> Iterator[tuple[str, str]]:
    entries = list(_entries(document))
    for entry in entries:
        if entry.network.prefixlen < _USUAL[entry.network.version]:
            yield entry.at, f"This network holds {_how_many(entry.network)}. All of them will read without limit."
    yield from _overlaps(entries)


def _entries(document: SiteDocument) -> Iterator[_Entry]:
    for place, institution in enumerate(document.institutions):
        for index, cidr in enumerate(institution.cidrs):
            yield _Entry(ip_network(cidr), place, institution.name, index)


def _is_nowhere(network: Network) -> bool:
    if isinstance(network, IPv6Network):
        return not network.overlaps(_EVERYWHERE)
    return any(network.subnet_of(block) for block in _NOWHERE)


def _how_many(network: Network) -> str:
    if isinstance(network, IPv6Network):
        return f"{2 ** (48 - network.prefixlen):,} networks of the size that an office is given (/48)"
    return f"{network.num_addresses:,} addresses"


def _overlaps(entries: Sequence[_Entry]) -> Iterator[tuple[str, str]]:
    """Each network that lies in another institution's. Sorted, whatever holds a network stands before it."""
    above: list[_Entry] = []
    for entry in sorted(entries, key=lambda each: (each.network.version, each.network)):
        while above and not above[-1].network.overlaps(entry.network):  # false too where one is IPv4 and one IPv6
            above.pop()
        other = next((each for each in above if each.institution != entry.institution), None)
        if other is not None:
            first, second = sorted((entry, other), key=lambda each: each.institution)
            yield second.at, f"{second.name} and {first.name} share addresses here: is one of the masks mistaken?"
        above.append(entry)
