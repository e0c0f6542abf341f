"""The item that a counted read leaves, to the byte: usage is derived from it, so its shape is a promise."""

import pytest

from readmeter.core.encoding import base64url
from readmeter.core.tokens import reader_of_seed
from tests.support.endpoint import KEYRING, NOW, SEED, Desk
from tests.support.meters import digest_of, snapshot
from tests.support.site import compiled, meter

DAY = 86_400
FIRST_OF_DECEMBER = 1_796_094_000  # 2026-12-01T00:00-03:00
A, B = digest_of("a"), digest_of("b")


def partition() -> dict[str, str]:
    reader = reader_of_seed(KEYRING, "riotimes", SEED)
    assert reader is not None
    return {"S": f"S#riotimes#R#{reader.name}"}


def test_the_item_of_a_month(desk: Desk) -> None:
    desk.view("a")
    desk.publish(compiled(version=2))
    desk.now += 2 * DAY
    desk.view("b")
    assert snapshot(desk.tables) == [
        {
            "pk": partition(),
            "sk": {"S": "P#default#2026-11"},
            "a": {"BS": sorted([A, B])},
            base64url(A): {"S": "2026-11-22|1|anonymous|reader"},
            base64url(B): {"S": "2026-11-24|2|anonymous|reader"},
            "x": {"N": str(FIRST_OF_DECEMBER + 45 * DAY)},
        }
    ]


def test_the_item_of_a_window(desk: Desk) -> None:
    desk.publish(compiled(meter(unit="days", days=30)))
    desk.view("a")
    desk.now += 2 * DAY
    desk.view("b")
    assert snapshot(desk.tables) == [
        {
            "pk": partition(),
            "sk": {"S": "P#default#D"},
            "a": {"BS": sorted([A, B])},
            base64url(A): {"S": "2026-11-22|1|anonymous|reader"},
            base64url(B): {"S": "2026-11-24|1|anonymous|reader"},
            "ws": {"N": str(int(NOW))},
            "x": {"N": str(int(NOW) + 30 * DAY + 45 * DAY)},
        }
    ]


def test_a_stamp_bears_the_sites_date_not_utcs(desk: Desk) -> None:
    desk.now = 1_795_402_800  # 2026-11-23 03:00 UTC: midnight in São Paulo
    desk.view("b")
    desk.now -= 1
    desk.view("a")
    [item] = snapshot(desk.tables)
    assert item[base64url(A)]["S"].startswith("2026-11-22|")
    assert item[base64url(B)]["S"].startswith("2026-11-23|")


def test_a_page_that_keeps_no_token_is_stamped_so(desk: Desk) -> None:
    """I18: such a read is counted apart and never billable."""
    assert desk.view("a", storage="none")["reason"] == "metered"
    [item] = snapshot(desk.tables)
    assert item[base64url(A)] == {"S": "2026-11-22|1|anonymous|unstored"}


def test_a_display_is_stamped_by_its_own_digest(desk: Desk) -> None:
    desk.publish(compiled(meter(count="view")))
    desk.view("a", view="1")
    [item] = snapshot(desk.tables)
    display = digest_of("a", view="1")
    assert item["a"] == {"BS": [display]}
    assert item[base64url(display)] == {"S": "2026-11-22|1|anonymous|reader|view"}


@pytest.mark.parametrize(
    ("unit", "key", "ends_at"),
    [
        ("week", "2026-W47", 1_795_402_800),
        ("day", "2026-11-22", 1_795_402_800),
        ("month", "2026-11", FIRST_OF_DECEMBER),
    ],
)
def test_an_item_outlives_its_period_by_45_days(desk: Desk, unit: str, key: str, ends_at: int) -> None:
    desk.publish(compiled(meter(unit=unit)))
    desk.view("a")
    [item] = snapshot(desk.tables)
    assert (item["sk"]["S"], int(item["x"]["N"])) == (f"P#default#{key}", ends_at + 45 * DAY)


def test_a_dozen_counted_reads_fit_in_one_write_unit(desk: Desk) -> None:
    """By DynamoDB's sizing: names and text in UTF-8, binary as it is, a number in half its digits and one more byte."""
    desk.publish(compiled(meter(anonymous=12)))
    for number in range(12):
        desk.view(str(number))
    [item] = snapshot(desk.tables)
    assert sum(len(name) + _size(value) for name, value in item.items()) <= 1024


def _size(value: dict[str, object]) -> int:
    [(kind, content)] = value.items()
    if kind == "BS":
        assert isinstance(content, list)
        return 3 + sum(len(member) + 1 for member in content)
    text = str(content)
    return len(text) // 2 + 1 if kind == "N" else len(text)
