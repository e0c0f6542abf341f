"""Registered readers: who signed in has a meter of their own, and what they read before comes along, once."""

from typing import Any

import pytest

from readmeter.core.period import DAY
from readmeter.core.rules import CompiledSite
from readmeter.core.state import read_state
from readmeter.store import merging
from tests.support.endpoint import KEYRING, NOW, SEED, Desk
from tests.support.identities import identity_rules, sign
from tests.support.meters import digest_of, snapshot, stamps
from tests.support.site import compiled, meter
from tests.support.wire import Wire, cancelled, conflict, lost_reply, lost_request

TIERS = {"anonymous": 5, "registered": 10}


def site(**meters: Any) -> CompiledSite:
    return compiled(meter(**{"limits": TIERS, **meters}), identity=identity_rules())


@pytest.fixture(autouse=True)
def _two_tiers(desk: Desk) -> None:
    desk.publish(site())


def signed_in(desk: Desk, article: str, who: str = "reader-7", **fields: Any) -> Any:
    return desk.view(article, identity=sign(sub=who, exp=int(desk.now) + 300, iat=int(desk.now)), **fields)


def counted(desk: Desk) -> int:
    """Reads that are usage, in the whole table."""
    return sum(stamp != "carried" for item in desk.tables.meter_items() for stamp in stamps(item).values())


def test_an_account_has_an_allowance_of_its_own_and_is_the_same_reader_on_every_device(desk: Desk) -> None:
    first = signed_in(desk, "a", seed="A" * 22)
    assert (first["limit"], first["used"], first["remaining"]) == (10, 1, 9)
    assert signed_in(desk, "b", seed="B" * 22)["used"] == 2
    assert signed_in(desk, "a", seed="C" * 22)["reason"] == "repeat"
    assert signed_in(desk, "a", who="reader-8")["used"] == 1


def test_usage_says_that_the_reader_is_registered(desk: Desk) -> None:
    signed_in(desk, "a")
    [item] = desk.tables.meter_items()
    assert list(stamps(item).values()) == ["2026-11-22|1|registered|reader"]


def test_no_subject_is_in_the_table(desk: Desk) -> None:
    signed_in(desk, "a", who="jane@example.com")
    assert "jane" not in str(desk.tables.meter_items())


class TestTheMerge:
    """I8"""

    def test_it_is_the_union_and_counts_nothing(self, desk: Desk) -> None:
        for article in "abc":
            desk.view(article)
        signed_in(desk, "c", seed="B" * 22)
        assert counted(desk) == 4
        answer = signed_in(desk, "a")
        assert (answer["reason"], answer["used"], answer["remaining"]) == ("repeat", 3, 7)
        assert counted(desk) == 4

    def test_it_gives_no_second_allowance(self, desk: Desk) -> None:
        desk.publish(site(limits={"anonymous": 5, "registered": 5}))
        token = desk.view("a")["reader"]
        for article in "bcde":
            desk.view(article)
        assert signed_in(desk, "f", reader=token)["reason"] == "limit_reached"
        assert signed_in(desk, "a", reader=token)["access"] == "granted"

    def test_what_the_anonymous_reader_read_beyond_the_accounts_limit_stays_read(self, desk: Desk) -> None:
        desk.publish(site(limits={"anonymous": 5, "registered": 2}))
        for article in "abcde":
            desk.view(article)
        answers = [signed_in(desk, article) for article in "abcdef"]
        assert [answer["access"] for answer in answers] == ["granted"] * 5 + ["denied"]
        assert {(answer["used"], answer["remaining"]) for answer in answers} == {(5, 0)}

    def test_it_happens_once(self, desk: Desk, wire: Wire) -> None:
        token = desk.view("a")["reader"]
        merged = signed_in(desk, "b", reader=token)
        wire.sent.clear()
        signed_in(desk, "c", reader=merged["reader"])
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"]
        before = snapshot(desk.tables)
        assert signed_in(desk, "c", reader=token)["reason"] == "repeat", "a page that kept the older token"
        assert snapshot(desk.tables) == before

    def test_signing_out_keeps_the_meter_and_the_anonymous_limit_holds_again(self, desk: Desk) -> None:
        token = signed_in(desk, "a")["reader"]
        for article in "bcde":
            signed_in(desk, article, reader=token)
        assert desk.view("a", reader=token)["reason"] == "repeat"
        refused = desk.view("f", reader=token)
        assert (refused["reason"], refused["used"], refused["limit"]) == ("registration_required", 5, 5)

    def test_who_kept_the_anonymous_token_goes_on_in_the_accounts_meter(self, desk: Desk) -> None:
        token = desk.view("a")["reader"]
        signed_in(desk, "b", reader=token)
        answer = desk.view("c", reader=token)
        assert (answer["reason"], answer["used"]) == ("metered", 3)
        assert signed_in(desk, "c")["reason"] == "repeat"

    def test_another_account_in_the_same_browser_takes_nothing_of_the_first(self, desk: Desk) -> None:
        desk.view("a")
        token = signed_in(desk, "b")["reader"]
        other = signed_in(desk, "c", who="reader-8", reader=token)
        assert other["used"] == 1
        assert signed_in(desk, "d")["used"] == 3, "the first still has all of its own"

    def test_an_account_takes_from_several_devices(self, desk: Desk) -> None:
        for seed in ("A" * 22, "B" * 22, "C" * 22):
            desk.view(f"of {seed[0]}", seed=seed)
        used = [signed_in(desk, "x", seed=seed)["used"] for seed in ("A" * 22, "B" * 22, "C" * 22)]
        assert used == [2, 3, 4]

    def test_the_token_and_the_cookie_of_two_readers_are_both_merged(self, desk: Desk) -> None:
        tokens = [desk.view(seed[0], seed=seed)["reader"] for seed in ("A" * 22, "B" * 22)]
        body = {"site": "riotimes", "article": "x", "reader": tokens[0], "identity": sign()}
        path = {"sec_fetch_site": "same-origin", "cookie": f"readmeter_riotimes={tokens[1]}"}
        assert desk.post(body, **path).json["used"] == 3

    def test_only_the_current_period_comes_along(self, desk: Desk) -> None:
        desk.view("a")
        desk.now += 10 * DAY
        assert signed_in(desk, "b")["used"] == 1

    def test_every_allowance_comes_along(self, desk: Desk) -> None:
        markets = meter("markets", limits=TIERS, unit="day")
        pooled = meter("pooled", limits={"anonymous": 1}, pool="default")
        desk.publish(compiled(meter(limits=TIERS), markets, pooled, identity=identity_rules()))
        desk.view("a")
        desk.publish(compiled(markets, meter(limits=TIERS), identity=identity_rules()))
        desk.view("b")
        signed_in(desk, "c")
        known = desk.reader(sign())
        assert {each["meter"]: each["used"] for each in known.json["meters"]} == {"markets": 2, "default": 1}

    def test_fillers_of_an_erased_reader_stay_spent(self, desk: Desk) -> None:
        token = desk.view("a")["reader"]
        desk.view("b")
        desk.erase(token)
        assert signed_in(desk, "c", reader=token)["used"] == 3

    @pytest.mark.parametrize("fault", [lost_reply, lost_request, conflict, cancelled])
    def test_whatever_happens_to_it_it_is_done_once(self, desk: Desk, wire: Wire, fault: Any) -> None:
        for article in "ab":
            desk.view(article)
        wire.inject("TransactWriteItems", fault)
        answer = signed_in(desk, "c")
        assert (answer["reason"], answer["used"]) == ("metered", 3)
        assert counted(desk) == 3

    def test_a_merge_that_cannot_be_done_counts_nothing_and_is_done_the_next_time(self, desk: Desk, wire: Wire) -> None:
        desk.view("a")
        before = snapshot(desk.tables)
        wire.inject("TransactWriteItems", *[lost_request] * 15)
        body = {"site": "riotimes", "article": "b", "seed": SEED, "identity": sign()}
        assert desk.post(body).status == 503
        assert snapshot(desk.tables) == before
        wire.inject("TransactWriteItems")
        assert signed_in(desk, "b")["used"] == 2


class TestTooMany:
    """Readers are minted for nothing: merging them must not be a way to make an item large, and each write dear."""

    @pytest.mark.parametrize("bound", ["_MOST_MERGED", "_MOST_DIGESTS"])
    def test_an_account_takes_in_so_many_a_period(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, bound: str
    ) -> None:
        monkeypatch.setattr(merging, bound, 3)
        seeds = [letter * 22 for letter in "ABCDE"]
        for seed in seeds:
            desk.view(f"of {seed[0]}", seed=seed)
        used = [signed_in(desk, "of A", seed=seed)["used"] for seed in seeds]
        assert used == [1, 2, 3, 3, 3]
        assert desk.view("of E", seed=seeds[-1])["reason"] == "repeat", "who stays apart loses nothing"


class TestWindows:
    """`days`: the account's own window goes on; where none is open, the browser's does."""

    @pytest.fixture(autouse=True)
    def _days(self, desk: Desk) -> None:
        desk.publish(site(unit="days", days=3))

    def test_a_browsers_window_that_began_first_ends_the_accounts_no_sooner(self, desk: Desk) -> None:
        """Else merging one browser after the other would begin an allowance again each day."""
        desk.view("a")
        desk.now += DAY
        signed_in(desk, "b", seed="B" * 22)
        desk.now += DAY
        foreseen = desk.access("c", identity=sign(iat=int(desk.now), exp=int(desk.now) + 60))
        answer = signed_in(desk, "c")
        assert (answer["used"], answer["resets_at"]) == (3, "2026-11-26T09:00:00-03:00")
        assert (foreseen["used"], foreseen["resets_at"]) == (2, "2026-11-26T09:00:00-03:00")
        assert [signed_in(desk, article)["reason"] for article in "abc"] == ["repeat"] * 3
        assert counted(desk) == 3
        desk.now += DAY
        assert signed_in(desk, "d")["used"] == 4, "the browser's own would be over"
        desk.now += DAY
        assert signed_in(desk, "e")["used"] == 1

    def test_the_accounts_window_began_first(self, desk: Desk) -> None:
        signed_in(desk, "b", seed="B" * 22)
        desk.now += DAY
        desk.view("a")
        answer = signed_in(desk, "a")
        assert (answer["reason"], answer["used"], answer["resets_at"]) == ("repeat", 2, "2026-11-25T09:00:00-03:00")
        assert counted(desk) == 2

    def test_an_account_without_a_window_takes_the_browsers(self, desk: Desk) -> None:
        desk.view("a")
        desk.now += DAY
        answer = signed_in(desk, "b")
        assert (answer["used"], answer["resets_at"]) == (2, "2026-11-25T09:00:00-03:00")
        desk.now += 2 * DAY
        assert signed_in(desk, "c")["used"] == 1
        assert counted(desk) == 3

    def test_the_accounts_window_is_over(self, desk: Desk) -> None:
        signed_in(desk, "b", seed="B" * 22)
        desk.now += 4 * DAY
        desk.view("a")
        desk.now += 60
        assert signed_in(desk, "c")["used"] == 2
        assert counted(desk) == 3

    def test_the_anonymous_window_is_over(self, desk: Desk) -> None:
        desk.view("a")
        desk.now += 4 * DAY
        assert signed_in(desk, "a")["reason"] == "metered"

    def test_a_merged_window_that_is_over_opens_anew_for_who_kept_the_token(self, desk: Desk) -> None:
        token = desk.view("a")["reader"]
        signed_in(desk, "b", reader=token)
        desk.now += 4 * DAY
        assert desk.view("c", reader=token)["used"] == 1


class TestForeseeing:
    """POST /v1/access says what a view would, and merges nobody."""

    def test_the_union_is_foreseen(self, desk: Desk) -> None:
        for article in "abc":
            desk.view(article)
        signed_in(desk, "c", seed="B" * 22)
        before = snapshot(desk.tables)
        foreseen = desk.access("d", identity=sign())
        assert (foreseen["reason"], foreseen["used"], foreseen["limit"]) == ("metered", 3, 10)
        assert desk.access("a", identity=sign())["reason"] == "repeat"
        assert snapshot(desk.tables) == before

    def test_a_merged_readers_token_foresees_the_accounts_meter(self, desk: Desk) -> None:
        token = desk.view("a")["reader"]
        signed_in(desk, "b", reader=token)
        assert desk.access("c", reader=token)["used"] == 2


class TestTheReadersRights:
    def test_who_is_signed_in_sees_the_accounts_meter_by_the_publishers_token(self, desk: Desk) -> None:
        signed_in(desk, "a")
        [known] = desk.reader(sign()).json["meters"]
        assert (known["limit"], known["used"], len(known["articles"])) == (10, 1, 1)

    def test_the_token_that_stays_in_a_browser_shows_and_erases_nothing_of_the_account(self, desk: Desk) -> None:
        token = signed_in(desk, "a")["reader"]
        before = snapshot(desk.tables)
        for method in ("GET", "DELETE"):
            assert desk.reader(token, method).status == 401
        own_path = {"sec-fetch-site": "same-origin"}
        assert desk.reader(None, "GET", **own_path, cookie=f"readmeter_riotimes={token}").status == 401
        assert snapshot(desk.tables) == before

    def test_an_erasure_finds_who_was_merged(self, desk: Desk) -> None:
        token = desk.view("a")["reader"]
        signed_in(desk, "b", reader=token)
        assert desk.reader(sign(), "DELETE").status == 204
        items = desk.tables.meter_items()
        assert [stamps(item) for item in items] == [{}, {}]
        assert not {digest_of("a"), digest_of("b")} & {digest for item in items for digest in item["a"]["BS"]}
        assert not any("mf" in item for item in items)
        assert sum(int(item["e"]["N"]) for item in items) == 2, "usage stays what it was"
        assert signed_in(desk, "c")["used"] == 3, "the allowance stays spent"

    def test_a_site_that_is_switched_off_still_shows_and_erases(self, desk: Desk, wire: Wire) -> None:
        """Off, a site looks at nobody's token when it decides; a reader's rights end with no switch."""
        signed_in(desk, "a")
        desk.publish(compiled(mode="off", identity=identity_rules()))
        wire.sent.clear()
        assert signed_in(desk, "b")["reason"] == "exempt"
        assert wire.to(desk.tables.meter_table) == []
        assert desk.reader(sign()).json["meters"][0]["used"] == 1
        assert desk.reader(sign(), "DELETE").status == 204
        assert [stamps(item) for item in desk.tables.meter_items()] == [{}]

    def test_an_identity_that_proves_nothing_is_nobodys_bearer(self, desk: Desk) -> None:
        signed_in(desk, "a")
        assert desk.reader(sign(exp=int(NOW) - 3600)).status == 401


class TestStates:
    def test_a_state_never_denies_who_is_signed_in(self, desk: Desk) -> None:
        """A bonus or a subscription may have come since."""
        desk.publish(site(limits={"anonymous": 1, "registered": 1}))
        first = signed_in(desk, "a")
        refused = signed_in(desk, "b", reader=first["reader"], state=first["state"])
        assert refused["access"] == "denied"
        wire = Wire(desk.tables.client)
        signed_in(desk, "b", reader=first["reader"], state=refused["state"])
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"]

    def test_what_is_kept_of_who_signed_out_names_only_what_was_asked_for(self, desk: Desk) -> None:
        """A library's browser: whoever sits there next must not see what the account reads at home."""
        token = signed_in(desk, "a")["reader"]
        signed_in(desk, "at home", seed="B" * 22)
        kept = read_state(KEYRING, "riotimes", desk.view("a", reader=token)["state"], desk.now)
        assert kept is not None
        assert kept.digests == {digest_of("a")}
        whole = read_state(KEYRING, "riotimes", signed_in(desk, "a", reader=token)["state"], desk.now)
        assert whole is not None
        assert whole.digests == {digest_of("a"), digest_of("at home")}

    def test_an_anonymous_readers_state_says_nothing_of_the_account(self, desk: Desk) -> None:
        first = desk.view("a")
        answer = signed_in(desk, "a", who="reader-8", seed="B" * 22, state=first["state"])
        assert answer["reason"] == "metered"
