"""The deployed refresh function over a site table: whose keys it fetches, and that no failure stops the others."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from local.engine import ROOT, aws_environment
from local.functions import Context, load
from local.template import Template
from readmeter.core.crawlers import Crawler
from readmeter.core.rules import IdentityRules
from readmeter.outside.fetch import Unfetched
from readmeter.store.database import Unavailable
from readmeter.store.published import JwksCache, Place, Published, PublishedStore, jwks_place
from readmeter.store.sites import Version
from tests.support.engines import Tables
from tests.support.identities import NOW, identity_rules, key
from tests.support.site import compiled

DAY = 86_400


@dataclass
class Refresh:
    """The loaded function, for no crawler but `crawlers`. `answers` is what addresses give: JSON, or a fault."""

    tables: Tables
    now: float = NOW
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    crawlers: list[Crawler] = field(default_factory=list)
    handler: Callable[[dict[str, Any], object], dict[str, Any]] = lambda event, context: {}

    def fetch(self, url: str) -> Any:
        self.asked.append(url)
        answer = self.answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def publish(self, site: str, identity: IdentityRules | None) -> None:
        self.tables.sites.write(Version(site, 1, "{}", self.now, "ana"), compiled(site=site, identity=identity))

    def run(self) -> dict[str, Any]:
        [schedule] = [each for each in _template().schedules if each.function == "RefreshFunction"]
        return self.handler(schedule.event(), Context("a-request"))

    def kids(self, site: str, url: str) -> list[str]:
        cache = JwksCache(PublishedStore(self.tables.database, self.tables.site_table), lambda: self.now)
        return [each.kid for each in cache.keys(site, url, 1)]


def _template(site_table: str = "SiteTable") -> Template:
    return Template.read(ROOT / "template.yaml", {"SiteTable": site_table})


def url(site: str) -> str:
    return f"https://id.{site}.example/keys"


def by_server(site: str) -> IdentityRules:
    return identity_rules(jwks_url=url(site))


def jwks(*kids: str) -> dict[str, Any]:
    return {"keys": [{**key(kid).jwk, "kid": kid} for kid in kids]}


@pytest.fixture
def tables(moto: Tables) -> Tables:
    return moto


@pytest.fixture
def refresh(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> Refresh:
    for name, value in aws_environment("http://nowhere.invalid").items():
        if not name.startswith("AWS_ENDPOINT"):
            monkeypatch.setenv(name, value)
    refresh = Refresh(tables)
    function = _template(tables.site_table).functions["RefreshFunction"]
    for name in function.environment:
        monkeypatch.setenv(name, "")  # what loading sets is unset again
    given = {"fetch": refresh.fetch, "crawlers": refresh.crawlers}
    loaded = load({"RefreshFunction": function}, lambda: refresh.now, {}, {"RefreshFunction": given})
    refresh.handler = loaded["RefreshFunction"]
    return refresh


def test_the_keys_of_each_site_that_names_an_address_are_fetched(refresh: Refresh) -> None:
    refresh.publish("riotimes", by_server("riotimes"))
    refresh.publish("folha", by_server("folha"))
    refresh.publish("by-document", identity_rules(key()))
    refresh.publish("anonymous", None)
    refresh.answers = {url("riotimes"): jwks("2026", "2027"), url("folha"): jwks("f1")}
    assert refresh.run() == {"fetched": 2, "failed": 0, "stale": 0}
    assert sorted(refresh.asked) == [url("folha"), url("riotimes")]
    assert refresh.kids("riotimes", url("riotimes")) == ["2026", "2027"]
    assert refresh.kids("folha", url("folha")) == ["f1"]


def test_the_keys_of_a_deleted_site_are_not(refresh: Refresh) -> None:
    refresh.publish("riotimes", by_server("riotimes"))
    refresh.tables.sites.delete("riotimes", 1, NOW)
    assert refresh.run() == {"fetched": 0, "failed": 0, "stale": 0}
    assert refresh.asked == []


@pytest.mark.parametrize("fault", [Unfetched("answers 500"), RuntimeError("a fault of ours")])
def test_a_site_that_fails_keeps_its_keys_and_stops_no_other(refresh: Refresh, fault: Exception) -> None:
    refresh.publish("folha", by_server("folha"))
    refresh.publish("riotimes", by_server("riotimes"))
    refresh.answers = {url("riotimes"): jwks("2026"), url("folha"): jwks("f1")}
    refresh.run()
    refresh.now += 300
    refresh.answers = {url("riotimes"): jwks("2027"), url("folha"): fault}
    assert refresh.run() == {"fetched": 1, "failed": 1, "stale": 0}
    assert refresh.kids("riotimes", url("riotimes")) == ["2027"]
    assert refresh.kids("folha", url("folha")) == ["f1"]


def test_keys_that_cannot_be_stored_stop_no_other(refresh: Refresh, monkeypatch: pytest.MonkeyPatch) -> None:
    def keep(store: PublishedStore, place: Place, text: str, now: float) -> Published:
        if place[0] == "S#folha":
            raise Unavailable("throttled")
        return stored(store, place, text, now)

    stored = PublishedStore.keep
    monkeypatch.setattr(PublishedStore, "keep", keep)
    refresh.publish("folha", by_server("folha"))
    refresh.publish("riotimes", by_server("riotimes"))
    refresh.answers = {url("riotimes"): jwks("2026"), url("folha"): jwks("f1")}
    assert refresh.run() == {"fetched": 1, "failed": 1, "stale": 0}
    assert refresh.kids("riotimes", url("riotimes")) == ["2026"]


def test_a_set_without_usable_keys_is_a_failure(refresh: Refresh) -> None:
    refresh.publish("riotimes", by_server("riotimes"))
    refresh.answers = {url("riotimes"): {"keys": []}}
    assert refresh.run() == {"fetched": 0, "failed": 1, "stale": 0}
    kept = PublishedStore(refresh.tables.database, refresh.tables.site_table).read(
        jwks_place("riotimes", url("riotimes"))
    )
    assert kept is not None
    assert kept.failure == "has no public key for ES256, EdDSA or RS256"


def test_after_a_day_it_rings_and_says_whose(
    refresh: Refresh, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    refresh.publish("riotimes", by_server("riotimes"))
    refresh.answers = {url("riotimes"): jwks("2026")}
    refresh.run()
    refresh.answers = {url("riotimes"): Unfetched("answers 404")}
    refresh.now += DAY
    assert refresh.run() == {"fetched": 0, "failed": 1, "stale": 0}
    assert "PublishedStale" not in capsys.readouterr().out
    caplog.clear()
    refresh.now += 300
    assert refresh.run() == {"fetched": 0, "failed": 0, "stale": 1}
    [metric] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert (metric["PublishedStale"], metric["service"]) == ([1.0], "readmeter")
    [logged] = [vars(record) for record in caplog.records]
    assert logged["message"] == "not fetched"
    assert (logged["published"], logged["why"], logged["good_at"]) == ("keys of riotimes", "answers 404", NOW)
    assert url("riotimes") not in str(logged)
    assert refresh.kids("riotimes", url("riotimes")) == ["2026"]


class TestCrawlers:
    ONE, OTHER = "https://crawler.example/one.json", "https://crawler.example/other.json"
    CRAWLER = Crawler("search", ("searchbot",), (ONE, OTHER), ("search.example",))

    @pytest.fixture(autouse=True)
    def _one_that_publishes_and_one_that_does_not(self, refresh: Refresh) -> None:
        refresh.crawlers += [self.CRAWLER, Crawler("quiet", ("quietbot",), domains=("quiet.example",))]
        refresh.answers = {self.ONE: prefixes("66.249.64.0/27"), self.OTHER: prefixes("66.249.64.32/27")}

    def known(self, refresh: Refresh) -> tuple[str, ...]:
        return PublishedStore(refresh.tables.database, refresh.tables.site_table).networks("search")

    def test_all_of_a_crawlers_lists_are_fetched_once_a_day(self, refresh: Refresh) -> None:
        assert self.known(refresh) == ()
        assert refresh.run() == {"fetched": 1, "failed": 0, "stale": 0}
        assert self.known(refresh) == ("66.249.64.0/27", "66.249.64.32/27")
        refresh.now += DAY - 1
        assert refresh.run() == {"fetched": 0, "failed": 0, "stale": 0}
        refresh.answers[self.OTHER] = prefixes("2001:4860:4801:10::/64")
        refresh.now += 1
        assert refresh.run() == {"fetched": 1, "failed": 0, "stale": 0}
        assert self.known(refresh) == ("66.249.64.0/27", "2001:4860:4801:10::/64")
        assert refresh.asked == [self.ONE, self.OTHER] * 2

    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            (Unfetched("answers 404"), "answers 404"),
            ({"prefixes": []}, "has no list `prefixes` with anything in it"),
            ({"keys": []}, "has no list `prefixes` with anything in it"),
            ({"prefixes": [{"ipv4Prefix": "0.0.0.0/0"}]}, "has an entry that holds more than any crawler has: the 1."),
        ],
    )
    def test_where_one_list_is_not_good_the_last_that_were_stay(
        self, refresh: Refresh, caplog: pytest.LogCaptureFixture, answer: Any, why: str
    ) -> None:
        refresh.run()
        refresh.answers[self.OTHER] = answer
        refresh.now += DAY
        assert refresh.run() == {"fetched": 0, "failed": 1, "stale": 0}
        assert self.known(refresh) == ("66.249.64.0/27", "66.249.64.32/27")
        [logged] = [vars(record) for record in caplog.records]
        assert (logged["published"], logged["why"], logged["good_at"]) == ("networks of search", why, NOW)

    def test_what_failed_is_tried_again_in_a_quarter_of_an_hour(self, refresh: Refresh) -> None:
        refresh.answers[self.ONE] = Unfetched("cannot be reached")
        assert refresh.run()["failed"] == 1
        refresh.answers[self.ONE] = prefixes("66.249.64.0/27")
        refresh.now += 899
        assert refresh.run() == {"fetched": 0, "failed": 0, "stale": 0}
        refresh.now += 1
        assert refresh.run() == {"fetched": 1, "failed": 0, "stale": 0}

    def test_after_a_week_it_rings(self, refresh: Refresh, capsys: pytest.CaptureFixture[str]) -> None:
        refresh.run()
        refresh.answers[self.ONE] = Unfetched("answers 404")
        refresh.now += 7 * DAY
        assert refresh.run() == {"fetched": 0, "failed": 1, "stale": 0}
        refresh.now += 900
        assert refresh.run() == {"fetched": 0, "failed": 0, "stale": 1}
        assert "PublishedStale" in capsys.readouterr().out
        assert self.known(refresh) == ("66.249.64.0/27", "66.249.64.32/27")

    def test_a_crawler_that_fails_stops_no_site(self, refresh: Refresh) -> None:
        refresh.publish("riotimes", by_server("riotimes"))
        refresh.answers |= {self.ONE: ValueError("a bug"), url("riotimes"): jwks("2026")}
        assert refresh.run() == {"fetched": 1, "failed": 1, "stale": 0}
        assert refresh.kids("riotimes", url("riotimes")) == ["2026"]


def prefixes(*networks: str) -> dict[str, Any]:
    return {"prefixes": [{"ipv6Prefix" if ":" in each else "ipv4Prefix": each} for each in networks]}
