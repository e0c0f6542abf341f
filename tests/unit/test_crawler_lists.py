"""Lists of networks as search engines publish them: believed whole, or not at all."""

from typing import Any

import pytest

from readmeter.core.networks import Networks
from readmeter.outside.crawlers import MOST_NETWORKS, NoNetworks, published_networks

V4, V6 = {"ipv4Prefix": "66.249.64.0/27"}, {"ipv6Prefix": "2001:4860:4801:10::/64"}


def networks(*entries: Any, **beside: Any) -> list[str]:
    return published_networks({"creationTime": "2026-11-22T12:00:00", "prefixes": list(entries), **beside})


def test_a_list_gives_its_networks_in_the_form_that_the_hot_path_reads() -> None:
    found = networks(V4, V6, {**V4, "service": "crawl"}, syncToken="1")
    assert found == ["66.249.64.0/27", "2001:4860:4801:10::/64", "66.249.64.0/27"]
    assert "66.249.64.31" in Networks(found)
    assert "66.249.64.32" not in Networks(found)


@pytest.mark.parametrize("document", [None, [], "x", 7, {}, {"prefixes": None}, {"prefixes": {}}, {"prefixes": []}])
def test_what_has_no_networks_is_refused(document: Any) -> None:
    with pytest.raises(NoNetworks, match="has no list `prefixes` with anything in it"):
        published_networks(document)


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "66.249.64.0/27",
        {},
        {"ipv4Prefix": None},
        {"ipv4Prefix": 1123631104},
        {"ipv4Prefix": "66.249.64.1/27"},
        {"ipv4Prefix": "66.249.64.0/33"},
        {"ipv6Prefix": "2001:4860::%1/32"},
        {"prefix": "66.249.64.0/27"},
    ],
)
def test_one_entry_that_is_no_network_has_the_whole_list_refused(entry: Any) -> None:
    with pytest.raises(NoNetworks, match=r"names no network: the 2\."):
        networks(V4, entry, V6)


@pytest.mark.parametrize("given", ["0.0.0.0/0", "64.0.0.0/7", "::/0", "2000::/3", "2000::/15"])
def test_one_that_is_too_wide_too(given: str) -> None:
    family = "ipv6Prefix" if ":" in given else "ipv4Prefix"
    with pytest.raises(NoNetworks, match=r"holds more than any crawler has: the 1\."):
        networks({family: given})


@pytest.mark.parametrize("given", ["10.0.0.0/8", "127.0.0.0/8", "192.168.1.0/24", "fd00::/16", "fe80::/64", "::1/128"])
def test_one_that_nobody_comes_from_too(given: str) -> None:
    family = "ipv6Prefix" if ":" in given else "ipv4Prefix"
    with pytest.raises(NoNetworks, match=r"nobody comes from over the internet: the 1\."):
        networks({family: given})


def test_a_list_has_a_bound() -> None:
    assert len(networks(*[V4] * MOST_NETWORKS)) == MOST_NETWORKS
    with pytest.raises(NoNetworks, match="more than 5000 networks"):
        networks(*[V4] * (MOST_NETWORKS + 1))
