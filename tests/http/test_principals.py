"""Scopes that are written down through the admin API: who may, what is answered, and that they hold on every route."""

import pytest

from tests.support.admin_api import EVERYWHERE, RIO, SITES, document, scoped, signed, spelled

PRINCIPALS = "/v1/admin/principals"
ROLE = "arn:aws:iam::123456789012:role/team/Editors"
SESSION = "arn:aws:sts::123456789012:assumed-role/Editors/ana"
EDITORS = f"{PRINCIPALS}/{spelled(ROLE)}"
BIA = f"{PRINCIPALS}/bia"


def test_a_scope_is_written_read_and_taken_back(admin):
    written = admin("PUT", EDITORS, {"sites": ["riotimes", "another", "riotimes"]})
    assert (written.status, written.json) == (
        200,
        {"principal": "arn:aws:iam::123456789012:role/editors", "sites": ["another", "riotimes"]},
    )
    assert admin("GET", EDITORS).json == written.json
    assert admin("DELETE", EDITORS).status == 204
    assert [admin(method, EDITORS).status for method in ("GET", "DELETE")] == [404, 404]


def test_a_role_that_is_scoped_sees_its_sites_alone_in_every_session(admin):
    admin("PUT", RIO, document())
    admin("PUT", f"{SITES}/another", document(site="another"))
    admin("PUT", EDITORS, {"sites": ["another"]})
    by = signed(SESSION)
    assert [each["site"] for each in admin("GET", SITES, by=by).json["sites"]] == ["another"]
    assert admin("GET", RIO, by=by).status == 403
    assert admin("GET", f"{SITES}/another", by=by).status == 200


def test_a_scope_that_is_changed_holds_within_ten_seconds(admin):
    by = signed(SESSION.replace("Editors", "Writers"))
    writers = f"{PRINCIPALS}/{spelled(ROLE.replace('Editors', 'Writers'))}"
    assert admin("GET", SITES, by=by).status == 200
    admin("PUT", writers, {"sites": []})
    admin.clock.now += 10
    assert admin("GET", RIO, by=by).status == 403
    admin("DELETE", writers)
    admin.clock.now += 10
    assert admin("GET", RIO, by=by).status == 404


def test_a_scope_that_is_written_down_goes_before_a_tokens_own(admin):
    admin("PUT", RIO, document())
    admin.clock.now += 10
    admin("PUT", BIA, {"sites": ["another"]})
    assert admin("GET", RIO, by=scoped("riotimes")).status == 403


def test_exports_know_the_same_scopes(usage):
    usage.admin("PUT", RIO, document())
    usage.admin("PUT", f"{PRINCIPALS}/{spelled(ROLE.replace('Editors', 'Accountants'))}", {"sites": ["another"]})
    by = signed(SESSION.replace("Editors", "Accountants"))
    assert usage.api("GET", f"{RIO}/usage", by=by).status == 403
    assert usage.api("GET", "/v1/admin/exports", by=by).json == {"exports": []}


@pytest.mark.parametrize("by", [scoped("riotimes"), scoped(), None])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_nobody_who_is_scoped_reads_or_changes_a_scope(admin, method, by):
    assert admin(method, f"{PRINCIPALS}/carla", {"sites": ["riotimes"]}, by=by).status == 403
    assert admin.items() == []


def test_who_reaches_every_site_by_claim_may_write_scopes(admin):
    by = {"jwt": {"claims": {"sub": "dora", "readmeter_admin": "true"}}}
    assert admin("PUT", f"{PRINCIPALS}/carla", {"sites": []}, by=by).status == 200
    assert admin("PUT", f"{PRINCIPALS}/carla", {"sites": []}, by=EVERYWHERE).status == 200


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/sites"]),
        ({"sites": "riotimes"}, ["/sites"]),
        ({"sites": ["RIO"]}, ["/sites/0"]),
        ({"sites": ["riotimes", 5]}, ["/sites/1"]),
        ({"sites": ["*"]}, ["/sites/0"]),
        ({"sites": [f"site-{number}" for number in range(201)]}, ["/sites"]),
        ({"sites": [], "site": "riotimes"}, ["/site"]),
        ([], [""]),
    ],
)
def test_each_wrong_field_is_named_and_nothing_is_written(admin, body, pointers):
    answer = admin("PUT", f"{PRINCIPALS}/carla", body)
    assert (answer.status, answer.pointers) == (422, pointers)
    assert admin.items() == []


@pytest.mark.parametrize("name", ["~", "~=", "~_w", "a%252Fb", "a%2541", "x" * 513, spelled("a\nb"), spelled("\x85")])
def test_a_name_that_is_none_is_refused(admin, name):
    assert admin("PUT", f"{PRINCIPALS}/{name}", {"sites": []}).status == 422
    assert admin.items() == []
