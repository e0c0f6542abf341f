"""CPU per decision through the real handler, beside handlers and meters that a publisher would otherwise write."""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from benchmarks import kinds, lambdas, redis_meters, stub
from benchmarks.figures import Headline, Part, Spread, Table, times

_BATCH = 0.1  # seconds of CPU
_TABS, _TRIALS = 10, 20
_COUNTED, _STATE = "counted", "repeat, known by the page's state"
_PEER = "Leaky Paywall 5.0.9 on WordPress 6.1, its REST check (quoted)"

Batch = Callable[[int], tuple[float, float]]  # makes so many calls: seconds of CPU and wall a call

_BEFORE = """\
Every handler runs in a process of its own and gets API Gateway's events as JSON text, as the Lambda runtime
gives them. DynamoDB is a stub in another process, over TLS on loopback: its answers are canned, so that the
figure prices the handler with its client and not the database. CPU is the handler's own (user and system), µs a
call, least / middle / most of {runs} batches by turns. Wall time is the middle one, on loopback: no network, no
database."""

_AFTER = """\
The baselines on Lambda make one UpdateItem and answer one number: no tokens, rules, state, grant, prompt, CORS
or cookie. FastAPI's rows hold its HTTP server and Redis, which API Gateway and DynamoDB are for the others, and
plain HTTP. The peer's row is quoted: measured on 2026-11-22 on a machine of this kind, not in this run."""


def measure(runs: int) -> Part:
    with ExitStack() as stack:
        canned, make = kinds.prepared()
        running = stack.enter_context(stub.running(canned))
        readmeter = stack.enter_context(lambdas.running(lambdas.READMETER, running))
        decisions = {kind.name: _batch(readmeter, kind) for kind in make(lambda event: readmeter.call(event).answer)}
        baselines: dict[str, Batch] = {}
        for name, module in lambdas.BASELINES.items():
            baseline = stack.enter_context(lambdas.running(module, running))
            baselines[name] = _batch(baseline, kinds.Kind(name, lambdas.BASELINE_EVENT))
        after = f"{_AFTER} {redis_meters.MISSING}."
        if redis_meters.available():
            server = stack.enter_context(redis_meters.running())
            baselines |= {name: _requests(server, path) for name, path in redis_meters.PATHS.items()}
            after = f"{_AFTER}\n\n{_tabs(server)}"
        found = _by_turns({**decisions, **baselines}, runs)
    counted = found[_COUNTED][0].middle
    tables = [_table(found, names, counted) for names in (decisions, baselines)]
    peer = (_PEER, "14,000 to 19,000", "", f"{times(14_000, counted)} to {times(19_000, counted)}")
    tables[1] = Table(tables[1].columns, [*tables[1].rows, peer])
    return Part(
        "decisions",
        _BEFORE.format(runs=runs),
        tables,
        after,
        [_headline(found, _COUNTED, name) for name in (lambdas.BOTO3, lambdas.POWERTOOLS, *_redis(found))]
        + [_headline(found, _STATE, lambdas.BOTO3)],
    )


def _batch(called: lambdas.Lambda, kind: kinds.Kind) -> Batch:
    """Batches of one kind, each of which is checked to have been answered as that kind is."""

    def run(times: int) -> tuple[float, float]:
        done = called.call(kind.event, times)
        kind.check(done.answer)
        return done.cpu, done.wall

    return run


def _requests(server: redis_meters.Server, path: str) -> Batch:
    return lambda times: server.call(path, times)


def _tabs(server: redis_meters.Server) -> str:
    lua, naive = (_range([server.granted(path, _TABS) for _ in range(_TRIALS)]) for path in ("/lua", "/naive"))
    return (
        f"Ten articles opened at once by a new reader whose limit is 5, {_TRIALS} trials: the Lua script\n"
        f"granted {lua}, reading before writing {naive}. Readmeter grants exactly 5: tests/race."
    )


def _range(values: Sequence[int]) -> str:
    least, most = min(values), max(values)
    return str(least) if least == most else f"{least} to {most}"


def _by_turns(batches: Mapping[str, Batch], runs: int) -> dict[str, tuple[Spread, Spread]]:
    """Microseconds of CPU and wall a call; every round takes all in another order, so that drift hits all alike."""
    sizes = {}
    for name, batch in batches.items():
        batch(20)
        cpu, _ = batch(40)
        sizes[name] = max(20, int(_BATCH / cpu))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in batches}
    for _ in range(runs):
        for name in random.sample(list(batches), len(batches)):
            found[name].append(batches[name](sizes[name]))
    return {
        name: (Spread([cpu * 1e6 for cpu, _ in each]), Spread([wall * 1e6 for _, wall in each]))
        for name, each in found.items()
    }


def _table(found: Mapping[str, tuple[Spread, Spread]], names: Mapping[str, Batch], counted: float) -> Table:
    title = "Readmeter's decision" if _COUNTED in names else "baseline"
    rows = [
        (name, found[name][0].text(), f"{found[name][1].middle:,.0f}", times(found[name][0].middle, counted))
        for name in names
    ]
    return Table((title, "CPU µs", "wall µs", f"of Readmeter's “{_COUNTED}”"), rows)


def _redis(found: Mapping[str, object]) -> list[str]:
    return [name for name in redis_meters.PATHS if name in found and "Lua" in name]


def _headline(found: Mapping[str, tuple[Spread, Spread]], ours: str, baseline: str) -> Headline:
    what, theirs = f"CPU of a decision: {ours}", found[baseline][0].middle
    return Headline(what, "µs", found[ours][0].middle, baseline, theirs, timed=True)
