"""Who may see and change what: scope holds on every route, in lists too, and no caller is trusted by default."""

import pytest

from local.engine import ROOT
from local.template import Route, Template
from tests.support.admin_api import RIO, SITES, document, scoped

ROUTES = [
    ("GET", RIO, None),
    ("PUT", RIO, document()),
    ("PUT", f"{RIO}?dry_run=true", document()),
    ("DELETE", RIO, None),
    ("GET", f"{RIO}?version=1", None),
    ("GET", f"{RIO}/versions", None),
    ("PUT", f"{RIO}/articles", {"articles": [{"id": "a", "title": "Carnival opens"}]}),
    ("PUT", f"{RIO}/secrets/stripe", {"value": "whsec_0123456789abcdef"}),
    ("GET", f"{RIO}/grant-keys", None),
]


EVERY_ROUTE = [route for route in Template.read(ROOT / "template.yaml").routes if route.authorizer]
LISTS = {f"GET {SITES}": {"sites": []}, "GET /v1/admin/exports": {"exports": []}}


@pytest.mark.parametrize("route", EVERY_ROUTE, ids=lambda route: route.key)
def test_no_route_of_any_function_works_for_a_foreign_scope(usage, route: Route):
    """Before any of its work: the body is wrong for each, and nobody gets to hear that."""
    api = usage.api if route.function == "ExportsFunction" else usage.admin
    path = route.path.format(site="riotimes", id="riotimes_2026-11", subject="user-1", name="bia")
    usage.admin("PUT", RIO, document())
    before = usage.admin.items()
    for by in (scoped("another"), scoped("riotimes-2", "iotimes"), scoped(), {"jwt": {"claims": {"sub": "bia"}}}):
        answer = api(route.method, path, {"site": "riotimes", "period": "2026-11"}, by=by)
        if route.key in LISTS:
            assert (answer.status, answer.json) == (200, LISTS[route.key])
        else:
            assert answer.status == 403, answer
    assert usage.admin.items() == before
    assert usage.started == []


@pytest.mark.parametrize("authorizer", [None, {}, {"iam": {}}, {"iam": {"userArn": ""}}, {"jwt": {}}, {"lambda": {}}])
@pytest.mark.parametrize(("method", "path", "body"), [*ROUTES, ("GET", SITES, None)])
def test_nobody_is_trusted_without_a_verified_caller(admin, method, path, body, authorizer):
    assert admin(method, path, body, by=authorizer).status == 403
    assert admin.items() == []


@pytest.mark.parametrize("by", [scoped("another"), scoped(), {"jwt": {"claims": {"sub": "bia"}}}])
@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_a_foreign_site_is_forbidden_whether_it_exists_or_not(admin, method, path, body, by):
    absent = admin(method, path, body, by=by)
    admin("PUT", RIO, document())
    before = admin.items()
    present = admin(method, path, body, by=by)
    assert (absent.status, absent.body) == (present.status, present.body)
    assert present.status == 403
    assert admin.items() == before


@pytest.mark.parametrize("claim", ["riotimes third", "[riotimes third]"])
def test_a_scoped_caller_does_all_on_its_own_sites_and_lists_no_other(admin, claim):
    by = {"jwt": {"claims": {"sub": "bia", "sites": claim}}}
    admin("PUT", f"{SITES}/another", document(site="another"))
    assert admin("PUT", RIO, document(), by=by).status == 201
    assert [each["site"] for each in admin("GET", SITES, by=by).json["sites"]] == ["riotimes"]
    assert len(admin("GET", SITES).json["sites"]) == 2
    assert admin("DELETE", RIO, by=by).status == 204


def test_a_document_cannot_reach_another_site_than_the_path_names(admin):
    answer = admin("PUT", RIO, document(site="another"), by=scoped("riotimes"))
    assert (answer.status, answer.pointers) == (422, ["/site"])
    assert admin.items() == []
