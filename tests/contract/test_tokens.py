"""Who a reader is: tokens, seeds and cookies, over forgeries, expiry and rotated keys."""

import json

import pytest

from readmeter.core.keys import Keyring
from readmeter.core.tokens import READER_LIFETIME
from tests.support.endpoint import SEED, Answer, Desk
from tests.support.meters import snapshot
from tests.support.site import ORIGIN, compiled

DAY = 86_400


def keyring(*kids: str, **expires: float) -> Keyring:
    tokens = [{"kid": kid, "secret": f"secret of {kid}", "expires": expires.get(kid)} for kid in kids]
    return Keyring.parse(json.dumps({"permanent": "a secret of the tests", "tokens": tokens}))


def readers(desk: Desk) -> int:
    """How many have an item."""
    return len({item["pk"]["S"] for item in desk.tables.meter_items()})


def test_three_tabs_of_a_newcomer_are_one_reader(desk: Desk) -> None:
    """I1"""
    answers = [desk.view(article) for article in "abc"]
    assert [answer["used"] for answer in answers] == [1, 2, 3]
    assert len({answer["reader"] for answer in answers}) == 1
    assert readers(desk) == 1


def test_a_token_and_the_seed_that_it_came_from_are_one_reader(desk: Desk) -> None:
    token = desk.view("a")["reader"]
    assert desk.view("b", seed=None, reader=token)["used"] == 2


def test_a_token_counts_before_a_seed(desk: Desk) -> None:
    token = desk.view("a")["reader"]
    assert desk.view("a", seed="B" * 22, reader=token)["reason"] == "repeat"


def test_newcomers_with_nothing_are_readers_each(desk: Desk) -> None:
    tokens = {desk.view("a", seed=None)["reader"] for _ in range(3)}
    assert len(tokens) == 3
    assert readers(desk) == 3


@pytest.mark.parametrize("seed", ["", "A" * 21, "A" * 23, "=" * 22, "é" * 22, "A" * 21 + "\n"])
def test_a_seed_of_another_form_is_none(desk: Desk, seed: str) -> None:
    assert desk.view("a", seed=seed)["reader"] != desk.view("a", seed=seed)["reader"]


class TestWrongTokens:
    """None is an error: the reader is the seed's, and without one new."""

    @pytest.fixture
    def token(self, desk: Desk) -> str:
        return str(desk.view("a", seed="B" * 22)["reader"])

    def is_absent(self, desk: Desk, token: str) -> None:
        assert desk.view("a", reader=token)["reader"] == desk.view("a")["reader"]
        assert desk.view("a", reader=token, seed=None)["used"] == 1

    def test_a_forged_one(self, desk: Desk, token: str) -> None:
        for at in range(len(token)):
            self_forged = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
            assert desk.view("a", reader=self_forged)["reader"] == desk.view("a")["reader"]

    @pytest.mark.parametrize("garbage", ["", ".", "a.b.c", "0.\ud800.x", "x" * 4000, "null", "0.AAAA."])
    def test_garbage(self, desk: Desk, garbage: str) -> None:
        self.is_absent(desk, garbage)

    def test_one_of_another_site(self, desk: Desk) -> None:
        """I14"""
        desk.publish(compiled(site="paulista"))
        self.is_absent(desk, desk.view("a", site="paulista", seed="B" * 22)["reader"])

    def test_a_state_in_its_place(self, desk: Desk) -> None:
        self.is_absent(desk, desk.view("a", seed="B" * 22)["state"])

    def test_one_of_other_keys(self, desk: Desk, token: str) -> None:
        desk.keyring = keyring("new")
        self.is_absent(desk, token)

    def test_an_expired_one(self, desk: Desk, token: str) -> None:
        desk.now += READER_LIFETIME
        self.is_absent(desk, token)


def test_a_token_lives_thirteen_months(desk: Desk) -> None:
    token = desk.view("a", seed=None)["reader"]
    desk.now += READER_LIFETIME - 1
    desk.view("b", reader=token, seed=None)
    assert readers(desk) == 1


def test_every_answer_signs_anew(desk: Desk) -> None:
    """A reader who comes once a year keeps their name for ever."""
    token = desk.view("a", seed=None)["reader"]
    for _ in range(4):
        desk.now += READER_LIFETIME - DAY
        token = desk.view("a", reader=token, seed=None)["reader"]
    assert readers(desk) == 1


class TestRotation:
    """A new key signs first; the old one verifies until it expires."""

    def test_nobody_loses_an_allowance(self, desk: Desk) -> None:
        desk.keyring = keyring("old")
        first = desk.view("a")
        desk.keyring = keyring("new", "old", old=desk.now + DAY)
        second = desk.view("b", seed=None, reader=first["reader"])
        assert second["used"] == 2
        assert second["reader"].startswith("new.")
        desk.now += DAY
        assert desk.view("a", seed=None, reader=second["reader"])["reason"] == "repeat"

    def test_an_expired_key_verifies_nothing(self, desk: Desk) -> None:
        desk.keyring = keyring("old")
        token = desk.view("a")["reader"]
        desk.keyring = keyring("new", "old", old=desk.now + DAY)
        desk.now += DAY
        assert desk.view("b", seed=None, reader=token)["used"] == 1

    def test_articles_and_seeds_keep_their_names(self, desk: Desk) -> None:
        """I2: neither hangs on a key that rotates."""
        desk.keyring = keyring("old")
        desk.view("a")
        before = snapshot(desk.tables)
        desk.keyring = keyring("new")
        assert desk.view("a")["reason"] == "repeat"
        assert snapshot(desk.tables) == before

    def test_a_state_holds_as_long_as_its_key(self, desk: Desk) -> None:
        desk.keyring = keyring("old")
        state = desk.view("a")["state"]
        desk.keyring = keyring("new", "old", old=desk.now + DAY)
        assert desk.view("a", state=state)["state"].startswith("new.")


class TestCookies:
    """On the publisher's own path, and only there, the browser keeps the token."""

    def visit(self, desk: Desk, article: str = "a", **headers: str) -> Answer:
        return desk.post({"site": "riotimes", "article": article}, **headers)

    def test_the_own_path_sets_one(self, desk: Desk) -> None:
        answer = self.visit(desk, sec_fetch_site="same-origin", origin=ORIGIN)
        name_value, *attributes = answer.cookies[0].split("; ")
        assert name_value == f"readmeter_riotimes={answer.json['reader']}"
        assert set(attributes) == {f"Max-Age={READER_LIFETIME}", "Secure", "HttpOnly", "SameSite=Lax"}

    def test_the_own_path_reads_it(self, desk: Desk) -> None:
        [cookie] = self.visit(desk, sec_fetch_site="same-origin").cookies
        sent = cookie.partition(";")[0]
        assert self.visit(desk, "b", sec_fetch_site="same-origin", cookie=sent).json["used"] == 2

    @pytest.mark.parametrize("site", ["cross-site", "same-site", "none", None])
    def test_nowhere_else_is_one_set_or_read(self, desk: Desk, site: str | None) -> None:
        [cookie] = self.visit(desk, sec_fetch_site="same-origin").cookies
        headers = {"sec_fetch_site": site} if site else {}
        answer = self.visit(desk, "b", cookie=cookie.partition(";")[0], **headers)
        assert answer.cookies == []
        assert answer.json["used"] == 1

    def test_the_pages_token_counts_before_the_cookie(self, desk: Desk) -> None:
        token = desk.view("a")["reader"]
        [cookie] = self.visit(desk, sec_fetch_site="same-origin").cookies
        body = {"site": "riotimes", "article": "b", "reader": token}
        answer = desk.post(body, sec_fetch_site="same-origin", cookie=cookie.partition(";")[0])
        assert answer.json["reader"] == token

    def test_another_sites_cookie_is_none_here(self, desk: Desk) -> None:
        """I14"""
        token = desk.view("a")["reader"]
        answer = self.visit(desk, "b", sec_fetch_site="same-origin", cookie=f"readmeter_paulista={token}")
        assert answer.json["used"] == 1

    def test_a_refused_request_sets_none(self, desk: Desk) -> None:
        answer = desk.post({"site": "riotimes", "seed": SEED}, sec_fetch_site="same-origin")
        assert (answer.status, answer.cookies) == (422, [])
