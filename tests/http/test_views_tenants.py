"""No site can see or change another's data (reliability I14): what one site's answers hold is nothing to another."""

import secrets
from typing import Any

import pytest

from tests.support.api import Api, fresh_id, site_document


@pytest.fixture
def seed() -> str:
    """A reader whom no other test has."""
    return secrets.token_urlsafe(16)


@pytest.fixture(scope="module")
def sites(api: Api) -> tuple[str, str]:
    """Two sites of one deployment, alike in everything but their ids."""
    documents = [site_document(fresh_id()) for _ in range(2)]
    for document in documents:
        api.publish(document)
    return documents[0]["site"], documents[1]["site"]


def view(api: Api, site: str, article: str, path: str = "/v1/views", **fields: Any) -> Any:
    answer = api.post({"site": site, "article": article, **fields}, path)
    assert answer.status == 200, answer.body
    return answer.json


def at_the_wall(api: Api, site: str, seed: str) -> Any:
    """The answer to a reader of `site` (by `seed`) who has read five articles and asks for a sixth."""
    for number in range(5):
        view(api, site, f"article-{number}", seed=seed)
    answer = view(api, site, "article-5", seed=seed)
    assert answer["access"] == "denied"
    return answer


def test_another_sites_tokens_are_worth_nothing(api: Api, sites: tuple[str, str], seed: str) -> None:
    ours, theirs = sites
    wall = at_the_wall(api, theirs, seed)
    foreign = {key: wall[key] for key in ("reader", "state")}
    grant = view(api, theirs, "article-0", seed=seed)["grant"]
    answer = view(api, ours, "article-0", **foreign, identity=grant, gift=grant)
    assert (answer["access"], answer["reason"], answer["used"]) == ("granted", "metered", 1)
    assert answer["reader"] != wall["reader"]


def test_another_sites_reader_beside_ones_own_seed_changes_nothing(api: Api, sites: tuple[str, str], seed: str) -> None:
    ours, theirs = sites
    wall = at_the_wall(api, theirs, seed)
    with_foreign = view(api, ours, "a", seed=seed, reader=wall["reader"], state=wall["state"])
    repeated = view(api, ours, "a", seed=seed)
    assert (with_foreign["reason"], repeated["reason"]) == ("metered", "repeat")
    assert repeated["used"] == 1


def test_one_seed_is_two_readers_on_two_sites(api: Api, sites: tuple[str, str], seed: str) -> None:
    ours, theirs = sites
    at_the_wall(api, theirs, seed)
    assert view(api, ours, "article-0", "/v1/access", seed=seed)["used"] == 0


def test_what_is_sent_to_one_site_changes_no_answer_of_the_other(api: Api, sites: tuple[str, str], seed: str) -> None:
    ours, theirs = sites
    mine = view(api, ours, "a", seed=seed)
    before = view(api, ours, "b", "/v1/access", reader=mine["reader"])
    at_the_wall(api, theirs, seed)
    for article in ("a", "b"):
        view(api, theirs, article, seed=seed, reader=mine["reader"], state=mine["state"], identity=mine["grant"])
    assert view(api, ours, "b", "/v1/access", reader=mine["reader"]) == before


def test_nothing_in_two_sites_answers_can_be_joined(api: Api, sites: tuple[str, str], seed: str) -> None:
    """The same article and the same seed: neither digest nor token tells that they are the same."""
    answers = [view(api, site, "a", seed=seed) for site in sites]
    for key in ("article", "reader", "state", "grant"):
        parts = [set(str(answer[key]).split(".")[1:]) or {answer[key]} for answer in answers]
        assert not parts[0] & parts[1]


def test_a_cookie_of_another_site_is_not_read(api: Api, sites: tuple[str, str], seed: str) -> None:
    """Two sites may be served from one own path: each has a cookie of its name, and no use for the other's."""
    ours, theirs = sites
    token = at_the_wall(api, theirs, seed)["reader"]
    for name in sites:
        headers = {"sec-fetch-site": "same-origin", "cookie": f"readmeter_{name}={token}"}
        answer = api.call("POST", "/v1/access", {"site": ours, "article": "a"}, headers)
        assert answer.json["used"] == 0


def test_a_scoped_administrator_reaches_only_their_site(api: Api, sites: tuple[str, str]) -> None:
    ours, theirs = sites
    word = f"local-admin:{ours}"
    listed = api.admin("GET", "/v1/admin/sites", word=word).json["sites"]
    assert [line["site"] for line in listed] == [ours]
    assert api.admin("GET", f"/v1/admin/sites/{ours}", word=word).status == 200
    document = site_document(theirs, mode="off")
    calls = [
        ("GET", f"/v1/admin/sites/{theirs}", None),
        ("GET", f"/v1/admin/sites/{theirs}/versions", None),
        ("PUT", f"/v1/admin/sites/{theirs}", document),
        ("PUT", f"/v1/admin/sites/{theirs}?dry_run=true", document),
        ("DELETE", f"/v1/admin/sites/{theirs}", None),
        ("GET", "/v1/admin/sites/no-such-site", None),
    ]
    refused = [api.admin(method, path, body, word=word) for method, path, body in calls]
    assert {answer.status for answer in refused} == {403}
    assert len({answer.body for answer in refused}) == 1  # an unknown site looks like anybody else's
    assert view(api, theirs, "a")["rule"] == {"version": 1, "name": "default"}


def test_a_document_may_not_name_another_site_than_its_path(api: Api, sites: tuple[str, str]) -> None:
    ours, theirs = sites
    answer = api.admin("PUT", f"/v1/admin/sites/{ours}", site_document(theirs), word=f"local-admin:{ours}")
    assert (answer.status, answer.pointers) == (422, ["/site"])
    assert api.admin("GET", f"/v1/admin/sites/{theirs}").headers["etag"] == '"1"'
