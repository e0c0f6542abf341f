"""Entitlements by staff over HTTP: given, read and taken back by the publisher's own name of a reader."""

import json

import pytest

from readmeter.core.account import Bonus, Subscription
from readmeter.store.accounts import account_key, subscription_name, subscription_value
from tests.support.admin_api import RIO, SITES, Clock, document, spelled
from tests.support.staff import DAY, ENTITLEMENTS, accounts, name_of

EVA = f"{ENTITLEMENTS}/eva@example.com"
CAFE = "cafe\u0301"  # in two characters
NOTHING = {"entitled": False, "manual": None, "subscriptions": [], "bonus": []}


@pytest.fixture
def rio(admin):
    """An admin client with the site `riotimes`."""
    admin("PUT", RIO, document())
    return admin


def test_of_an_unknown_reader_nothing_is_known(rio):
    answer = rio("GET", EVA)
    assert (answer.status, answer.json) == (200, {"subject": "eva@example.com", **NOTHING})


def test_an_entitlement_is_given_changed_and_taken_back(rio):
    given = {"plan": "Patron", "valid_from": "2026-11-01T00:00:00-03:00", "valid_until": "2027-11-01T00:00:00Z"}
    first = rio("PUT", EVA, given)
    held = {"plan": "Patron", "valid_from": "2026-11-01T03:00:00Z", "valid_until": "2027-11-01T00:00:00Z"}
    assert (first.status, first.json) == (
        201,
        {"subject": "eva@example.com", **NOTHING, "entitled": True, "manual": held},
    )
    assert rio("GET", EVA).json == first.json
    second = rio("PUT", EVA, {"plan": "Staff"})
    assert (second.status, second.json["manual"]) == (200, {"plan": "Staff", "valid_from": None, "valid_until": None})
    assert rio("DELETE", EVA).status == 204
    assert rio("DELETE", EVA).status == 404
    assert rio("GET", EVA).json == {"subject": "eva@example.com", **NOTHING}
    assert rio("PUT", EVA, {"plan": None, "valid_until": None}).status == 201


@pytest.mark.parametrize(
    ("seconds", "entitled"), [(-1, False), (0, True), (3 * DAY - 1, True), (3 * DAY, False)], ids=str
)
def test_an_entitlement_holds_from_its_first_instant_until_its_last(rio, seconds, entitled):
    rio("PUT", EVA, {"valid_from": "2026-11-20T12:00:00Z", "valid_until": "2026-11-23T09:00:00-03:00"})
    rio.clock.now = Clock.now + seconds
    assert rio("GET", EVA).json["entitled"] is entitled


def test_subscriptions_and_a_bonus_in_force_are_told_too(rio):
    name = name_of("eva@example.com")
    told = Subscription("sub_1", "active", Clock.now, "monthly", Clock.now + DAY)
    rio.dynamodb.update_item(
        TableName=rio.table,
        Key=account_key("riotimes", name),
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": subscription_name("sub_1")},
        ExpressionAttributeValues={":s": subscription_value(told)},
    )
    accounts(rio).write_bonus("riotimes", name, "default", Bonus(3, Clock.now + DAY))
    accounts(rio).write_bonus("riotimes", name, "past", Bonus(3, Clock.now))
    assert rio("GET", EVA).json == {
        "subject": "eva@example.com",
        "entitled": True,
        "manual": None,
        "subscriptions": [{"id": "sub_1", "status": "active", "plan": "monthly", "paid_until": "2026-11-21T12:00:00Z"}],
        "bonus": [{"meter": "default", "reads": 3, "until": "2026-11-21T12:00:00Z"}],
    }


@pytest.mark.parametrize(
    "subject",
    ["auth0|5f7c", "eva smith", "ção", "a/b", "a?b=c", "a%2Fb", "100%", "~a", 'a"b', "a\\b", "#1", "\u202e", "x" * 255],
)
def test_every_subject_can_be_spelled(rio, subject):
    answer = rio("PUT", f"{ENTITLEMENTS}/{spelled(subject)}", {"plan": "p"})
    assert (answer.status, answer.json["subject"]) == (201, subject)
    assert accounts(rio).account("riotimes", name_of(subject)).manual is not None


@pytest.mark.parametrize("part", ["auth0%7C5f7c", "auth0|5f7c", spelled("auth0|5f7c")])
def test_the_ways_to_spell_a_subject_are_one_reader(rio, part):
    rio("PUT", f"{ENTITLEMENTS}/{part}", {"plan": "p"})
    assert accounts(rio).account("riotimes", name_of("auth0|5f7c")).manual is not None


def test_two_spellings_in_unicode_are_one_reader(rio):
    rio("PUT", f"{ENTITLEMENTS}/{spelled(CAFE)}", {"plan": "p"})
    assert rio("GET", f"{ENTITLEMENTS}/caf%C3%A9").json["entitled"] is True


@pytest.mark.parametrize(
    "part", ["~", "~!", "a%252Fb", spelled("a\nb"), spelled("a\x7fb"), spelled("é" * 128), "x" * 256]
)
def test_a_subject_that_is_none_is_refused_before_anything_is_read(rio, part):
    before = rio.items()
    for method in ("GET", "PUT", "DELETE"):
        answer = rio(method, f"{ENTITLEMENTS}/{part}", {"plan": "p"})
        assert answer.status == 422, answer
    assert rio.items() == before


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"plan": 5}, ["/plan"]),
        ({"plan": ""}, ["/plan"]),
        ({"plan": "two\nlines"}, ["/plan"]),
        ({"plan": "x" * 101}, ["/plan"]),
        ({"valid_from": 1795176000}, ["/valid_from"]),
        ({"valid_from": "2026-11-20"}, ["/valid_from"]),
        ({"valid_from": "2026-11-20T12:00:00"}, ["/valid_from"]),
        ({"valid_until": "2026-02-30T12:00:00Z"}, ["/valid_until"]),
        ({"valid_until": "9999-12-31T23:59:59-23:00"}, ["/valid_until"]),
        ({"valid_from": "0001-01-01T00:00:00+23:00"}, ["/valid_from"]),
        ({"valid_from": "2026-11-20T12:00:00Z", "valid_until": "2026-11-20T09:00:00-03:00"}, ["/valid_until"]),
        ({"valid_from": "2026-11-20T12:00:00Z", "valid_until": "2026-11-19T12:00:00Z"}, ["/valid_until"]),
        ({"until": "2026-11-20T12:00:00Z"}, ["/until"]),
        ({"subject": "eva@example.com"}, ["/subject"]),
        ([], [""]),
        ("yes", [""]),
    ],
)
def test_each_wrong_field_is_named_and_nothing_is_written(rio, body, pointers):
    before = rio.items()
    answer = rio("PUT", EVA, json.dumps(body).encode())
    assert (answer.status, answer.pointers) == (422, pointers)
    assert rio.items() == before


@pytest.mark.parametrize(("body", "status"), [(b"", 400), (b"{", 400), (b"\xff", 400), (b" " * 8193, 413)])
def test_a_body_that_is_none_is_refused(rio, body, status):
    assert rio("PUT", EVA, body).status == status


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_a_site_that_is_there_has_readers(rio, method):
    assert rio(method, f"{SITES}/other/entitlements/eva", {"plan": "p"}).status == 404
    rio("DELETE", RIO)
    assert rio(method, EVA, {"plan": "p"}).status == 404


def test_a_reader_of_one_site_is_nobody_on_another(rio):
    rio("PUT", f"{SITES}/another", document(site="another"))
    rio("PUT", EVA, {"plan": "p"})
    assert rio("GET", f"{SITES}/another/entitlements/eva@example.com").json["entitled"] is False


def test_no_table_holds_the_subject(rio):
    rio("PUT", EVA, {"plan": "p"})
    rio("PUT", ENTITLEMENTS, b"subject,plan,valid_from,valid_until\nrui@example.com,p,,\n", content_type="text/csv")
    held = json.dumps(rio.items())
    assert "ACCOUNT" in held
    assert not any(subject in held for subject in ("eva", "rui", "example.com"))
