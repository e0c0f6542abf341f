"""What a PUT tells the publisher about what changed, and when it takes force."""

from typing import Any

import pytest

from readmeter.sites.compile import compile_site
from readmeter.sites.differences import differences, early_limits
from tests.unit.test_compile import NOVEMBER, document, meter

AT_ONCE = "2026-11-20T09:01:00-03:00"
NEXT_MONTH = "2026-12-01T00:00:00-03:00"


def between(old: Any, new: Any) -> list[Any]:
    first = compile_site(old, 1, None, NOVEMBER)
    return differences(old.data(), new.data(), compile_site(new, 2, first, NOVEMBER + 60), NOVEMBER + 60)


def told(old: Any, new: Any) -> list[tuple[Any, ...]]:
    return [tuple(difference.values()) for difference in between(old, new)]


def test_a_new_site_and_an_unchanged_one_differ_in_nothing():
    assert differences(None, document().data(), compile_site(document(), 1, None, NOVEMBER), NOVEMBER) == []
    assert told(document(), document()) == []


def test_each_changed_value_is_told_with_both_sides():
    old = document(name="One", prompt={"sign_in_url": "https://rio.example/in"}, exempt={"tags": ["a"]})
    assert told(old, document(name="Two", exempt={"tags": ["a", "b"]})) == [
        ("/name", "One", "Two", AT_ONCE),
        ("/exempt/tags", ["a"], ["a", "b"], AT_ONCE),
        ("/prompt/sign_in_url", "https://rio.example/in", None, AT_ONCE),
    ]


def test_a_default_written_out_is_no_difference():
    assert told(document(), document(meter(), mode="live")) == []


def test_a_document_that_is_older_than_a_key_had_its_default():
    old, new = document().data(), document(retention={"reader_days": 20})
    del old["retention"], old["record"]
    compiled = compile_site(new, 2, None, NOVEMBER)
    assert [
        (change["path"], change["from"], change["to"]) for change in differences(old, new.data(), compiled, NOVEMBER)
    ] == [("/retention/reader_days", 45, 20)]


def test_records_hold_at_once():
    old, new = document(), document(record=["exempt"], timezone="UTC")
    assert [change[0] for change in told(old, new) if change[3] == AT_ONCE] == ["/record"]


@pytest.mark.parametrize("changed", [{"reader_days": 20}, {"ledger_reader_days": 365}])
def test_retention_waits_for_the_month(changed):
    [(path, _, _, when)] = told(document(), document(retention=changed))
    assert (path, when) == (f"/retention/{next(iter(changed))}", NEXT_MONTH)


def test_what_waits_says_until_when():
    old, new = document(meter()), document(meter(period={"unit": "days", "days": 7}, count="view"), timezone="UTC")
    assert told(old, new) == [
        ("/timezone", "America/Sao_Paulo", "UTC", NEXT_MONTH),
        ("/meters/default/period/unit", "month", "days", NEXT_MONTH),
        ("/meters/default/period/days", None, 7, NEXT_MONTH),
        ("/meters/default/count", "article", "view", NEXT_MONTH),
    ]


def test_a_rename_waits_with_all_that_changed_in_the_meters():
    side = {"match": {"tags": ["a"]}}
    old, new = (
        document(meter("side", **side), meter("a")),
        document(meter("side", **side, limits={"anonymous": 1}), meter("b")),
    )
    assert [(path, when) for path, _, _, when in told(old, new)] == [
        ("/meters/side/limits/anonymous", NEXT_MONTH),
        ("/meters/a", NEXT_MONTH),
        ("/meters/b", NEXT_MONTH),
    ]


def test_an_added_meter_and_a_new_order_hold_at_once():
    old, new = document(meter("a"), meter("b")), document(meter("c"), meter("b"), meter("a"))
    assert [(path, when) for path, _, _, when in told(old, new)] == [("/meters", AT_ONCE), ("/meters/c", AT_ONCE)]


def test_a_limit_that_holds_before_its_period_is_warned_of():
    daily, monthly = document(meter(period={"unit": "day"})), document(meter(limits={"anonymous": 30}))
    assert [path for path, _ in early_limits(between(daily, monthly))] == ["/meters/default/limits/anonymous"]
    assert early_limits(between(daily, document(meter()))) == []
    assert early_limits(between(document(meter()), monthly)) == []
