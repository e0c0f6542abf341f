"""Who reads beside the meter: subscribers, institutions, campaigns, referrers, and everybody while it storms."""

from typing import Any

import pytest

from readmeter.core.account import Bonus, Entitlement, Subscription
from readmeter.core.period import DAY
from readmeter.core.rules import Campaign, Gifts, Institution, Lift, Match
from readmeter.core.tokens import registered_reader
from readmeter.store.accounts import AccountStore, account_key, subscription_name, subscription_value
from tests.support.endpoint import KEYRING, NOW, Desk
from tests.support.identities import identity_rules, sign
from tests.support.meters import digest_of, periods, snapshot, stamps
from tests.support.site import compiled, meter
from tests.support.wire import Wire

TIERS = {"anonymous": 1, "registered": 2}
PREMIUM = Match(tags=("premium",))


def publish(desk: Desk, **given: Any) -> None:
    desk.publish(compiled(meter(limits=TIERS), **{"identity": identity_rules(), "locked": PREMIUM, **given}))


def accounts(desk: Desk) -> AccountStore:
    return AccountStore(desk.tables.database, desk.tables.site_table)


def name(subject: str = "reader-7") -> str:
    return registered_reader(KEYRING, "riotimes", subject).name


class TestSubscribers:
    @pytest.fixture(autouse=True)
    def _site(self, desk: Desk) -> None:
        publish(desk)

    def test_a_claim_that_is_exactly_true_makes_one(self, desk: Desk) -> None:
        answer = desk.view("a", tags=["premium"], identity=sign(subscriber=True))
        assert (answer["reason"], answer["limit"], answer["prompt"]) == ("subscriber", None, None)
        assert desk.view("a", tags=["premium"], identity=sign(subscriber="true"))["reason"] == "locked"
        assert desk.tables.meter_items() == []

    def test_a_stored_entitlement_makes_one_while_it_holds(self, desk: Desk) -> None:
        accounts(desk).write_entitlement("riotimes", name(), Entitlement("gold", NOW, NOW + 60))
        assert desk.view("a", identity=sign())["reason"] == "subscriber"
        desk.now += 60
        assert desk.view("a", identity=sign())["reason"] == "metered"

    def test_a_payment_that_is_missing_is_waited_for_as_long_as_the_site_says(self, desk: Desk) -> None:
        due = subscription_value(Subscription("sub_1", "past_due", NOW, past_due_since=NOW))
        item = {**account_key("riotimes", name()), subscription_name("sub_1"): due}
        desk.tables.database.put_item(TableName=desk.tables.site_table, Item=item)
        publish(desk, past_due_grace_days=2)
        token = sign(exp=int(NOW) + 9 * DAY)
        desk.now += 2 * DAY - 1
        assert desk.view("a", identity=token)["reason"] == "subscriber"
        desk.now += 1
        assert desk.view("a", identity=token)["reason"] == "metered"

    def test_an_account_is_its_sites_own(self, desk: Desk) -> None:
        accounts(desk).write_entitlement("another", name(), Entitlement())
        assert desk.view("a", identity=sign())["reason"] == "metered"

    def test_a_bonus_is_read_above_the_limit(self, desk: Desk) -> None:
        accounts(desk).write_bonus("riotimes", name(), "default", Bonus(2, NOW + 60))
        answers = [desk.view(article, identity=sign()) for article in "abcde"]
        assert [(each["reason"], each["limit"]) for each in answers] == [("metered", 4)] * 4 + [("limit_reached", 4)]
        desk.now += 60
        assert desk.view("a", identity=sign())["reason"] == "repeat"
        assert desk.view("e", identity=sign())["limit"] == 2

    def test_what_was_read_anonymously_is_merged_into_a_subscribers_meter_too(self, desk: Desk) -> None:
        """Should the subscription end, nothing is lost and nothing is new."""
        desk.view("a")
        desk.view("b", identity=sign(subscriber=True))
        assert desk.view("c", identity=sign())["used"] == 2

    def test_it_is_recorded_where_the_site_says_so(self, desk: Desk) -> None:
        publish(desk, record=("subscriber",))
        desk.view("a", identity=sign(subscriber=True))
        [item] = desk.tables.meter_items()
        assert item["sk"]["S"] == "N#subscriber#2026-11-22"
        assert list(stamps(item).values()) == ["2026-11-22|1|subscriber|reader"]


class TestInstitutions:
    @pytest.fixture(autouse=True)
    def _site(self, desk: Desk) -> None:
        publish(desk, institutions=(Institution("USP", ("127.0.0.0/8",)),), record=("institution",))

    def test_the_first_anonymous_visit_reads_everything(self, desk: Desk) -> None:
        answer = desk.view("a", tags=["premium"])
        assert (answer["reason"], answer["rule"]["name"]) == ("institution", "USP")
        [item] = desk.tables.meter_items()
        assert list(stamps(item).values()) == ["2026-11-22|1|institution|reader"]

    def test_nobody_else_does(self, desk: Desk) -> None:
        publish(desk, institutions=(Institution("USP", ("143.107.0.0/16",)),))
        assert desk.view("a")["reason"] == "metered"


class TestLifts:
    @pytest.fixture(autouse=True)
    def _site(self, desk: Desk) -> None:
        storm = Lift(NOW + 60, Match(tags=("storm",)))
        publish(desk, lift=(storm,), exempt=Match(sections=("weather",)))

    def test_it_opens_for_readers_at_the_wall_at_once_and_is_recorded_as_open(self, desk: Desk) -> None:
        first = desk.view("a")
        refused = desk.view("b", state=first["state"])
        opened = desk.view("b", tags=["Storm"], state=refused["state"])
        assert [refused["access"], opened["access"], opened["reason"]] == ["denied", "granted", "open"]
        assert periods(desk.tables)["N#open#2026-11-22"] == {digest_of("b")}

    def test_it_ends(self, desk: Desk) -> None:
        desk.now += 60
        assert desk.view("a", tags=["storm"])["reason"] == "metered"

    def test_what_is_locked_stays_so(self, desk: Desk) -> None:
        assert desk.view("a", tags=["storm", "premium"])["reason"] == "locked"


class TestCampaigns:
    @pytest.fixture(autouse=True)
    def _site(self, desk: Desk) -> None:
        publish(desk, campaigns=(Campaign("newsletter", 2),), referrers=("t.co",), gifts=None)

    def test_its_links_open_so_many_articles_a_month_beside_the_allowance(self, desk: Desk) -> None:
        answers = [desk.view(article, campaign="newsletter") for article in "abacd"]
        assert [each["reason"] for each in answers] == [*["campaign"] * 3, "metered", "registration_required"]
        assert answers[0]["rule"]["name"] == "newsletter"
        desk.now += 10 * DAY
        assert desk.view("c", campaign="newsletter")["reason"] == "campaign"

    def test_it_is_no_usage_unless_it_is_recorded(self, desk: Desk) -> None:
        desk.view("a", campaign="newsletter")
        [item] = desk.tables.meter_items()
        assert item["sk"]["S"] == "N#campaign:newsletter#2026-11"
        assert list(stamps(item).values()) == ["unrecorded"]
        publish(desk, campaigns=(Campaign("newsletter", 2),), record=("campaign",))
        desk.view("b", campaign="newsletter")
        [item] = desk.tables.meter_items()
        assert sorted(stamps(item).values()) == ["2026-11-22|1|anonymous|reader", "unrecorded"]

    def test_a_campaign_that_the_site_has_not_is_none(self, desk: Desk) -> None:
        for campaign in ("Newsletter", "newsletter2", ""):
            assert desk.view("a", campaign=campaign)["reason"] in ("metered", "repeat")

    @pytest.mark.parametrize("referrer", ["https://t.co/x?y#z", "t.co", "https://m.t.co/", "//t.co"])
    def test_a_referrer_opens_the_article_that_it_leads_to(self, desk: Desk, referrer: str) -> None:
        assert desk.view("a", referrer=referrer)["reason"] == "campaign"

    @pytest.mark.parametrize("referrer", ["https://nott.co/", "https://t.co.evil.example", "https://[", "", "t.c"])
    def test_another_one_does_not(self, desk: Desk, referrer: str) -> None:
        assert desk.view("a", referrer=referrer)["reason"] == "metered"

    def test_neither_opens_what_is_locked(self, desk: Desk) -> None:
        answer = desk.view("a", tags=["premium"], campaign="newsletter", referrer="https://t.co")
        assert answer["reason"] == "locked"

    def test_it_is_foreseen_without_a_write(self, desk: Desk) -> None:
        for article in "ab":
            desk.view(article, campaign="newsletter")
        before = snapshot(desk.tables)
        reasons = [desk.access(article, campaign="newsletter")["reason"] for article in "ac"]
        assert reasons == ["campaign", "metered"]
        assert desk.access("a", campaign="newsletter", seed=None)["reason"] == "campaign"
        assert snapshot(desk.tables) == before

    def test_it_comes_along_when_its_reader_signs_in(self, desk: Desk) -> None:
        """Nothing that was given is lost, and nothing is given twice."""
        token = desk.view("a", campaign="newsletter")["reader"]
        desk.view("b", campaign="newsletter")
        foreseen = [desk.access(article, campaign="newsletter", identity=sign())["reason"] for article in "ac"]
        answers = [desk.view(article, campaign="newsletter", identity=sign()) for article in "acb"]
        assert [each["reason"] for each in answers] == ["campaign", "metered", "campaign"]
        assert foreseen == ["campaign", "metered"]
        assert desk.view("a", campaign="newsletter", reader=token)["reason"] == "campaign", "by the token of before"

    @pytest.mark.parametrize("article", ["b", "c"])
    def test_once_it_has_given_all_the_one_write_is_the_meters(self, desk: Desk, wire: Wire, article: str) -> None:
        """I20: and none, where the page's state knows the wall."""
        publish(desk, campaigns=(Campaign("newsletter", 1),))
        desk.view("a", campaign="newsletter")
        state = desk.view("b")["state"]
        refused = desk.view("c", state=state)
        wire.sent.clear()
        answer = desk.view(article, campaign="newsletter", state=refused["state"])
        assert answer["reason"] == ("repeat" if article == "b" else "registration_required")
        assert wire.to(desk.tables.meter_table) == ["GetItem"]
        fresh = desk.view("d", campaign="newsletter", seed="B" * 22)
        assert fresh["reason"] == "campaign"
        wire.sent.clear()
        assert desk.view("e", campaign="newsletter", seed="B" * 22)["reason"] == "metered"
        assert wire.to(desk.tables.meter_table) == ["GetItem", "UpdateItem"]

    def test_what_a_campaign_gave_is_erased_with_its_reader(self, desk: Desk) -> None:
        token = desk.view("a", campaign="newsletter")["reader"]
        desk.erase(token)
        [item] = desk.tables.meter_items()
        assert digest_of("a") not in item["a"]["BS"]
        assert stamps(item) == {}
        assert item["e"] == {"N": "0"}


def test_an_anonymous_view_asks_the_database_what_it_always_asked(desk: Desk, wire: Wire) -> None:
    """None of this costs who does not use it a request."""
    everything = {
        "campaigns": (Campaign("newsletter", 2),),
        "referrers": ("t.co",),
        "institutions": (Institution("USP", ("143.107.0.0/16",)),),
        "gifts": Gifts(2, 5),
        "lift": (Lift(NOW + 60, Match(tags=("storm",))),),
    }
    publish(desk, **everything)
    wire.sent.clear()
    desk.view("a", referrer="https://www.google.com/", campaign="spring", gift="nonsense")
    assert [(each.operation, each.table) for each in wire.sent] == [
        ("GetItem", desk.tables.site_table),
        ("UpdateItem", desk.tables.meter_table),
    ]
