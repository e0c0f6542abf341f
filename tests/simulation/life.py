"""Lives whole seeds, and says how to live one again."""

from collections.abc import Callable

from readmeter.usage.manifest import Manifest
from readmeter.usage.period import ExportPeriod
from tests.simulation import checks
from tests.simulation.engine import one_engine
from tests.simulation.world import DAY, World

CHUNKS = [range(start, start + 100) for start in range(0, 2_000, 100)]  # of seeds that the suite lives
_CLOSE = 72 * 3600
_MOVES = {
    World.read: 40,
    World.let_time_pass: 30,
    World.deliver: 10,
    World.change_the_rules: 4,
    World.miss: 3,
    World.erase: 2,
    World.poison: 2,
    World.lose: 1,
    World.redrive_failures: 1,
}


class Drift(AssertionError):  # noqa: N818
    """A life that does not tie out; says what replays it."""

    def __init__(self, seed: int) -> None:
        super().__init__(f"the life of seed {seed} does not tie out: make soak SEED={seed}")


def live_all(seeds: range) -> None:
    """Lives every seed. Raises `Drift` at the first that does not tie out."""
    with one_engine():
        for seed in seeds:
            try:
                live(seed)
            except Exception as error:
                raise Drift(seed) from error


def live(seed: int) -> World:
    world = World(seed)
    moves = world.random.choices(list(_MOVES), list(_MOVES.values()), k=world.random.randint(6, 18))
    for move in moves:
        move(world)
        if world.random.random() < 0.01:
            _export_what_is_open(world)
    _close(world)
    return world


def _export_what_is_open(world: World) -> None:
    month = world.random.choice(world.months()[-2:])
    text = month.text if world.random.random() < 0.7 else world.random.choice(month.dates).isoformat()
    if ExportPeriod.parse(text).start(world.zone_of(month)).timestamp() > world.desk.now:
        return
    made = world.export(text)
    if made.status == "provisional":
        checks.exported(world, made)


def _close(world: World) -> None:
    """Every month becomes final, some reads too late for theirs; the month after the last one corrects them."""
    months = world.months()
    last = months[-1]
    for month in months:
        if world.random.random() < 0.7:
            world.source.drain()
        closes = month.end(world.zone_of(month)).timestamp() + _CLOSE
        world.desk.now = max(world.desk.now, closes + world.random.choice([0.0, 1.0, 5.0 * DAY]))
        assert world.export(month.text).status == "final"
    world.drain()
    _find_what_was_lost(world)
    checks.ledger_is_what_was_shown(world)
    closes = last.month_after.end(world.zone_of(last.month_after)).timestamp() + _CLOSE
    world.desk.now = max(world.desk.now, closes)
    finals = [world.export(month.text) for month in months]
    totals = [final.control_totals for final in finals]
    counted = sum(total.quantity + total.correction_quantity for total in totals)
    if counted < len(world.model.shown) or any(total.correction_rows for total in totals):
        finals.append(world.export(last.month_after.text))
    checks.finals_are_what_was_shown(world, finals)
    _look_in_other_ways(world, finals)
    checks.nothing_final_changed(world)


def _look_in_other_ways(world: World, finals: list[Manifest]) -> None:
    """What takes long is looked at in some lives only."""
    looks: list[tuple[float, Callable[[], None]]] = [
        (0.05, lambda: checks.days_are_the_month(world, world.random.choice(finals))),
        (0.05, lambda: checks.usage_query_says_the_same(world)),
        (0.05, lambda: checks.reports_say_the_same(world, finals)),
        (0.025, lambda: checks.verification_holds(world, world.random.choice(finals))),
    ]
    for share, look in looks:
        if world.random.random() < share:
            look()


def _find_what_was_lost(world: World) -> None:
    """By the meter items, where the stream did not tell."""
    if world.source.lost or world.random.random() < 0.03:
        for month in world.months():
            result = world.reconcile(month.text)
            assert (result.surplus.count, result.differing.count, result.erasures_off) == (0, 0, 0), result.document()
