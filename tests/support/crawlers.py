"""A world of crawlers for tests: what their owners publish, what name servers say, and who was asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from readmeter.metering.crawlers import Crawlers, HostNames, Verdict
from readmeter.store.database import Unavailable

GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
AT_GOOGLE, AT_HOME = "66.249.66.1", "203.0.113.7"


@dataclass
class World:
    """What the site table and the name servers say, and what they were asked."""

    lists: dict[str, Sequence[str]] = field(
        default_factory=lambda: {"google": ["66.249.64.0/19", "2001:4860:4801::/48"]}
    )
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hosts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    table_is_down: bool = False
    servers_are_down: bool = False
    reads: list[str] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)
    told: list[tuple[str, Verdict]] = field(default_factory=list)

    def crawlers(self) -> Crawlers:
        names = HostNames(self._names_of, self._addresses_of)
        return Crawlers(self._published, names, lambda name, verdict, now: self.told.append((name, verdict)))

    def _published(self, name: str) -> Iterable[str]:
        self.reads.append(name)
        if self.table_is_down:
            raise Unavailable("no answer")
        return self.lists.get(name, ())

    def _names_of(self, address: str) -> Iterable[str]:
        self.lookups.append(address)
        if self.servers_are_down or address not in self.names:
            raise OSError("no name")
        return self.names[address]

    def _addresses_of(self, name: str) -> Iterable[str]:
        if name not in self.hosts:
            raise OSError("no host")
        return self.hosts[name]
