"""Random lives of one account on two meters that share a pool, with bonuses that come and end, against a few sets.

On moto behind its lock. Whatever the order, each read was below the limit that then held, and none is counted twice.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from readmeter.core.account import Bonus
from readmeter.core.rules import Match
from readmeter.core.tokens import registered_reader
from readmeter.store.accounts import AccountStore
from readmeter.store.dynamodb import DynamoDB
from tests.support.endpoint import KEYRING, Desk
from tests.support.engines import moto_tables, tables
from tests.support.identities import identity_rules, sign
from tests.support.meters import digest_of, periods, wait_for_nothing
from tests.support.site import compiled, meter

ACCOUNT = registered_reader(KEYRING, "riotimes", "reader-7").name
LIMITS: dict[str, dict[str, int]] = {
    "markets": {"anonymous": 1, "registered": 2},
    "default": {"anonymous": 3, "registered": 4},
}
HOUR = 3600


class Pools(RuleBasedStateMachine):
    """`markets` counts in the allowance of `default`: both compare with what both have read."""

    client: Any

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(tables(self.client, DynamoDB(self.client)))
        self.accounts = AccountStore(self.desk.tables.database, self.desk.tables.site_table)
        markets = meter("markets", limits=LIMITS["markets"], match=Match(tags=("markets",)), pool="default")
        self.desk.publish(compiled(markets, meter(limits=LIMITS["default"]), identity=identity_rules()))
        self.bonuses: dict[str, tuple[int, float]] = {}
        self.held: set[str] = set()
        self.token: str | None = None

    @rule(name=st.sampled_from(["markets", "default"]), reads=st.integers(0, 3), hours=st.integers(1, 3))
    def give(self, name: str, reads: int, hours: int) -> None:
        until = self.desk.now + hours * HOUR
        self.bonuses[name] = reads, until
        self.accounts.write_bonus("riotimes", ACCOUNT, name, Bonus(reads, until))

    @rule()
    def let_an_hour_pass(self) -> None:
        self.desk.now += HOUR

    @rule(name=st.sampled_from(["markets", "default"]), article=st.sampled_from("abcdefgh"), signs_in=st.booleans())
    def read(self, name: str, article: str, signs_in: bool) -> None:
        """Signed out, the same reader has the anonymous limit and no bonus."""
        now = int(self.desk.now)
        identity = sign(iat=now, exp=now + 60) if signs_in or self.token is None else None
        limit = LIMITS[name]["registered" if identity else "anonymous"]
        if identity and name in self.bonuses and self.bonuses[name][1] > self.desk.now:
            limit += self.bonuses[name][0]
        fields = {"tags": ["markets"] if name == "markets" else [], "reader": self.token, "identity": identity}
        foreseen = self.desk.access(article, seed=None, **fields)
        answer = self.desk.view(article, seed=None, **fields)
        admits = article in self.held or len(self.held) < limit
        if admits:
            self.held.add(article)
        assert [foreseen["access"], answer["access"]] == ["granted" if admits else "denied"] * 2
        assert (answer["meter"], answer["limit"]) == (name, limit)
        assert (answer["used"], answer["remaining"]) == (len(self.held), max(0, limit - len(self.held)))
        self.token = answer["reader"]

    @invariant()
    def the_pool_holds_what_was_read(self) -> None:
        """I1, I8"""
        held = {digest_of(article) for article in self.held}
        assert periods(self.desk.tables) == ({"P#default#2026-11": held} if held else {})


@pytest.fixture
def _moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    wait_for_nothing(monkeypatch)
    with moto_tables() as made:
        Pools.client = made.client
        yield


@pytest.mark.usefixtures("_moto")
class TestPools(Pools.TestCase):
    settings = settings(max_examples=20, stateful_step_count=25, deadline=None, derandomize=True, database=None)
