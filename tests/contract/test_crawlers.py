"""Crawlers and institutions at POST /v1/views: who reads without limit, and who does not, whatever he sends."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from readmeter.core.keys import Keyring
from readmeter.core.rules import Institution, Match
from readmeter.store.reads import reads_of
from tests.support.crawlers import AT_GOOGLE, AT_HOME, GOOGLEBOT, World
from tests.support.endpoint import KEYRING, SEED, Answer, Desk, event
from tests.support.engines import Tables
from tests.support.meters import snapshot
from tests.support.site import ORIGIN, compiled, meter
from tests.support.wire import Wire

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
CRAWL = "crawl-192-178-6-1.googlebot.com"
FETCHER = "192.178.6.1"  # at Google, for whoever asks it to
AT_USP, PROXY = "143.107.8.3", "198.51.100.1"
USP, UNESP = Institution("USP", ("143.107.0.0/16", "2001:12d0::/32")), Institution("Unesp", ("200.145.0.0/16",))


@pytest.fixture
def tables(moto: Tables) -> Tables:
    """One engine: nothing that is asked here writes in a way of its own."""
    return moto


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def desk(desk: Desk, world: World) -> Desk:
    """A site with one free article, the others for subscribers; another site, which has another institution."""
    site = {"locked": Match(tags=("premium",)), "record": ("institution", "exempt")}
    desk = Desk(desk.tables, world=world)
    desk.publish(compiled(meter(anonymous=1), institutions=(USP,), **site))
    desk.publish(compiled(meter(anonymous=1), site="unesp-journal", institutions=(UNESP,), **site))
    return desk


def ask(
    desk: Desk,
    article: str = "a",
    source: str = AT_HOME,
    user_agent: str = BROWSER,
    headers: dict[str, str] | None = None,
    path: str = "/v1/views",
    **fields: Any,
) -> Answer:
    body = {"site": "riotimes", "article": article, "seed": SEED, **fields}
    asked = event(json.dumps(body).encode(), path, origin=ORIGIN, user_agent=user_agent, **(headers or {}))
    asked["requestContext"]["http"]["sourceIp"] = source
    return desk.send(asked)


def reason(desk: Desk, article: str = "a", **asked: Any) -> str:
    return str(ask(desk, article, **asked).json["reason"])


def locked(desk: Desk, **asked: Any) -> str:
    return reason(desk, tags=["premium"], **asked)


def own_path(address: str, secret: str = KEYRING.origin_secret("riotimes")) -> dict[str, str]:
    return {"x_readmeter_origin": secret, "cloudfront_viewer_address": f"{address}:46532"}


class TestInstitution:
    @pytest.mark.parametrize("source", [AT_USP, f"::ffff:{AT_USP}", "::ffff:8f6b:803", "2001:12d0:8::3"])
    def test_its_readers_read_everything_from_the_first_page_on(self, desk: Desk, source: str) -> None:
        answer = ask(desk, source=source, tags=["premium"]).json
        assert (answer["access"], answer["reason"], answer["limit"], answer["prompt"]) == (
            "granted",
            "institution",
            None,
            None,
        )
        assert [reason(desk, article, source=source) for article in "bcd"] == ["institution"] * 3

    def test_its_reads_are_recorded_where_the_site_does(self, desk: Desk) -> None:
        assert reason(desk, source=AT_USP) == "institution"
        [item] = desk.tables.meter_items()
        [read] = reads_of(item)
        assert (read.decision, read.reader_class, read.traffic) == ("institution", "institution", "reader")
        assert AT_USP not in json.dumps(snapshot(desk.tables), default=str)

    def test_behind_the_sites_own_path_the_reader_counts_and_not_the_server(self, desk: Desk) -> None:
        assert locked(desk, source=PROXY, headers=own_path(AT_USP)) == "institution"
        assert locked(desk, source=PROXY, headers=own_path("2001:12d0:8::3")) == "institution"
        assert locked(desk, source=AT_USP, headers=own_path(AT_HOME)) == "locked"

    def test_on_the_way_home_it_is_a_reader(self, desk: Desk) -> None:
        assert reason(desk, "a", source=AT_USP) == "institution"
        assert [reason(desk, article) for article in "abb"] == ["metered", "limit_reached", "limit_reached"]


class TestCrawler:
    def test_it_reads_everything_and_nothing_is_kept(self, desk: Desk, wire: Wire) -> None:
        answer = ask(desk, source=AT_GOOGLE, user_agent=GOOGLEBOT, tags=["premium"]).json
        assert (answer["access"], answer["reason"], answer["limit"], answer["prompt"], answer["state"]) == (
            "granted",
            "crawler",
            None,
            None,
            None,
        )
        assert [reason(desk, each, source=AT_GOOGLE, user_agent=GOOGLEBOT) for each in "bcd"] == ["crawler"] * 3
        assert wire.to(desk.tables.meter_table) == []
        assert desk.world.told == [("google", "verified")] * 4
        assert reason(desk, "b") == "metered"
        assert len(wire.to(desk.tables.meter_table)) == 1

    def test_not_even_what_a_page_reports_or_a_free_read_that_the_site_records(self, desk: Desk, wire: Wire) -> None:
        reported = [{"kind": "prompt_shown", "article": "a", "at": int(desk.now)}]
        desk.publish(compiled(exempt=Match(tags=("free",)), record=("exempt",)))
        answer = ask(desk, source=AT_GOOGLE, user_agent=GOOGLEBOT, tags=["free"], events=reported).json
        assert answer["reason"] == "exempt"
        assert wire.to(desk.tables.meter_table) == []

    def test_access_says_the_same(self, desk: Desk) -> None:
        assert locked(desk, source=AT_GOOGLE, user_agent=GOOGLEBOT, path="/v1/access") == "crawler"
        assert locked(desk, user_agent=GOOGLEBOT, path="/v1/access") == "locked"

    def test_a_name_proves_it_where_no_list_does(self, desk: Desk, world: World) -> None:
        world.names, world.hosts = {"192.178.6.1": [CRAWL]}, {CRAWL: ["192.178.6.1"]}
        assert locked(desk, source="192.178.6.1", user_agent=GOOGLEBOT) == "crawler"

    def test_behind_the_sites_own_path_too(self, desk: Desk) -> None:
        assert locked(desk, source=PROXY, user_agent=GOOGLEBOT, headers=own_path(AT_GOOGLE)) == "crawler"

    def test_while_the_list_and_the_name_servers_are_down_it_is_a_reader_and_no_fault(
        self, desk: Desk, world: World
    ) -> None:
        world.table_is_down = world.servers_are_down = True
        assert reason(desk, source=AT_GOOGLE, user_agent=GOOGLEBOT) == "metered"
        assert desk.faults == []


class TestTraffic:
    """A robot's reads are counted as any reader's, and never billed."""

    @pytest.mark.parametrize(
        ("user_agent", "traffic"),
        [
            (BROWSER, "reader"),
            ("", "reader"),
            ("python-requests/2.32.3", "reader"),  # the publisher's server
            (GOOGLEBOT, "suspected_bot"),
            ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "suspected_bot"),
            ("Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)", "suspected_bot"),
        ],
    )
    def test_of_whoever_sends_this(self, desk: Desk, user_agent: str, traffic: str) -> None:
        assert [reason(desk, article, user_agent=user_agent) for article in "ab"] == ["metered", "limit_reached"]
        [item] = desk.tables.meter_items()
        assert [read.traffic for read in reads_of(item)] == [traffic]

    def test_of_a_robot_that_keeps_nothing(self, desk: Desk) -> None:
        assert reason(desk, user_agent=GOOGLEBOT, storage="none") == "metered"
        [item] = desk.tables.meter_items()
        assert [read.traffic for read in reads_of(item)] == ["suspected_bot"]

    def test_neither_user_agent_nor_address_is_kept(self, desk: Desk) -> None:
        canary = f"{GOOGLEBOT} CaNaRy"
        answer = ask(desk, user_agent=canary)
        kept = json.dumps(snapshot(desk.tables), default=str) + answer.text
        assert "CaNaRy" not in kept
        assert AT_HOME not in kept


Attack = Callable[[Desk], Answer]
ANOTHER_DEPLOYMENT = Keyring.parse('{"permanent": "another deployment\'s"}')


def forged_name(desk: Desk) -> Answer:
    """The attacker's own name server calls his address a crawler's; Google's knows another address by that name."""
    desk.world.names, desk.world.hosts = {AT_HOME: [CRAWL]}, {CRAWL: ["192.178.6.1"]}
    return ask(desk, user_agent=GOOGLEBOT, tags=["premium"])


def lookalike_name(desk: Desk) -> Answer:
    """His own domain confirms whatever he likes."""
    name = "crawl.googlebot.com.evil.example"
    desk.world.names, desk.world.hosts = {AT_HOME: [name]}, {name: [AT_HOME]}
    return ask(desk, user_agent=GOOGLEBOT, tags=["premium"])


def fetched_for_a_user(desk: Desk) -> Answer:
    """A fetcher at Google that anybody sets off, sending what its user tells it to."""
    name = "google-proxy-192-178-6-1.google.com"
    desk.world.names, desk.world.hosts = {FETCHER: [name]}, {name: [FETCHER]}
    return ask(desk, source=FETCHER, user_agent=GOOGLEBOT, tags=["premium"])


def app_at_google(desk: Desk) -> Answer:
    """Anybody's program in Google's cloud."""
    name = "1.2.3.4.bc.googleusercontent.com"
    desk.world.names, desk.world.hosts = {FETCHER: [name]}, {name: [FETCHER]}
    return ask(desk, source=FETCHER, user_agent=GOOGLEBOT, tags=["premium"])


def let_in_nowhere(desk: Desk) -> Answer:
    """A real crawler, at a site that lets none in."""
    desk.publish(compiled(locked=Match(tags=("premium",)), crawlers="none"))
    return ask(desk, source=AT_GOOGLE, user_agent=GOOGLEBOT, tags=["premium"])


def sending(user_agent: str = GOOGLEBOT, source: str = AT_HOME, **headers: str) -> Attack:
    return lambda desk: ask(desk, source=source, user_agent=user_agent, headers=headers, tags=["premium"])


def by_headers(address: str) -> dict[str, Attack]:
    """Every way in which somebody else may be named, none of which is believed."""
    other_secrets = {
        "without a secret": {},
        "with another site's secret": {"x_readmeter_origin": KEYRING.origin_secret("unesp-journal")},
        "with another deployment's secret": {"x_readmeter_origin": ANOTHER_DEPLOYMENT.origin_secret("riotimes")},
    }
    return {
        "X-Forwarded-For": sending(x_forwarded_for=address),
        "X-Forwarded-For, first of many": sending(x_forwarded_for=f"{address}, {PROXY}"),
        "Forwarded": sending(forwarded=f"for={address}"),
        "X-Real-IP and its like": sending(x_real_ip=address, true_client_ip=address, cf_connecting_ip=address),
        **{
            f"CloudFront-Viewer-Address {which}": sending(cloudfront_viewer_address=f"{address}:443", **secret)
            for which, secret in other_secrets.items()
        },
    }


ATTACKS: dict[str, Attack] = {
    "a crawler's user agent from a home": sending(),
    "a crawler's user agent from an address of documentation": sending(source="2001:db8::1"),
    "a crawler's address with a browser's user agent": sending(BROWSER, AT_GOOGLE),
    "another crawler's address": sending("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", AT_GOOGLE),
    "a forged name": forged_name,
    "a name that looks like it": lookalike_name,
    "a fetcher that users set off": fetched_for_a_user,
    "an app in Google's cloud": app_at_google,
    "a crawler where none is let in": let_in_nowhere,
    "another site's institution": sending(BROWSER, "200.145.0.1"),
    "another site's institution, mapped into IPv6": sending(BROWSER, "::ffff:200.145.0.1"),
    "an IPv6 address that ends as an institution's IPv4": sending(BROWSER, "2001:db8::8f6b:803"),
    "an address in the old, compatible form": sending(BROWSER, f"::{AT_USP}"),
    **{f"a crawler by {name}": attack for name, attack in by_headers(AT_GOOGLE).items()},
    **{f"an institution by {name}": attack for name, attack in by_headers(AT_USP).items()},
}


@pytest.mark.parametrize("name", ATTACKS)
def test_nobody_reads_what_is_locked_by(desk: Desk, wire: Wire, name: str) -> None:
    answer = ATTACKS[name](desk)
    assert (answer.status, answer.json["access"], answer.json["reason"]) == (200, "denied", "locked")
    assert ("google", "verified") not in desk.world.told
    assert desk.faults == []
