"""A replay is what the rules say, read by read, whatever rules and reads: held to a model that knows no shortcut."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from readmeter.core.rules import Match, Meter, Rules
from readmeter.usage.replay import Read, Replay
from tests.support.site import meter, rules

SECTIONS = (None, "city", "markets")
METERS = ("default", "markets", "gone")


@st.composite
def proposals(draw: st.DrawFn) -> Rules:
    unit = draw(st.sampled_from(["month", "week", "day", "days"]))
    counting = {
        "unit": unit,
        "days": draw(st.integers(1, 12)) if unit == "days" else 0,
        "count": draw(st.sampled_from(["article", "view"])),
    }
    tiers = draw(st.sampled_from([{}, {"registered": 4}]))
    default = meter("default", limits={"anonymous": draw(st.integers(0, 3)), **tiers}, **counting)
    markets = meter(
        "markets",
        draw(st.integers(0, 2)),
        match=draw(st.sampled_from([Match(("markets",)), Match((), ("shares",)), Match()])),
        **(counting | {"pool": "default"} if draw(st.booleans()) else {}),
    )
    return rules(
        *draw(st.permutations(draw(st.sampled_from([[default, markets], [default], [markets]])))),
        mode=draw(st.sampled_from(["live", "live", "live", "observe", "off"])),
        locked=draw(st.sampled_from([Match(), Match(("city",)), Match((), ("premium",))])),
        exempt=draw(st.sampled_from([Match(), Match(("city",))])),
    )


def in_force(version: int) -> Rules:
    return rules(meter("default", 2 * version), meter("markets", version), version=version)


@st.composite
def reads_of_a_reader(draw: st.DrawFn, reader: str = "ana") -> list[Read]:
    days = sorted(draw(st.lists(st.integers(0, 29), max_size=14)))
    reads: dict[tuple[str, str, str], Read] = {}
    for day in days:
        local_date = (date(2026, 11, 1) + timedelta(days=day)).isoformat()
        counted_by = draw(st.sampled_from(["default", "markets", "gone", ""]))
        article = draw(st.sampled_from("abcdef"))
        read = Read(
            reader=reader,
            reader_class=draw(st.sampled_from(["anonymous", "registered"])),
            local_date=local_date,
            rule_version=draw(st.integers(1, 3)),
            meter=counted_by,
            period="2026-11" if counted_by else local_date,
            article=article,
            section=SECTIONS[ord(article) % 3],
        )
        reads.setdefault((read.meter, read.period, article), read)
    return list(reads.values())


@st.composite
def months(draw: st.DrawFn) -> list[list[Read]]:
    names = draw(st.lists(st.sampled_from(["ana", "ben", "eva", "ida"]), unique=True))
    return [found for name in sorted(names) if (found := draw(reads_of_a_reader(name)))]


@dataclass
class Model:
    """The same figures, from lists of reads alone."""

    proposed: Rules
    rows: list[tuple[Any, ...]] = field(default_factory=list)  # reader, line, granted, at the limit before, after

    def run(self, reads: Sequence[Read]) -> None:
        granted_to: dict[str, list[Read]] = defaultdict(list)
        for number, read in enumerate(reads):
            decides = self.decides(read)
            if not isinstance(decides, Meter):
                self.rows.append((read.reader, (None, read.reader_class), decides, self.was_full(reads, number), False))
                continue
            period = self.period(decides, read, granted_to[decides.pool])
            used = {each.article for each in period} if decides.count == "article" else list(period)
            limit = decides.limits.get(read.reader_class, decides.limits["anonymous"])
            known = decides.count == "article" and read.article in used
            counted = known or len(used) < limit
            if counted:
                granted_to[decides.pool].append(read)
            full = len(used) + (counted and not known) >= limit
            granted = counted or self.proposed.mode == "observe"
            key = (decides.name, read.reader_class)
            self.rows.append((read.reader, key, granted, self.was_full(reads, number), full))

    def decides(self, read: Read) -> Meter | bool:
        """The meter, or whether the read is granted without one."""
        names = [read.section] if read.section else []
        if self.proposed.mode == "off":
            return True
        if set(names) & set(self.proposed.locked.sections):
            return self.proposed.mode == "observe"
        if set(names) & set(self.proposed.exempt.sections):
            return True
        for each in self.proposed.meters:
            by_name = each.name == read.meter and (each.match.tags or not names)
            if each.match.empty or set(names) & set(each.match.sections) or by_name:
                return each
        return True

    def period(self, decides: Meter, read: Read, before: list[Read]) -> list[Read]:
        """Those of `before` that share the read's period."""
        today = date.fromisoformat(read.local_date)
        match decides.unit:
            case "month":
                return before
            case "day":
                return [each for each in before if each.local_date == read.local_date]
            case "week":
                return [each for each in before if date.fromisoformat(each.local_date) > today - _since_sunday(today)]
        opened = None
        for each in before:
            day = date.fromisoformat(each.local_date)
            if opened is None or (day - opened).days >= decides.days:
                opened = day
        if opened is None or (today - opened).days >= decides.days:
            return []
        return [each for each in before if date.fromisoformat(each.local_date) >= opened]

    def was_full(self, reads: Sequence[Read], number: int) -> bool:
        read = reads[number]
        limits = {"default": 2 * read.rule_version, "markets": read.rule_version}
        used = [each for each in reads[: number + 1] if (each.meter, each.period) == (read.meter, read.period)]
        return read.meter in limits and len(used) >= limits[read.meter]

    def line(self, key: Any) -> dict[str, Any]:
        rows = [row for row in self.rows if row[1] == key]
        return {
            "meter": key[0],
            "reader_class": key[1],
            "reads": len(rows),
            "readers": len({row[0] for row in rows}),
            "granted": sum(row[2] for row in rows),
            "walled": sum(not row[2] for row in rows),
            "readers_walled": len({row[0] for row in rows if not row[2]}),
            "readers_at_limit_before": len({row[0] for row in rows if row[3]}),
            "readers_at_limit_after": len({row[0] for row in rows if row[4]}),
        }


def _since_sunday(day: date) -> timedelta:
    return timedelta(days=day.isoweekday())


@given(proposals(), months())
def test_the_figures_are_those_of_the_model(proposed: Rules, month: list[list[Read]]) -> None:
    replay, model = Replay(proposed, in_force), Model(proposed)
    for reads in month:
        replay.add(reads)
        model.run(reads)
    lines = {(line.meter, line.reader_class): line.document() for line in replay.lines}
    assert lines == {key: model.line(key) for key in {row[1] for row in model.rows}}
    assert replay.readers == len(month)
    assert replay.readers_walled == len({row[0] for row in model.rows if not row[2]})
    assert replay.readers_at_limit_before == len({row[0] for row in model.rows if row[3]})
    assert replay.readers_at_limit_after == len({row[0] for row in model.rows if row[4]})


@given(months(), st.integers(0, 4))
def test_a_higher_limit_walls_nobody_more(month: list[list[Read]], limit: int) -> None:
    lower, higher = (Replay(rules(meter("default", each)), in_force) for each in (limit, limit + 1))
    for reads in month:
        lower.add(reads)
        higher.add(reads)
    assert sum(line.walled for line in higher.lines) <= sum(line.walled for line in lower.lines)
    assert higher.readers_walled <= lower.readers_walled
