"""Whatever the ledger lost, reconciliation puts back exactly that."""

from hypothesis import given, settings
from hypothesis import strategies as st

from readmeter.usage.reconciliation import reconcile
from tests.support.items import SITE, Items, item, keyring, rows, write
from tests.support.objects import MemoryObjects

MONTH = "2026-11"
KEYS = {
    "P#default#2026-11": ("2026-11-01", "2026-11-30"),
    "P#weekly#2026-W49": ("2026-11-30", "2026-12-01"),
    "P#daily#2026-11-22": ("2026-11-22",),
    "P#window#D": ("2026-10-31", "2026-11-01"),
    "N#gift#2026-11-22": ("2026-11-22",),
    "N#open#2026-11-22": ("2026-11-22",),
    "N#campaign:newsletter#2026-11": ("2026-11-01", "2026-11-30"),
    "N#campaign:spring#2026-11": ("2026-11-01", "2026-11-30"),
}


@st.composite
def an_item(draw: st.DrawFn) -> dict[str, object]:
    key = draw(st.sampled_from(sorted(KEYS)))
    stamps = {
        article: draw(
            st.one_of(
                st.sampled_from(["carried", "unrecorded"]),
                st.builds(
                    "{}|{}|{}|{}".format,
                    st.sampled_from(KEYS[key]),
                    st.integers(1, 3),
                    st.sampled_from(["anonymous", "registered"]),
                    st.sampled_from(["reader", "unstored", "reader|view"]),
                ),
            )
        )
        for article in draw(st.sets(st.sampled_from("abcdef"), min_size=1))
    }
    window = {"ws": 1_793_404_800} if key.endswith("#D") else {}
    return item(key, stamps, reader=draw(st.sampled_from(["ana", "ben", "eva"])), **window)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(an_item(), unique_by=lambda each: (each["pk"]["S"], each["sk"]["S"])), st.randoms(use_true_random=False)
)
def test_after_inserting_the_ledger_is_what_the_items_say(items, random) -> None:  # type: ignore[no-untyped-def]
    said = rows(*items)
    in_month = {row for row in said if row.local_date.startswith(MONTH)}
    kept = [row for row in said if random.random() < 0.6]
    ledger = MemoryObjects()
    for number, row in enumerate([*kept, *kept[::2]]):
        write(ledger, [row], f"{number}-{number}")
    source = Items(items, 1_796_342_400.0)
    first = reconcile(ledger, source, keyring, SITE, MONTH, insert=True)
    assert (first.status, first.compared) == ("matched", len(in_month))
    assert first.inserted == first.drifting == len(in_month - set(kept))
    assert reconcile(ledger, source, keyring, SITE, MONTH).drifting == 0
