"""Which networks an institution may have, and which of them its publisher is asked about: a slip lets anybody in."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmeter.core.networks import Networks
from readmeter.sites.check import warnings
from readmeter.sites.compile import compile_rules
from readmeter.sites.parse import Invalid, read_document

LAPTOP = ["http://localhost:8081"]


def document(institutions: Mapping[str, Sequence[str]], origins: list[str] | None = None) -> dict[str, Any]:
    return {
        "site": "riotimes",
        "origins": origins or ["https://rio.example"],
        "prompt": {"subscribe_url": "https://rio.example/subscribe"},
        "institutions": [{"name": name, "cidrs": list(cidrs)} for name, cidrs in institutions.items()],
    }


def refused(*cidrs: str, origins: list[str] | None = None) -> list[tuple[str, str]]:
    """What is said of an institution's networks, each at its place in the list."""
    try:
        read_document(document({"USP": cidrs}, origins))
    except Invalid as error:
        return [(pointer.removeprefix("/institutions/0/cidrs/"), sentence) for pointer, sentence in error.errors]
    return []


def warned(**institutions: Sequence[str]) -> list[tuple[str, str]]:
    found = warnings(read_document(document(institutions)))
    return [(pointer.removeprefix("/institutions/"), sentence) for pointer, sentence in found]


@pytest.mark.parametrize(
    "cidr", ["143.107.0.0/16", "143.107.8.3/32", "2001:12d0::/32", "2001:12D0:0::/48", "18.0.0.0/8"]
)
def test_a_network_is_its_first_address_and_its_mask(cidr: str) -> None:
    assert refused(cidr) == []


@pytest.mark.parametrize(
    "cidr",
    [
        "",
        "USP",
        "143.107.0.0",
        "143.107.0.0/",
        "143.107.0.0/33",
        "143.107.0.0/-1",
        "143.107.0.0/+16",
        "143.107.0.0/1 6",
        "143.107.0.0/255.255.0.0",
        "143.107.0.0/0.0.255.255",
        "143.107.0.0/١٦",
        "143.107/16",
        "143.107.*.*",
        "143.107.0.0-143.107.255.255",
        "143.107.000.0/16",
        "2001:12d0::/129",
        "[2001:12d0::]/32",
        "2001:12d0::%eth0/32",
    ],
)
def test_anything_else_is_refused_with_the_form_that_is_meant(cidr: str) -> None:
    [(pointer, sentence)] = refused("143.107.0.0/16", cidr)
    assert pointer == "1"
    assert "143.107.0.0/16, 2001:12d0::/32" in sentence


@pytest.mark.parametrize(
    ("cidr", "network"),
    [
        ("143.107.0.0/6", "140.0.0.0/6"),  # the typing error that let everybody in elsewhere: a digit is missing
        ("143.107.0.0/1", "128.0.0.0/1"),
        ("143.107.3.9/16", "143.107.0.0/16"),
        ("2001:12d0::/3", "2000::/3"),
        ("2001:12d0::1/32", "2001:12d0::/32"),
    ],
)
def test_where_the_mask_does_not_fit_the_network_that_it_makes_is_named(cidr: str, network: str) -> None:
    [(_, sentence)] = refused(cidr)
    assert network in sentence
    assert "mask" in sentence


def test_an_ipv4_network_is_written_as_one() -> None:
    assert refused("::ffff:143.107.0.0/112") == [("0", "must be written as IPv4 where it is IPv4: 143.107.0.0/16")]


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "::/0"])
@pytest.mark.parametrize("origins", [None, LAPTOP])
def test_a_network_that_holds_everybody_is_refused(cidr: str, origins: list[str] | None) -> None:
    assert refused(cidr, origins=origins) == [("0", "must not be a network that holds every address")]


@pytest.mark.parametrize("cidr", ["128.0.0.0/1", "64.0.0.0/2", "142.0.0.0/7", "2000::/3", "2000::/15", "::/1"])
def test_a_network_larger_than_anybodys_is_refused(cidr: str) -> None:
    [(_, sentence)] = refused(cidr)
    assert "or longer" in sentence


@pytest.mark.parametrize(
    "cidr",
    [
        "10.0.0.0/8",
        "10.1.2.0/24",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.1/32",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "0.0.0.0/8",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "::1/128",
        "::/128",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    ],
)
def test_where_nobody_comes_from_is_refused_except_on_a_laptop(cidr: str) -> None:
    [(_, sentence)] = refused(cidr)
    assert "addresses of the internet" in sentence
    assert refused(cidr, origins=LAPTOP) == []


def test_two_institutions_have_two_names() -> None:
    twice = document({"USP": ["143.107.0.0/16"]})
    twice["institutions"] *= 2
    with pytest.raises(Invalid) as caught:
        read_document(twice)
    assert caught.value.errors == [("/institutions/1/name", "must differ from every other institution's name")]


def test_a_network_that_is_partly_ipv4_in_the_form_of_ipv6_is_none_of_either() -> None:
    assert [place for place, _ in refused("::/80", origins=LAPTOP)] == ["0"]


@pytest.mark.parametrize(
    ("cidr", "size"),
    [
        ("143.96.0.0/11", "2,097,152 addresses"),
        ("18.0.0.0/8", "16,777,216 addresses"),
        ("2001:1200::/24", "16,777,216 networks of the size that an office is given (/48)"),
    ],
)
def test_a_network_that_is_large_is_warned_of_with_its_size(cidr: str, size: str) -> None:
    assert warned(USP=[cidr]) == [("0/cidrs/0", f"This network holds {size}. All of them will read without limit.")]


def test_a_network_of_usual_size_is_not_warned_of() -> None:
    assert warned(USP=["143.96.0.0/12", "2001:12d0::/28"]) == []


def test_networks_that_two_institutions_share_are_warned_of_at_the_later_one() -> None:
    shared = "{} and {} share addresses here: is one of the masks mistaken?".format
    assert warned(USP=["143.107.0.0/16"], Poli=["200.144.0.0/16", "143.107.102.0/24"]) == [
        ("1/cidrs/1", shared("Poli", "USP"))
    ]
    assert warned(Poli=["143.107.102.0/24"], USP=["143.107.0.0/16"]) == [("1/cidrs/0", shared("USP", "Poli"))]
    assert warned(USP=["2001:12d0::/32"], Poli=["2001:12d0::/32"]) == [("1/cidrs/0", shared("Poli", "USP"))]


def test_networks_that_one_institution_has_twice_or_that_lie_side_by_side_are_no_overlap() -> None:
    assert warned(USP=["143.107.0.0/16", "143.107.2.0/24"], Unesp=["143.106.0.0/16", "143.108.0.0/16"]) == []


def test_a_network_within_its_own_institutions_is_still_found_in_anothers() -> None:
    found = warned(USP=["143.107.0.0/16"], Poli=["143.107.2.0/23", "143.107.2.0/24"])
    assert [pointer for pointer, _ in found] == ["1/cidrs/0", "1/cidrs/1"]


cidrs = st.one_of(
    st.builds(lambda address, mask: (address, mask), st.ip_addresses(v=4), st.integers(8, 32)),
    st.builds(lambda address, mask: (address, mask), st.ip_addresses(v=6), st.integers(16, 128)),
)


@given(st.lists(cidrs, min_size=1, max_size=6))
def test_the_hot_path_reads_every_network_that_is_accepted(drawn: list[tuple[Any, int]]) -> None:
    meant = [ip_network(pair, strict=False) for pair in drawn]
    try:
        read = read_document(document({"USP": [str(network) for network in meant]}, LAPTOP))
    except Invalid:
        return
    [institution] = compile_rules(read, 1).institutions
    assert all(str(edge) in Networks.of(institution.cidrs) for network in meant for edge in (network[0], network[-1]))
