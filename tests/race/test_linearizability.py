"""The checker of histories is itself tested: one that lets anything pass would prove nothing."""

import pytest

from tests.support.linearizability import Operation, linearizable


def read(article: int, called: int, answered: int, reason: str | None, used: int | None = None) -> Operation:
    return Operation(article, called, answered, reason, used)


@pytest.mark.parametrize(
    "history",
    [
        [],
        [read(1, 0, 1, "metered", 1), read(1, 2, 3, "repeat", 1), read(2, 4, 5, "limit_reached", 1)],
        # At once: either may have been first.
        [read(1, 0, 9, "limit_reached", 1), read(2, 1, 8, "metered", 1)],
        [read(1, 0, 9, "repeat", 1), read(1, 1, 8, "metered", 1)],
        # No answer: counted, never counted, and counted long after it was sent.
        [read(1, 0, 1, None), read(2, 2, 3, "limit_reached", 1)],
        [read(1, 0, 1, None), read(2, 2, 3, "metered", 1)],
        [read(1, 0, 1, None), read(2, 2, 3, "limit_reached", 1), read(1, 4, 5, "repeat", 1)],
    ],
)
def test_what_could_have_happened_is_accepted(history: list[Operation]) -> None:
    assert linearizable(history, limit=1)


@pytest.mark.parametrize(
    "history",
    [
        # Two articles on a limit of one.
        [read(1, 0, 9, "metered", 1), read(2, 1, 8, "metered", 1)],
        [read(1, 0, 9, "metered", 1), read(2, 1, 8, "metered", 2)],
        # One article counted twice.
        [read(1, 0, 9, "metered", 1), read(1, 1, 8, "metered", 1)],
        # A repeat of what nobody had read, and a denial that came too early.
        [read(1, 0, 1, "repeat", 1), read(1, 2, 3, "metered", 1)],
        [read(1, 0, 1, "limit_reached", 1), read(2, 2, 3, "metered", 1)],
        # A count that was lost.
        [read(1, 0, 1, "metered", 1), read(2, 2, 3, "metered", 1)],
        # A denied repeat.
        [read(1, 0, 1, "metered", 1), read(1, 2, 3, "limit_reached", 1)],
        # Sent only after the denial that it would have to explain.
        [read(2, 0, 1, "limit_reached", 1), read(1, 2, 3, None)],
        # The right reason with the wrong number.
        [read(1, 0, 1, "metered", 2)],
    ],
)
def test_what_could_not_have_happened_is_rejected(history: list[Operation]) -> None:
    assert not linearizable(history, limit=1)
