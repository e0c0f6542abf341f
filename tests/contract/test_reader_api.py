"""GET and DELETE /v1/reader: who may ask, what a reader is told, and what the answers let pages read."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from readmeter.core.encoding import base64url
from readmeter.core.keys import Keyring, TokenSecret
from readmeter.core.period import DAY
from readmeter.core.rules import CompiledSite, Match
from readmeter.core.tokens import READER_LIFETIME
from tests.support.endpoint import KEYRING, NOW, Answer, Desk, event
from tests.support.meters import digest_of, snapshot
from tests.support.site import ORIGIN, compiled, meter, rules
from tests.support.wire import Wire, broken

METHODS = ["GET", "DELETE"]


def told(answer: Answer) -> Any:
    assert answer.status == 200, answer.text
    return answer.json


def articles(*names: str) -> list[str]:
    return sorted(base64url(digest_of(name)) for name in names)


class TestWhatIsTold:
    def test_each_meter_with_its_allowance_and_articles(self, desk: Desk) -> None:
        desk.view("a")
        token = desk.view("b")["reader"]
        assert told(desk.reader(token)) == {
            "site": "riotimes",
            "meters": [
                {
                    "meter": "default",
                    "limit": 5,
                    "used": 2,
                    "remaining": 3,
                    "resets_at": "2026-12-01T00:00:00-03:00",
                    "articles": articles("a", "b"),
                }
            ],
        }

    def test_the_articles_are_named_as_views_name_them(self, desk: Desk) -> None:
        answer = desk.view("a")
        assert told(desk.reader(answer["reader"]))["meters"][0]["articles"] == [answer["article"]]

    def test_it_is_told_at_the_wall_and_above_a_lowered_limit(self, desk: Desk) -> None:
        for article in "abc":
            token = desk.view(article)["reader"]
        desk.publish(compiled(meter(anonymous=2)))
        [said] = told(desk.reader(token))["meters"]
        assert (said["limit"], said["used"], said["remaining"]) == (2, 3, 0)

    def test_a_meter_that_shares_a_pool_has_its_own_limit_and_the_pools_count(self, desk: Desk) -> None:
        markets = meter("markets", anonymous=1, match=Match(sections=("markets",)), pool="default")
        desk.publish(compiled(markets, meter()))
        token = [desk.view("a", sections=["markets"]), desk.view("b")][1]["reader"]
        said = told(desk.reader(token))["meters"]
        assert [(each["meter"], each["limit"], each["used"], each["remaining"]) for each in said] == [
            ("markets", 1, 2, 0),
            ("default", 5, 2, 3),
        ]
        assert said[0]["articles"] == said[1]["articles"] == articles("a", "b")

    def test_displays_are_counted_and_name_no_article(self, desk: Desk) -> None:
        desk.publish(compiled(meter(count="view")))
        desk.view("a", view="1")
        [said] = told(desk.reader(desk.view("a", view="2")["reader"]))["meters"]
        assert (said["used"], said["articles"]) == (2, [])

    def test_a_window_resets_when_it_ends_and_nothing_resets_before_it_is_open(self, desk: Desk) -> None:
        desk.publish(compiled(meter(unit="days", days=30, match=Match(tags=("x",))), meter("rest", unit="day")))
        token = desk.view("a")["reader"]
        window, day = told(desk.reader(token))["meters"]
        assert (window["used"], window["resets_at"], day["used"]) == (0, None, 1)
        desk.view("a", tags=["x"])
        assert told(desk.reader(token))["meters"][0]["resets_at"] == "2026-12-22T09:00:00-03:00"
        desk.now = NOW + 30 * DAY
        over = told(desk.reader(token))["meters"][0]
        assert (over["used"], over["resets_at"], over["articles"]) == (0, None, [])

    def test_what_is_past_is_not_told(self, desk: Desk) -> None:
        token = desk.view("a")["reader"]
        desk.now += 10 * DAY
        [said] = told(desk.reader(token))["meters"]
        assert (said["used"], said["articles"]) == (0, [])

    def test_an_erased_reader_has_used_what_was_used_and_read_nothing(self, desk: Desk) -> None:
        """I19"""
        token = desk.view("a")["reader"]
        desk.erase(token)
        desk.view("b")
        [said] = told(desk.reader(token))["meters"]
        assert (said["used"], said["articles"]) == (2, articles("b"))

    def test_a_change_that_is_held_back_is_told_of_when_it_is_in_force(self, desk: Desk) -> None:
        """What is told is what the next view is decided by."""
        next_month = datetime(2026, 12, 1, tzinfo=ZoneInfo("America/Sao_Paulo")).timestamp()
        weekly = rules(meter(unit="week", anonymous=2), version=2, timezone="Asia/Tokyo")
        desk.publish(CompiledSite(rules(), weekly, next_month))
        token = desk.view("a")["reader"]
        [before] = told(desk.reader(token))["meters"]
        assert (before["limit"], before["used"], before["resets_at"]) == (5, 1, "2026-12-01T00:00:00-03:00")
        desk.now = next_month
        [after] = told(desk.reader(token))["meters"]
        assert (after["limit"], after["used"], after["resets_at"]) == (2, 0, "2026-12-07T00:00:00+09:00")
        assert desk.view("a")["resets_at"] == after["resets_at"]

    def test_what_was_merged_into_another_reader_is_told_and_erased_where_it_lies(self, desk: Desk) -> None:
        """The mark stays: an item that let go of it would count again."""
        token = desk.view("a")["reader"]
        [item] = desk.tables.meter_items()
        desk.tables.client.put_item(TableName=desk.tables.meter_table, Item={**item, "mi": {"S": "another"}})
        assert told(desk.reader(token))["meters"][0]["articles"] == articles("a")
        desk.erase(token)
        [said] = told(desk.reader(token))["meters"]
        assert (said["used"], said["articles"]) == (1, [])
        assert desk.tables.meter_items()[0]["mi"] == {"S": "another"}

    def test_a_site_without_meters_has_none_to_tell_of(self, desk: Desk) -> None:
        token = desk.view("a")["reader"]
        desk.publish(CompiledSite(replace(rules(), meters=())))
        assert told(desk.reader(token)) == {"site": "riotimes", "meters": []}

    def test_it_is_one_query(self, desk: Desk, wire: Wire) -> None:
        token = desk.view("a")["reader"]
        wire.sent.clear()
        desk.reader(token)
        assert wire.to(desk.tables.meter_table) == ["Query"]


class TestWhoMayAsk:
    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize(
        "authorization",
        [None, "", "Bearer", "Bearer ", "Bearer x", "Bearer 0.AAAA.AAAA", "Basic QTpC", "bearer é", "Token {token}"],
    )
    def test_nobody_without_a_token(self, desk: Desk, wire: Wire, method: str, authorization: str | None) -> None:
        """I15"""
        token = desk.view("a")["reader"]
        wire.sent.clear()
        given = {} if authorization is None else {"authorization": authorization.format(token=token)}
        answer = desk.reader(None, method, origin=ORIGIN, **given)
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith('Bearer realm="readmeter"')
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert wire.to(desk.tables.meter_table) == []

    @pytest.mark.parametrize("method", METHODS)
    def test_nobody_with_the_token_of_another_site(self, desk: Desk, method: str) -> None:
        """I14"""
        desk.publish(compiled(site="another"))
        token = desk.view("a", site="another")["reader"]
        desk.view("a")
        before = snapshot(desk.tables)
        assert desk.reader(token, method).status == 401
        assert snapshot(desk.tables) == before

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("place", [0, 2, 10, -1])
    def test_nobody_with_a_forged_token(self, desk: Desk, method: str, place: int) -> None:
        token = desk.view("a")["reader"]
        place %= len(token)
        forged = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert desk.reader(forged, method).status == 401

    @pytest.mark.parametrize("method", METHODS)
    def test_nobody_with_an_expired_token_or_one_of_a_key_that_is_gone(self, desk: Desk, method: str) -> None:
        token = desk.view("a")["reader"]
        desk.keyring = Keyring(KEYRING.permanent, (TokenSecret("1", "another secret"),))
        assert desk.reader(token, method).status == 401
        desk.keyring = KEYRING
        desk.now += READER_LIFETIME
        assert desk.reader(token, method).status == 401

    @pytest.mark.parametrize("purpose", ["state", "grant"])
    def test_other_tokens_of_the_reader_are_none(self, desk: Desk, purpose: str) -> None:
        assert desk.reader(desk.view("a")[purpose]).status == 401

    def test_the_scheme_is_read_without_case(self, desk: Desk) -> None:
        token = desk.view("a")["reader"]
        assert desk.reader(None, authorization=f"bearer  {token}").status == 200


class TestTheCookie:
    def cookie(self, desk: Desk, article: str = "a", seed: str = "B" * 22) -> str:
        return f"readmeter_riotimes={desk.view(article, seed=seed)['reader']}"

    def test_on_the_publishers_own_path_it_is_as_good_as_a_bearer(self, desk: Desk) -> None:
        answer = desk.reader(None, cookie=self.cookie(desk), sec_fetch_site="same-origin")
        assert told(answer)["meters"][0]["used"] == 1
        assert answer.cookies == []

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("fetch_site", ["cross-site", "same-site", "none", ""])
    def test_elsewhere_it_is_not(self, desk: Desk, method: str, fetch_site: str) -> None:
        """Another site's page must not erase a reader who never went there."""
        cookie = self.cookie(desk)
        before = snapshot(desk.tables)
        assert desk.reader(None, method, cookie=cookie, sec_fetch_site=fetch_site).status == 401
        assert snapshot(desk.tables) == before

    def test_the_bearer_goes_before_it(self, desk: Desk) -> None:
        cookie = self.cookie(desk)
        token = [desk.view(article)["reader"] for article in "abc"][-1]
        answer = desk.reader(token, cookie=cookie, sec_fetch_site="same-origin")
        assert told(answer)["meters"][0]["used"] == 3

    def test_an_erasure_reaches_whom_it_names_and_leaves_it(self, desk: Desk) -> None:
        """I19: without it the next view would be a new reader's, with a whole allowance."""
        cookie, token = self.cookie(desk), desk.view("c")["reader"]
        answer = desk.reader(token, "DELETE", cookie=cookie, sec_fetch_site="same-origin")
        assert (answer.status, answer.text, answer.cookies) == (204, "", [])
        assert [item["g"] for item in desk.tables.meter_items()] == [{"N": "1"}] * 2
        seen = desk.post({"site": "riotimes", "article": "a"}, cookie=cookie, sec_fetch_site="same-origin")
        assert (seen.json["reason"], seen.json["used"]) == ("metered", 2)

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("origin", ["null", "https://evil.example", "https://riotimesonline.com"])
    def test_a_foreign_page_that_passes_for_the_papers_own_is_refused(
        self, desk: Desk, wire: Wire, method: str, origin: str
    ) -> None:
        """A framed page without an origin, another site, a neighbour: as old browsers and odd proxies might say it."""
        cookie = self.cookie(desk)
        wire.sent.clear()
        answer = desk.reader(None, method, cookie=cookie, sec_fetch_site="same-origin", origin=origin)
        assert answer.status == 403
        assert wire.to(desk.tables.meter_table) == []

    @pytest.mark.parametrize("method", METHODS)
    def test_it_names_a_reader_of_its_own_site_only(self, desk: Desk, method: str) -> None:
        """I14: a token of another site, and this site's token in another site's cookie."""
        desk.publish(compiled(site="another"))
        foreign, own = desk.view("a", site="another")["reader"], desk.view("a")["reader"]
        before = snapshot(desk.tables)
        for cookie in (f"readmeter_riotimes={foreign}", f"readmeter_another={own}"):
            assert desk.reader(None, method, cookie=cookie, sec_fetch_site="same-origin").status == 401
        assert snapshot(desk.tables) == before


class TestRefusals:
    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize(
        ("status", "query"),
        [(422, None), (422, {}), (422, {"site": ""}), (404, {"site": "nobody"}), (404, {"site": "riotimes,riotimes"})],
    )
    def test_a_site_has_to_be_named(self, desk: Desk, method: str, status: int, query: dict[str, str] | None) -> None:
        bearer = f"Bearer {desk.view('a')['reader']}"
        asked = event(b"", "/v1/reader", method, authorization=bearer, origin=ORIGIN)
        answer = desk.send(asked if query is None else {**asked, "queryStringParameters": query})
        assert answer.status == status
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-origin" not in answer.headers

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("origin", ["null", "https://evil.example", f"{ORIGIN}.evil.example", f"{ORIGIN}/", ""])
    def test_a_foreign_page_is_told_so_whatever_it_holds(
        self, desk: Desk, wire: Wire, method: str, origin: str
    ) -> None:
        token = desk.view("a")["reader"]
        wire.sent.clear()
        answer = desk.reader(token, method, origin=origin)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (403, "*")
        assert "`origins` of site riotimes" in answer.json["detail"]
        assert wire.to(desk.tables.meter_table) == []

    @pytest.mark.parametrize(
        ("path", "method", "allowed"),
        [
            *(("/v1/reader", method, "GET, DELETE, OPTIONS") for method in ("POST", "PUT", "PATCH", "HEAD")),
            *(("/v1/events", method, "POST, OPTIONS") for method in ("GET", "DELETE", "PUT", "HEAD")),
        ],
    )
    def test_another_method(self, desk: Desk, path: str, method: str, allowed: str) -> None:
        asked = event(b'{"site": "riotimes"}', path, method, origin=ORIGIN)
        answer = desk.send({**asked, "queryStringParameters": {"site": "riotimes"}})
        assert (answer.status, answer.headers["allow"]) == (405, allowed)
        assert answer.headers["access-control-allow-origin"] == ORIGIN

    def test_a_deleted_site_knows_nobody(self, desk: Desk) -> None:
        token = desk.view("a")["reader"]
        desk.tables.sites.delete("riotimes", 1, desk.now)
        assert [desk.reader(token, method).status for method in METHODS] == [404, 404]

    @pytest.mark.parametrize("method", METHODS)
    def test_a_page_of_the_site_may_read_that_the_store_does_not_answer(
        self, desk: Desk, wire: Wire, method: str
    ) -> None:
        token = desk.view("a")["reader"]
        wire.inject("Query", *[broken] * 3)
        answer = desk.reader(token, method, origin=ORIGIN)
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Origin", "no-store")


class TestCors:
    @pytest.mark.parametrize("path", ["/v1/reader", "/v1/events"])
    @pytest.mark.parametrize("origin", [ORIGIN, "https://anybody.example", "null", None])
    def test_a_preflight_is_answered_to_any_origin(self, desk: Desk, path: str, origin: str | None) -> None:
        given = {} if origin is None else {"origin": origin}
        answer = desk.post(b"", path, "OPTIONS", access_control_request_method="DELETE", **given)
        assert (answer.status, answer.text) == (204, "")
        assert answer.headers == {
            "access-control-allow-origin": "*",
            "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
            "access-control-allow-headers": "authorization, content-type",
            "access-control-max-age": "7200",
        }

    @pytest.mark.parametrize(("method", "status"), [("GET", 200), ("DELETE", 204)])
    def test_an_answer_names_the_sites_exact_origin(self, desk: Desk, method: str, status: int) -> None:
        token = desk.view("a")["reader"]
        for origin, named in ((ORIGIN, ORIGIN), (None, None)):
            answer = desk.reader(token, method, **({} if origin is None else {"origin": origin}))
            assert (answer.status, answer.headers.get("access-control-allow-origin")) == (status, named)
            assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Origin", "private, no-store")
            assert "access-control-allow-credentials" not in answer.headers
