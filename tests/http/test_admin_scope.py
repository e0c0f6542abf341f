"""Who may see and change what: scope holds on every route, in lists too, and no caller is trusted by default."""

import pytest

from tests.support.admin_api import RIO, SITES, document, scoped

ROUTES = [
    ("GET", RIO, None),
    ("PUT", RIO, document()),
    ("PUT", f"{RIO}?dry_run=true", document()),
    ("DELETE", RIO, None),
    ("GET", f"{RIO}?version=1", None),
    ("GET", f"{RIO}/versions", None),
    ("PUT", f"{RIO}/articles", {"articles": [{"id": "a", "title": "Carnival opens"}]}),
    ("GET", f"{RIO}/grant-keys", None),
]


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
