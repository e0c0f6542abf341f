"""Random lives of readers against a model that is a plain dictionary, on moto behind its lock.

Readers read and read again, publishers move limits, months and windows pass, the wire loses and repeats; after every
step the table holds what the model says, and every answer is one that the model allows.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from readmeter.core.period import DAY, calendar_bucket
from readmeter.store.dynamodb import DynamoDB
from tests.support.endpoint import Desk
from tests.support.engines import moto_tables, tables
from tests.support.meters import digest_of, wait_for_nothing
from tests.support.site import compiled, meter
from tests.support.wire import Wire, broken, conflict, lost_reply, lost_request, sent_twice, throttled

ZONE = "America/Sao_Paulo"
DAYS = 3
TEN_MINUTES = 600
SEEDS = ["A" * 22, "B" * 22]
FAULTS = {
    "UpdateItem": [lost_reply, lost_request, throttled, broken, conflict, sent_twice],
    "TransactWriteItems": [lost_reply, lost_request, throttled, conflict, sent_twice],
}
DOWN = 15  # attempts: more than the client and the store make together
_NUMBER = re.compile(r"\d|\bone\b")


class Lives(RuleBasedStateMachine):
    """One site with one meter, two readers, five articles."""

    client: Any
    wire: Wire

    def __init__(self) -> None:
        super().__init__()
        self.tables = tables(self.client, DynamoDB(self.client))
        self.desk = Desk(self.tables)
        self.unit, self.limit = "month", 2
        self.counted: dict[tuple[str, str], set[str]] = {}  # by seed and period: what the table should hold
        self.starts: dict[str, int] = {}  # by seed: when the reader's window was opened
        self.states: list[tuple[str, float, str]] = []  # seed, when the table was asked, the state itself

    def publish(self) -> None:
        for operation in FAULTS:  # what is left of them is for readers
            self.wire.inject(operation)
        one = meter(unit=self.unit, days=DAYS if self.unit == "days" else 0, anonymous=self.limit)
        self.desk.publish(compiled(one, timezone=ZONE))

    @initialize(unit=st.sampled_from(["days", "days", "days", "month", "week", "day"]))
    def choose_a_period(self, unit: str) -> None:
        self.unit = unit
        self.publish()

    @rule(limit=st.integers(0, 4))
    def move_the_limit(self, limit: int) -> None:
        self.limit = limit
        self.publish()

    @rule(seconds=st.sampled_from([TEN_MINUTES - 1, TEN_MINUTES, DAY, DAYS * DAY - 1, DAYS * DAY, 9 * DAY]))
    def let_time_pass(self, seconds: int) -> None:
        self.desk.now += seconds

    @rule(operation=st.sampled_from(sorted(FAULTS)), data=st.data())
    def disturb(self, operation: str, data: st.DataObject) -> None:
        self.wire.inject(operation, data.draw(st.sampled_from(FAULTS[operation])))

    @rule(seed=st.sampled_from(SEEDS), article=st.sampled_from("abcde"), data=st.data())
    def read(self, seed: str, article: str, data: st.DataObject) -> None:
        mine = [(at, state) for owner, at, state in self.states if owner == seed]
        asked_at, state = data.draw(st.sampled_from(mine)) if mine and data.draw(st.booleans()) else (0.0, None)
        self.foresee(seed, article)
        self.wire.sent.clear()
        answer = self.answered({"site": "riotimes", "article": article, "seed": seed, "state": state})
        if "UpdateItem" in self.wire.to(self.tables.meter_table):
            self.asked(seed, article, answer)
        else:
            self.remembered(seed, article, answer, asked_at)
        self.is_whole(answer)

    @rule(seed=st.sampled_from(SEEDS), article=st.sampled_from("abcde"), reply=st.sampled_from([lost_reply, throttled]))
    def read_while_the_table_is_down(self, seed: str, article: str, reply: Any) -> None:
        """The reader does not know whether it counted; the model does."""
        self.wire.inject("UpdateItem", *[reply] * DOWN)
        self.wire.inject("TransactWriteItems")
        body = {"site": "riotimes", "seed": seed, "article": article}
        assert self.desk.post(body).status == 503
        self.wire.inject("UpdateItem")
        if reply is lost_reply and self.opened(seed) and len(self.held(seed)) < self.limit:
            self.count(seed, article)

    @invariant()
    def the_table_holds_what_the_model_says(self) -> None:
        """I1, I2, I3, I4, I5, I9"""
        items = self.tables.meter_items()
        held = sorted(sorted(item["a"]["BS"]) for item in items)
        assert held == sorted(sorted(digest_of(name) for name in names) for names in self.counted.values())
        assert all(len(item) == len(item["a"]["BS"]) + (5 if "ws" in item else 4) for item in items)

    def answered(self, body: Any) -> Any:
        """What a page does: it asks again after a 503 (all lives share what boto3 allows itself in retries)."""
        answers = (self.desk.post(body) for _ in range(4))
        return next(answer.json for answer in answers if answer.status == 200)

    def foresee(self, seed: str, article: str) -> None:
        foreseen = self.desk.access(article, seed=seed)
        held = self.held(seed)
        assert (foreseen["access"] == "granted") == (article in held or len(held) < self.limit)
        assert foreseen["used"] == len(held)

    def asked(self, seed: str, article: str, answer: Any) -> None:
        """The table was: its word is exactly the model's, but for the name of a read that its lost reply counted."""
        held = set(self.held(seed))
        if article in held:
            assert answer["reason"] == "repeat"
        elif len(held) < self.limit:
            assert answer["reason"] in {"metered", "repeat"}
            self.count(seed, article)
        else:
            assert answer["reason"] == "limit_reached"
        assert answer["used"] == len(self.held(seed))
        self.states.append((seed, self.desk.now, answer["state"]))

    def remembered(self, seed: str, article: str, answer: Any, asked_at: float) -> None:
        """The state answered alone: nothing that the table would not grant, and no stale denial."""
        if answer["access"] == "granted":
            assert article in self.held(seed)
            assert answer["reason"] == "repeat"
        else:
            assert answer["reason"] == "limit_reached"
            assert article not in self.held(seed)
            assert self.desk.now - asked_at < TEN_MINUTES

    def is_whole(self, answer: Any) -> None:
        """I7, I17"""
        assert answer["limit"] == self.limit
        assert answer["remaining"] == max(0, self.limit - answer["used"]) >= 0
        message = answer["prompt"]["message"]
        assert self.limit == 0 or _NUMBER.search(message)
        assert "(s)" not in message

    def period(self, seed: str) -> str:
        if self.unit == "days":
            return str(self.starts.get(seed))
        return calendar_bucket(self.unit, ZONE, self.desk.now).key  # type: ignore[arg-type]

    def opened(self, seed: str) -> bool:
        """Whether the table can count in the current period without closing another one first."""
        return self.unit != "days" or seed not in self.starts or self.starts[seed] > self.desk.now - DAYS * DAY

    def held(self, seed: str) -> set[str]:
        return self.counted.get((seed, self.period(seed)), set()) if self.opened(seed) else set()

    def count(self, seed: str, article: str) -> None:
        if self.unit == "days" and (seed not in self.starts or not self.opened(seed)):
            self.starts[seed] = int(self.desk.now)
        self.counted.setdefault((seed, self.period(seed)), set()).add(article)


@pytest.fixture
def _moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One client for all lives; each has tables of its own."""
    wait_for_nothing(monkeypatch)
    with moto_tables() as made:
        Lives.client, Lives.wire = made.client, Wire(made.client)
        yield


@pytest.mark.usefixtures("_moto")
class TestLives(Lives.TestCase):
    settings = settings(max_examples=35, stateful_step_count=30, deadline=None, derandomize=True, database=None)
