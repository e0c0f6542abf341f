"""Grants over HTTP, from the answer to the verifier: whatever a reader sends, a page opens by its own grant alone."""

import time
from typing import Any

import pytest

from readmeter.verify.readmeter_verify import Granted, GrantKeys, Page, Refused, Verifier
from tests.support.api import Api, fresh_id, site_document

ORIGIN = "https://www.riotimesonline.com"
COFFEE = Page(f"{ORIGIN}/markets/coffee", ["Markets"], ["coffee"], "A-1")
VIEW = {"article": "A-1", "url": f"{ORIGIN}/markets/coffee?utm=1", "sections": ["Markets"], "tags": ["coffee"]}
RULES = {
    "exempt": {"sections": ["obituaries"], "paths": ["/about/*"]},
    "locked": {"tags": ["premium"]},
    "campaigns": [{"name": "newsletter", "per_reader": 5}],
}


@pytest.fixture(scope="module")
def site(api: Api) -> str:
    """A site whose rules look at sections, tags and paths."""
    document = site_document(fresh_id(), **RULES)
    api.publish(document)
    return str(document["site"])


def brought(api: Api, site: str, page: Page = COFFEE, **view: Any) -> tuple[str, Granted | Refused]:
    """The reason of a granted view of the article, and what a verifier says of its grant."""
    answer = api.post({"site": site, **VIEW, **view}).json
    assert answer["access"] == "granted", answer
    return answer["reason"], verifier(api, site).check(answer["grant"], page, time.time())


def verifier(api: Api, site: str) -> Verifier:
    keys = GrantKeys.parse(api.admin("GET", f"/v1/admin/sites/{site}/grant-keys").body)
    return Verifier(lambda: keys)


def test_a_counted_article_opens(api: Api, site: str) -> None:
    reason, found = brought(api, site)
    assert reason == "metered"
    assert isinstance(found, Granted)
    assert (found.reason, found.soft) == ("metered", False)


def test_readers_are_told_apart_and_one_is_the_same_again(api: Api, site: str) -> None:
    seeds = ["A" * 22, "A" * 22, "B" * 22]
    found = [brought(api, site, seed=seed)[1] for seed in seeds]
    first, again, other = [each.reader for each in found if isinstance(each, Granted)]
    assert first == again != other


@pytest.mark.parametrize(
    ("edited", "reason"),
    [
        ({"sections": ["Obituaries"]}, "exempt"),
        ({"sections": ["Markets", "obituaries"]}, "exempt"),
        ({"url": f"{ORIGIN}/about/us"}, "exempt"),
        ({"url": f"{ORIGIN}/subscribe"}, "exempt"),
        ({"tags": []}, "metered"),
        ({"url": None}, "metered"),
    ],
)
def test_a_request_that_describes_another_page_gets_a_grant_for_that(
    api: Api, site: str, edited: dict[str, Any], reason: str
) -> None:
    """The paths of the prompt's own addresses and of exempt pages are free: not the article that is asked for there."""
    assert brought(api, site, **edited) == (reason, Refused("wrong_page"))


def test_leaving_out_what_locks_an_article_does_not_open_it(api: Api, site: str) -> None:
    premium = Page(COFFEE.url, COFFEE.sections, ["coffee", "Premium"], "A-1")
    assert api.post({"site": site, **VIEW, "tags": ["coffee", "PREMIUM"]}).json["reason"] == "locked"
    assert brought(api, site, premium) == ("metered", Refused("wrong_page"))


def test_another_articles_grant_does_not_open_it(api: Api, site: str) -> None:
    assert brought(api, site, article="A-2") == ("metered", Refused("wrong_article"))


def test_another_sites_grant_does_not_open_it(api: Api, site: str) -> None:
    other = site_document(fresh_id())
    api.publish(other)
    grant = api.post({"site": other["site"], **VIEW}).json["grant"]
    assert verifier(api, site).check(grant, COFFEE, time.time()) == Refused("wrong_signature")


def test_a_campaigns_grant_opens_only_where_the_site_says_so(api: Api, site: str) -> None:
    assert brought(api, site, campaign="newsletter") == ("campaign", Refused("soft"))
    allowing = site_document(fresh_id(), soft_grants=True, **RULES)
    api.publish(allowing)
    reason, found = brought(api, allowing["site"], campaign="newsletter")
    assert reason == "campaign"
    assert isinstance(found, Granted)
    assert found.soft
