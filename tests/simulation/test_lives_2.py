"""A quarter of the lives that the suite lives: a file of its own, so that the quarters run at once."""

import pytest

from tests.simulation.life import CHUNKS, live_all


@pytest.mark.parametrize("seeds", CHUNKS[1::4], ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_usage_ties_out_whatever_goes_wrong(seeds: range) -> None:
    """I10, I11, I12, I13, I19"""
    live_all(seeds)
