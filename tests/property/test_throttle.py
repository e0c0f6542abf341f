"""Token buckets: what one network may ask, whatever the others do, in memory that has a bound."""

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmeter.core import throttle
from readmeter.core.throttle import TokenBuckets, network_of

NOON = 1_795_348_800.0  # 2026-11-22 12:00 UTC
MOST = 8  # buckets, in these tests


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST_BUCKETS", MOST)


rates = st.sampled_from([0.5, 1, 3, 50, 1000])
bursts = st.integers(1, 20)
pauses = st.floats(0, 3, allow_nan=False)  # seconds between two requests
networks = st.integers(0, 40)  # many more than there is room for
asked = st.lists(st.tuples(networks, pauses), min_size=1, max_size=120)


def takes(buckets: TokenBuckets, requests: list[tuple[int, float]]) -> list[bool]:
    now, taken = NOON, []
    for network, pause in requests:
        now += pause
        taken.append(buckets.take(network, now) == 0)
    return taken


@given(rates, bursts, asked)
def test_a_network_alone_gets_its_burst_and_its_rate_and_not_one_more(
    rate: float, burst: int, requests: list[tuple[int, float]]
) -> None:
    """Against the other form of the same: a count of tokens, and when it was taken."""
    buckets = TokenBuckets(rate, burst)
    now, tokens = NOON, float(burst)
    for _, pause in requests:
        now += pause
        tokens = min(burst, tokens + pause * rate)
        if abs(tokens - 1) < 1e-3:
            return  # either answer is right within the clock's own microseconds
        allowed = tokens >= 1
        assert (buckets.take("one", now) == 0) is allowed
        tokens -= allowed


@given(rates, bursts)
def test_a_burst_is_exactly_as_many_as_it_says(rate: float, burst: int) -> None:
    buckets = TokenBuckets(rate, burst)
    assert [buckets.take("one", NOON) == 0 for _ in range(burst + 3)] == [True] * burst + [False] * 3


@given(rates, bursts, asked)
def test_after_the_seconds_that_it_says_there_is_a_token_and_not_before(
    rate: float, burst: int, requests: list[tuple[int, float]]
) -> None:
    buckets = TokenBuckets(rate, burst)
    now = NOON
    for _, pause in requests:
        now += pause
        if wait := buckets.take("one", now):
            assert 0 < wait <= 1 / rate + 1e-6
            assert buckets.take("one", now + wait / 2)
            assert buckets.take("one", now + wait + 2e-6) == 0
            now += wait + 2e-6


@given(rates, bursts, asked)
def test_no_other_network_takes_a_token_from_one(rate: float, burst: int, requests: list[tuple[int, float]]) -> None:
    """Not even by a flood that has buckets forgotten: what one is granted alone, it is granted in any company."""
    together = takes(TokenBuckets(rate, burst), requests)
    for one in {network for network, _ in requests}:
        alone = TokenBuckets(rate, burst)
        now = NOON
        for (network, pause), granted in zip(requests, together, strict=True):
            now += pause
            if network == one and alone.take(one, now) == 0:
                assert granted


@given(rates, bursts, asked)
def test_memory_is_bounded(rate: float, burst: int, requests: list[tuple[int, float]]) -> None:
    buckets = TokenBuckets(rate, burst)
    now = NOON
    for network, pause in requests:
        now += pause
        buckets.take(network, now)
        assert len(buckets) <= MOST


def test_a_flood_of_networks_gives_none_that_is_out_of_tokens_fresh_ones() -> None:
    buckets = TokenBuckets(1, 5)
    for _ in range(5):
        buckets.take("out of tokens", NOON)
    for network in range(1000):
        assert buckets.take(network, NOON) == 0
        assert buckets.take("out of tokens", NOON) > 0


@given(rates, bursts, st.floats(1e-3, 1e6, allow_nan=False))
def test_a_clock_that_goes_back_locks_nobody_out(rate: float, burst: int, back: float) -> None:
    """As the demo's does when it goes back to today."""
    buckets = TokenBuckets(rate, burst)
    for _ in range(burst):
        buckets.take("one", NOON)
    assert [buckets.take("one", NOON - back) == 0 for _ in range(burst + 1)] == [True] * burst + [False]


@given(st.ip_addresses(v=4), st.integers(0, 255))
def test_a_network_is_256_ipv4_addresses_in_either_form(address: IPv4Address, last: int) -> None:
    neighbour = IPv4Address(address.packed[:3] + bytes([last]))
    assert network_of(str(address)) == network_of(str(neighbour)) == network_of(f"::ffff:{neighbour}")


@given(st.ip_addresses(v=6), st.binary(min_size=10, max_size=10))
def test_a_network_is_a_48_of_ipv6(address: IPv6Address, rest: bytes) -> None:
    if address.ipv4_mapped is None:
        neighbour = IPv6Address(address.packed[:6] + rest)
        assert network_of(str(address)) == address.packed[:6]
        assert neighbour.ipv4_mapped or network_of(neighbour.exploded) == address.packed[:6]


@given(st.one_of(st.text(), st.sampled_from(["", "1.2.3", "1.2.3.4.5", "01.2.3.4", "::1::", "[::1]", "1.2.3.4\0"])))
def test_what_is_no_address_is_refused_and_nothing_else_happens(text: str) -> None:
    with suppress(OSError, ValueError):
        assert len(network_of(text)) in (3, 6)
