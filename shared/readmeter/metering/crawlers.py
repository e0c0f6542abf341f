"""Who is a search engine's crawler, proven, and who only says so. Cheap for everybody who says nothing of the kind."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice
from math import inf
from socket import AF_INET, AF_INET6, getaddrinfo, gethostbyaddr, inet_ntop
from threading import Thread
from typing import Literal

from readmeter.core.crawlers import CRAWLERS, Crawler, claimed, is_below, is_robot
from readmeter.core.networks import Networks, packed
from readmeter.core.rules import Rules
from readmeter.core.throttle import TokenBuckets
from readmeter.store.database import Unavailable

Verdict = Literal["verified", "spoofed", "bot"]
Tell = Callable[[str, Verdict, float], None]

LIST_KEPT_FOR = 3600.0  # seconds
REMEMBERED_FOR = 3600.0  # seconds that what name servers said of an address holds
RETRY_AFTER = 60.0  # seconds, where the table or a name server did not answer
MOST_REMEMBERED = 4096
LOOKUP_SECONDS = 0.5  # both ways together: a page gives up on us after 1.5
LOOKUPS_PER_SECOND, LOOKUPS_AT_ONCE = 1, 20  # of one process, however many say that they are crawlers
_MOST_NAMES = 4  # of one address
_DOMAINS = [domain for crawler in CRAWLERS for domain in crawler.domains]


def _names_of(address: str) -> Iterable[str]:
    name, others, _ = gethostbyaddr(address)
    return [name, *others]


def _addresses_of(name: str) -> Iterable[str]:
    return [str(found[4][0]) for found in getaddrinfo(name, None)]


class HostNames:
    """Asks name servers: both calls may raise OSError, and may take as long as they like."""

    def __init__(
        self,
        names_of: Callable[[str], Iterable[str]] = _names_of,
        addresses_of: Callable[[str], Iterable[str]] = _addresses_of,
        seconds: float = LOOKUP_SECONDS,
    ) -> None:
        self._names_of = names_of
        self._addresses_of = addresses_of
        self._seconds = seconds

    def confirmed(self, address: str, domains: Collection[str]) -> Sequence[str] | None:
        """The names below `domains` that `address` has: by its own name server, and by that of the domain.

        None where they did not answer in time. Whoever holds an address may call it what he likes: only the second
        answer, which the domain's owner gives, proves anything.
        """
        found: list[Sequence[str]] = []
        thread = Thread(target=lambda: found.extend(self._ask(address, domains)), daemon=True)
        thread.start()
        thread.join(self._seconds)
        return found[0] if found else None

    def _ask(self, address: str, domains: Collection[str]) -> list[Sequence[str]]:
        try:
            names = [name for name in islice(self._names_of(address), _MOST_NAMES) if is_below(name, domains)]
            return [[name for name in names if packed(address) in map(packed, self._addresses_of(name))]]
        except (OSError, ValueError):
            return []


class Crawlers:
    """Judges visitors.

    `published` gives the networks last fetched of a crawler's lists, by its name; it may raise `Unavailable`.
    `names` is asked where none of them holds an address. `tell` hears of every visitor that says it is a crawler.
    """

    def __init__(self, published: Callable[[str], Iterable[str]], names: HostNames, tell: Tell) -> None:
        self._published = published
        self._names = names
        self._tell = tell
        self._lists: dict[str, tuple[float, Networks]] = {}
        self._silent_until = -inf
        self._remembered: dict[bytes, tuple[float, Sequence[str]]] = {}
        self._lookups = TokenBuckets(LOOKUPS_PER_SECOND, LOOKUPS_AT_ONCE)

    def verdict(self, user_agent: str, address: str, rules: Rules, now: float) -> Verdict | None:
        """`verified`: a crawler, as it says. `spoofed`: it says so, and nothing proves it. `bot`: another robot.

        None for everybody else. Where the site lets no crawler in, or lets everybody in (mode `off`), one is a robot
        like others, and nothing is proven.
        """
        said = claimed(user_agent)
        if not said or rules.crawlers == "none" or rules.mode == "off":
            return "bot" if said or is_robot(user_agent) else None
        proven = self._by_list(said, address, now) or self._by_name(said, address, now)
        verdict: Verdict = "spoofed" if proven is None else "verified"
        self._tell((proven or said[0]).name, verdict, now)
        return verdict

    def _by_list(self, said: Iterable[Crawler], address: str, now: float) -> Crawler | None:
        listed = (crawler for crawler in said if crawler.lists)
        return next((crawler for crawler in listed if address in self._networks(crawler.name, now)), None)

    def _networks(self, name: str, now: float) -> Networks:
        """The crawler's networks, as fresh as an hour; old ones are better than none."""
        read_at, networks = self._lists.get(name, (-inf, Networks(())))
        if 0 <= now - read_at < LIST_KEPT_FOR or 0 < self._silent_until - now <= RETRY_AFTER:
            return networks
        try:
            networks = Networks(self._published(name))
            self._lists[name] = (now, networks)
        except Unavailable:
            self._silent_until = now + RETRY_AFTER
        return networks

    def _by_name(self, said: Iterable[Crawler], address: str, now: float) -> Crawler | None:
        named = [crawler for crawler in said if crawler.domains]
        hosts = self._hosts(address, now) if named else ()
        return next((each for each in named if any(is_below(host, each.domains) for host in hosts)), None)

    def _hosts(self, address: str, now: float) -> Sequence[str]:
        """The crawlers' hosts that the address is. All crawlers at once: who claims many waits no longer."""
        octets = packed(address)
        until, hosts = self._remembered.get(octets, (-inf, ()))
        if 0 < until - now <= REMEMBERED_FOR:
            return hosts
        if self._lookups.take("names", now):
            return ()
        found = self._names.confirmed(inet_ntop(AF_INET if len(octets) == 4 else AF_INET6, octets), _DOMAINS)
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[octets] = (now + (RETRY_AFTER if found is None else REMEMBERED_FOR), found or ())
        return found or ()


def crawler_metric(namespace: str, write: Callable[[str], object]) -> Tell:
    """Writes a line that CloudWatch counts (its embedded metric format): which crawler, and nothing of who it was."""

    def tell(name: str, verdict: Verdict, now: float) -> None:
        metric = f"Crawlers{verdict.capitalize()}"
        counted = {"Namespace": namespace, "Dimensions": [["service"]], "Metrics": [{"Name": metric, "Unit": "Count"}]}
        about = {"Timestamp": int(now * 1000), "CloudWatchMetrics": [counted]}
        write(json.dumps({"_aws": about, "service": "readmeter", "crawler": name, metric: 1}))

    return tell
