"""A crawler is whom its owner's list or name server says it is, never who it says; and asking costs nobody else."""

import json
from collections.abc import Iterable, Mapping, Sequence
from socket import AF_INET, AF_INET6, SOCK_STREAM
from threading import Event

import pytest

from readmeter.core.crawlers import CRAWLERS
from readmeter.metering import crawlers
from readmeter.metering.crawlers import Crawlers, HostNames, Verdict, crawler_metric
from tests.support.crawlers import AT_GOOGLE, AT_HOME, GOOGLEBOT, World
from tests.support.site import rules

NOW = 1_795_348_800.0  # 2026-11-22 12:00 UTC
HOUR = 3600.0
YANDEX = "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"
EVERY_ONE = " ".join(name for crawler in CRAWLERS for name in crawler.says)
DUCK = "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
BEYOND = "192.178.6.1"
OPEN = rules()


@pytest.fixture
def world() -> World:
    return World()


def verdict(world: World, user_agent: str = GOOGLEBOT, address: str = AT_GOOGLE) -> Verdict | None:
    return world.crawlers().verdict(user_agent, address, OPEN, NOW)


class TestLists:
    @pytest.mark.parametrize("address", [AT_GOOGLE, f"::ffff:{AT_GOOGLE}", "2001:4860:4801:10::1"])
    def test_an_address_that_the_owner_publishes_proves_its_crawler(self, world: World, address: str) -> None:
        assert verdict(world, address=address) == "verified"
        assert world.lookups == []
        assert world.told == [("google", "verified")]

    @pytest.mark.parametrize("user_agent", [YANDEX, DUCK])
    def test_it_proves_no_other_crawler(self, world: World, user_agent: str) -> None:
        assert verdict(world, user_agent) == "spoofed"

    def test_whoever_says_to_be_two_is_the_one_that_is_proven(self, world: World) -> None:
        assert verdict(world, f"bingbot/2.0 {GOOGLEBOT}") == "verified"
        assert world.told == [("google", "verified")]

    def test_a_list_is_read_once_an_hour(self, world: World) -> None:
        judge = world.crawlers()
        for seconds in (0, 1, HOUR - 1, HOUR, HOUR + 1):
            assert judge.verdict(GOOGLEBOT, AT_GOOGLE, OPEN, NOW + seconds) == "verified"
        assert world.reads == ["google", "google"]

    def test_a_list_that_changed_counts_within_the_hour(self, world: World) -> None:
        judge = world.crawlers()
        judge.verdict(GOOGLEBOT, AT_GOOGLE, OPEN, NOW)
        world.lists["google"] = ["192.178.5.0/27"]
        assert judge.verdict(GOOGLEBOT, AT_GOOGLE, OPEN, NOW + HOUR) == "spoofed"

    def test_the_last_list_is_used_while_the_table_does_not_answer(self, world: World) -> None:
        judge = world.crawlers()
        judge.verdict(GOOGLEBOT, AT_GOOGLE, OPEN, NOW)
        world.table_is_down = True
        assert judge.verdict(GOOGLEBOT, AT_GOOGLE, OPEN, NOW + HOUR) == "verified"
        assert judge.verdict(GOOGLEBOT, AT_GOOGLE, OPEN, NOW + HOUR + 59) == "verified"
        assert len(world.reads) == 2
        assert judge.verdict(GOOGLEBOT, AT_GOOGLE, OPEN, NOW + HOUR + 60) == "verified"
        assert len(world.reads) == 3

    def test_a_table_that_does_not_answer_is_asked_once_a_minute_whoever_one_says_to_be(self, world: World) -> None:
        world.table_is_down = True
        judge = world.crawlers()
        for seconds in (0, 59, 60):
            judge.verdict(EVERY_ONE, AT_GOOGLE, OPEN, NOW + seconds)
        assert world.reads == ["google", "google"]

    def test_without_any_list_name_servers_are_asked(self, world: World) -> None:
        world.table_is_down = True
        world.names, world.hosts = (
            {AT_GOOGLE: ["crawl-66-249-66-1.googlebot.com"]},
            {"crawl-66-249-66-1.googlebot.com": [AT_GOOGLE]},
        )
        assert verdict(world) == "verified"


class TestNames:
    CRAWL = "crawl-192-178-6-1.googlebot.com"

    def test_a_name_that_its_owner_confirms_proves_the_crawler(self, world: World) -> None:
        world.names, world.hosts = {BEYOND: [self.CRAWL]}, {self.CRAWL: ["192.178.6.9", BEYOND]}
        assert verdict(world, address=BEYOND) == "verified"
        assert verdict(world, address=f"::ffff:{BEYOND}") == "verified"
        assert world.lookups == [BEYOND, BEYOND]

    @pytest.mark.parametrize(
        ("names", "hosts"),
        [
            ([CRAWL], {}),  # anybody may give his own address Google's name
            ([CRAWL], {CRAWL: ["192.178.6.2"]}),
            (["home.isp.example"], {"home.isp.example": [BEYOND]}),
            (["googlebot.com.evil.example"], {"googlebot.com.evil.example": [BEYOND]}),
            (["evilgooglebot.com"], {"evilgooglebot.com": [BEYOND]}),
            (["google-proxy-192-178-6-1.google.com"], {"google-proxy-192-178-6-1.google.com": [BEYOND]}),
            (["1-2.gae.googleusercontent.com"], {"1-2.gae.googleusercontent.com": [BEYOND]}),
            (["spider.yandex.com"], {"spider.yandex.com": [BEYOND]}),
            ([CRAWL], {CRAWL: ["unknown"]}),
            (["\x00", ""], {}),
            ([], {}),
        ],
    )
    def test_any_other_name_proves_nothing(
        self, world: World, names: Sequence[str], hosts: Mapping[str, Sequence[str]]
    ) -> None:
        world.names, world.hosts = {BEYOND: names}, hosts
        assert verdict(world, address=BEYOND) == "spoofed"
        assert world.told == [("google", "spoofed")]

    def test_whoever_says_to_be_many_waits_for_one_answer(self, world: World) -> None:
        judge = world.crawlers()
        assert judge.verdict(EVERY_ONE, BEYOND, OPEN, NOW) == "spoofed"
        for user_agent in (GOOGLEBOT, YANDEX):
            assert judge.verdict(user_agent, BEYOND, OPEN, NOW + 1) == "spoofed"
        assert world.lookups == [BEYOND]

    def test_one_answer_tells_which_of_many_it_is(self, world: World) -> None:
        world.names, world.hosts = {BEYOND: ["spider.yandex.com"]}, {"spider.yandex.com": [BEYOND]}
        judge = world.crawlers()
        assert judge.verdict(EVERY_ONE, BEYOND, OPEN, NOW) == "verified"
        assert judge.verdict(GOOGLEBOT, BEYOND, OPEN, NOW) == "spoofed"
        assert world.told == [("yandex", "verified"), ("google", "spoofed")]
        assert world.lookups == [BEYOND]

    def test_only_so_many_names_of_an_address_are_looked_at(self, world: World) -> None:
        others = [f"{n}.googlebot.com" for n in range(4)]
        world.names = {BEYOND: [*others, self.CRAWL]}
        world.hosts = {self.CRAWL: [BEYOND], **{other: [] for other in others}}
        assert verdict(world, address=BEYOND) == "spoofed"

    def test_what_is_known_only_by_lists_is_not_asked_of_name_servers(self, world: World) -> None:
        assert verdict(world, DUCK) == "spoofed"
        assert world.lookups == []

    def test_an_answer_is_remembered_for_an_hour_and_a_silence_for_a_minute(self, world: World) -> None:
        judge = world.crawlers()
        world.names, world.hosts = {BEYOND: [self.CRAWL]}, {self.CRAWL: [BEYOND]}
        for seconds in (0, HOUR - 1):
            assert judge.verdict(GOOGLEBOT, BEYOND, OPEN, NOW + seconds) == "verified"
        assert world.lookups == [BEYOND]
        world.servers_are_down = True
        for seconds in (HOUR, HOUR + 59):
            assert judge.verdict(GOOGLEBOT, BEYOND, OPEN, NOW + seconds) == "spoofed"
        assert world.lookups == [BEYOND] * 2
        world.servers_are_down = False
        assert judge.verdict(GOOGLEBOT, BEYOND, OPEN, NOW + HOUR + 60) == "verified"

    def test_a_clock_that_goes_back_forgets(self, world: World) -> None:
        judge = world.crawlers()
        judge.verdict(GOOGLEBOT, BEYOND, OPEN, NOW)
        world.names, world.hosts = {BEYOND: [self.CRAWL]}, {self.CRAWL: [BEYOND]}
        assert judge.verdict(GOOGLEBOT, BEYOND, OPEN, NOW - 2 * HOUR) == "verified"

    def test_a_crowd_that_says_to_be_crawlers_costs_a_lookup_a_second(self, world: World) -> None:
        judge = world.crawlers()
        for n in range(1000):
            assert judge.verdict(GOOGLEBOT, f"2001:db8::{n:x}", OPEN, NOW + n / 100) == "spoofed"
        assert len(world.lookups) == crawlers.LOOKUPS_AT_ONCE + 9

    def test_what_is_remembered_has_a_bound(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(crawlers, "MOST_REMEMBERED", 8)
        judge = world.crawlers()
        for n in range(40):
            judge.verdict(GOOGLEBOT, f"203.0.113.{n}", OPEN, NOW + n)
            assert len(judge._remembered) <= 8

    def test_the_machines_own_resolver_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(crawlers, "gethostbyaddr", lambda address: ("alias.example", [self.CRAWL], [address]))
        found = [(AF_INET, SOCK_STREAM, 6, "", (BEYOND, 0)), (AF_INET6, SOCK_STREAM, 6, "", ("2001:db8::1", 0, 0, 0))]
        monkeypatch.setattr(crawlers, "getaddrinfo", lambda name, port: found if name == self.CRAWL else [])
        assert HostNames().confirmed(BEYOND, ["googlebot.com"]) == [self.CRAWL]
        assert HostNames().confirmed("2001:db8::1", ["googlebot.com"]) == [self.CRAWL]
        assert HostNames().confirmed(AT_HOME, ["googlebot.com"]) == []
        assert HostNames().confirmed(BEYOND, ["search.msn.com"]) == []

    def test_a_name_server_that_does_not_answer_holds_nobody_up(self, world: World) -> None:
        answered = Event()

        def silent(_: str) -> Iterable[str]:
            answered.wait()
            return []

        judge = Crawlers(lambda _: [], HostNames(silent, silent, seconds=0.01), lambda *_: None)
        assert judge.verdict(GOOGLEBOT, BEYOND, OPEN, NOW) == "spoofed"
        answered.set()


class TestOthers:
    @pytest.mark.parametrize("address", [AT_HOME, AT_GOOGLE])
    def test_whoever_says_nothing_of_the_kind_costs_nothing(self, world: World, address: str) -> None:
        assert verdict(world, BROWSER, address) is None
        assert verdict(world, "", address) is None
        assert world.reads == world.lookups == world.told == []

    def test_another_robot_is_a_bot_wherever_it_is(self, world: World) -> None:
        for user_agent in ("GPTBot/1.2", f"{BROWSER} (compatible; Google-Read-Aloud)"):
            assert verdict(world, user_agent) == "bot"
        assert world.reads == world.lookups == world.told == []

    @pytest.mark.parametrize("given", [{"crawlers": "none"}, {"mode": "off"}], ids=["none", "off"])
    def test_where_a_site_lets_no_crawler_or_everybody_in_one_is_a_bot_and_nobody_is_asked(
        self, world: World, given: dict[str, str]
    ) -> None:
        asked_of_nobody = rules(**given)
        judge = world.crawlers()
        assert judge.verdict(GOOGLEBOT, AT_GOOGLE, asked_of_nobody, NOW) == "bot"
        assert judge.verdict(GOOGLEBOT, BEYOND, asked_of_nobody, NOW) == "bot"
        assert judge.verdict(BROWSER, AT_GOOGLE, asked_of_nobody, NOW) is None
        assert world.reads == world.lookups == world.told == []


def test_a_metric_tells_which_crawler_and_nothing_of_who_it_was() -> None:
    lines: list[str] = []
    crawler_metric("Readmeter/one", lines.append)("google", "spoofed", NOW)
    assert [json.loads(line) for line in lines] == [
        {
            "_aws": {
                "Timestamp": int(NOW * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": "Readmeter/one",
                        "Dimensions": [["service"]],
                        "Metrics": [{"Name": "CrawlersSpoofed", "Unit": "Count"}],
                    }
                ],
            },
            "service": "readmeter",
            "crawler": "google",
            "CrawlersSpoofed": 1,
        }
    ]
