"""Networks hold exactly the addresses that they say, as the standard library's own (slower) ones do."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmeter.core.networks import Networks, packed

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

few_bits = st.integers(0, 15)  # so that networks meet, and addresses lie at their edges


def nearby(version: int) -> st.SearchStrategy[Address]:
    """Addresses of few: two leading octets and two trailing ones, each of sixteen."""
    bits = 32 if version == 4 else 128
    kind = IPv4Address if version == 4 else IPv6Address
    high = st.sampled_from([0x20, 0x7F, 0xFE])
    return st.builds(
        lambda top, second, low: kind(top << bits - 8 | second << bits - 16 | low), high, few_bits, st.integers(0, 999)
    )


addresses = st.one_of(nearby(4), nearby(6), st.ip_addresses())


@st.composite
def networks(draw: st.DrawFn) -> Network:
    address = draw(addresses)
    return ip_network((address, draw(st.integers(0, address.max_prefixlen))), strict=False)


def held(address: Address, among: list[Network]) -> bool:
    return any(unmapped(address) in unmapped_network(network) for network in among)


def unmapped(address: Address) -> Address:
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def unmapped_network(network: Network) -> Network:
    inside = isinstance(network[0], IPv6Address) and network[0].ipv4_mapped and network.prefixlen >= 96
    return ip_network((unmapped(network[0]), network.prefixlen - 96)) if inside else network


def texts(among: list[Network]) -> list[str]:
    return [str(network) for network in among]


@given(st.lists(networks(), max_size=12), addresses)
def test_an_address_is_in_the_networks_that_hold_it(among: list[Network], address: Address) -> None:
    assert (str(address) in Networks(texts(among))) is held(address, among)


@given(st.lists(networks(), min_size=1, max_size=12), st.data())
def test_nothing_is_lost_or_won_at_the_edges_of_a_network(among: list[Network], data: st.DataObject) -> None:
    built = Networks(texts(among))
    network = data.draw(st.sampled_from(among))
    for number in (int(network[0]) - 1, int(network[0]), int(network[-1]), int(network[-1]) + 1):
        if 0 <= number < 2**network.max_prefixlen:
            address = type(network[0])(number)
            assert (str(address) in built) is held(address, among)


@given(st.lists(networks(), max_size=12), nearby(4))
def test_an_ipv4_address_is_the_same_in_the_form_of_ipv6(among: list[Network], address: Address) -> None:
    built = Networks(texts(among))
    for form in (f"::ffff:{address}", f"::FFFF:{int(address) >> 16:x}:{int(address) & 0xFFFF:x}"):
        assert (form in built) is (str(address) in built)


def test_an_ipv6_network_holds_no_ipv4_address_in_either_form() -> None:
    everything = Networks(["::/0"])
    assert "2001:db8::1" in everything
    assert "203.0.113.7" not in everything
    assert "::ffff:203.0.113.7" not in everything


def test_a_mapped_network_is_the_ipv4_one() -> None:
    assert "203.0.113.7" in Networks(["::ffff:203.0.113.0/120"])
    assert "203.0.114.7" not in Networks(["::ffff:203.0.113.0/120"])


@given(st.lists(networks(), max_size=12))
def test_the_same_networks_are_built_once(among: list[Network]) -> None:
    assert Networks.of(texts(among)) is Networks.of(tuple(texts(among)))
    assert bool(Networks.of(texts(among))) is bool(among)


@given(st.one_of(st.text(), st.sampled_from(["", "1.2.3", "1.2.3.4/32", "01.2.3.4", "::1::", "[::1]", "1.2.3.4\0"])))
def test_what_is_no_address_is_in_no_network(text: str) -> None:
    try:
        packed(text)
    except (OSError, ValueError):
        assert text not in Networks(["0.0.0.0/0", "::/0"])


@pytest.mark.parametrize(
    "cidr",
    ["", "203.0.113.0", "203.0.113.0/", "203.0.113.0/33", "203.0.113.0/-1", "::/129", "::ffff:1.2.3.4/95", "a/8"],
)
def test_what_is_no_network_builds_none(cidr: str) -> None:
    with pytest.raises((OSError, ValueError)):
        Networks([cidr])
