"""What a visitor's user agent says of it: a search engine that can be asked for proof, another robot, or neither.

Anybody can say anything. What proves a crawler is its address: by the list that its owner publishes, or by the domain
that its owner's name server and ours agree on. Fetchers that a user sets off (a translation, a preview, an assistant)
are no crawlers: they see what their user would, and their addresses are on other lists.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent.parent / "robots.json"
_LONGEST = 512  # characters that are read of a user agent: what robots call themselves stands before
_GOOGLE = "https://developers.google.com/static/crawling/ipranges/"


@dataclass(frozen=True, slots=True)
class Crawler:
    """A search engine's crawler. `says` are names of it, in lower case, that its user agent has one of.

    `lists` are where its owner publishes its networks, `domains` those that its owner says its hosts are in; either may
    be empty.
    """

    name: str
    says: tuple[str, ...]
    lists: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


# As each owner's page on how to verify its crawler says. Hosts below google.com run fetchers of users too: they prove
# nothing, so that crawlers with names there (AdsBot, AdSense) are known by their list alone.
CRAWLERS = (
    Crawler(
        "google",
        ("googlebot", "google-inspectiontool", "adsbot-google", "mediapartners-google"),
        (f"{_GOOGLE}common-crawlers.json", f"{_GOOGLE}special-crawlers.json"),
        ("googlebot.com",),
    ),
    Crawler("bing", ("bingbot", "adidxbot"), ("https://www.bing.com/toolbox/bingbot.json",), ("search.msn.com",)),
    Crawler("apple", ("applebot",), ("https://search.developer.apple.com/applebot.json",), ("applebot.apple.com",)),
    Crawler("duckduckgo", ("duckduckbot",), ("https://duckduckgo.com/duckduckbot.json",)),
    Crawler("yandex", ("yandex.com/bots",), domains=("yandex.ru", "yandex.net", "yandex.com")),
    Crawler("baidu", ("baiduspider",), domains=("baidu.com", "baidu.jp")),
    Crawler("yahoo", ("yahoo! slurp",), domains=("crawl.yahoo.net",)),
    Crawler("seznam", ("seznambot",), domains=("seznam.cz",)),
)


def claimed(user_agent: str) -> list[Crawler]:
    """The crawlers that it says it is."""
    said = user_agent[:_LONGEST].lower()
    return [crawler for crawler in CRAWLERS if any(name in said for name in crawler.says)]


def is_robot(user_agent: str) -> bool:
    """Whether it has the name of a robot that is known: looked up by the first three characters, at each place."""
    said = user_agent[:_LONGEST]
    names = _robots().get
    for at in range(len(said) - 2):
        if found := names(said[at : at + 3]):
            for name, *pattern in found:
                if said.startswith(name, at) and (not pattern or re.search(pattern[0], said)):
                    return True
    return False


def is_below(host: str, domains: Collection[str]) -> bool:
    """Whether the name of a host ends in one of `domains`."""
    name = host.rstrip(".").lower()
    return any(name.endswith(f".{domain}") for domain in domains)


@cache
def _robots() -> Mapping[str, Sequence[Sequence[str]]]:
    names: Mapping[str, Sequence[Sequence[str]]] = json.loads(DATA.read_text(encoding="utf-8"))["names"]
    return names
