"""Whether a history of counted reads could have happened one after the other (Wing and Gong's search, memoised).

The checker knows one reader's meter in one period: a set of articles and a limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """One read of `article`, sent at `called` and answered at `answered` (ticks of one clock that all threads share).

    `reason` and `used` are the answer; both are None where there was none: the read may or may not have been counted,
    at any moment after it was sent.
    """

    article: int
    called: int
    answered: int
    reason: str | None
    used: int | None


def linearizable(history: Sequence[Operation], limit: int) -> bool:
    """Whether some order of the operations that respects real time gives every answer as it was."""
    answered = frozenset(operation for operation in history if operation.reason is not None)
    seen: set[tuple[frozenset[Operation], frozenset[int]]] = set()
    pending = [(frozenset(history), frozenset[int]())]
    while pending:
        left, counted = pending.pop()
        if not left & answered:
            return True
        if (left, counted) in seen:
            continue
        seen.add((left, counted))
        first_answer = min(operation.answered for operation in left & answered)
        for operation in left:
            if operation.called < first_answer:
                reason, after = _do(counted, operation.article, limit)
                if operation.reason is None or (operation.reason, operation.used) == (reason, len(after)):
                    pending.append((left - {operation}, after))
    return False


def _do(counted: frozenset[int], article: int, limit: int) -> tuple[str, frozenset[int]]:
    """What the meter answers, and what it holds then."""
    if article in counted:
        return "repeat", counted
    if len(counted) < limit:
        return "metered", counted | {article}
    return "limit_reached", counted
