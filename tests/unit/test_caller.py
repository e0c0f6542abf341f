"""Who a caller is by what API Gateway vouches for, and which sites follow from that and from what is written down."""

from typing import Any

import pytest

from readmeter.staff.caller import Caller, principal_of
from readmeter.web.problem import Problem
from tests.support.admin_api import scoped, signed

USER = "arn:aws:iam::123456789012:user/team/ana"
ROLE = "arn:aws:iam::123456789012:role/team/Editors"
SESSION = "arn:aws:sts::123456789012:assumed-role/Editors/ana@example.com"


def caller(authorizer: Any, written: dict[str, set[str]] | None = None) -> Caller:
    scopes = {principal_of(name): frozenset(sites) for name, sites in (written or {}).items()}
    return Caller.of({"requestContext": {"authorizer": authorizer}}, scopes.get)


def loud(arn: str) -> str:
    """In capitals, as far as IAM does not care."""
    return arn.upper().replace("ARN:AWS:IAM", "arn:aws:iam")


def by_token(**claims: Any) -> dict[str, Any]:
    return {"jwt": {"claims": {"sub": "bia", **claims}, "scopes": None}}


@pytest.mark.parametrize("arn", [USER, SESSION, "arn:aws:iam::123456789012:root"])
def test_who_signs_reaches_every_site_where_nothing_is_written_down(arn: str) -> None:
    assert caller(signed(arn)) == Caller(arn, None)


@pytest.mark.parametrize("name", [USER, USER.replace("/team", ""), USER.replace("team", "another/team"), loud(USER)])
def test_what_is_written_down_of_a_user_holds_whatever_the_path(name: str) -> None:
    assert caller(signed(USER), {name: {"riotimes"}}).sites == {"riotimes"}
    assert caller(signed(name), {USER: {"riotimes"}}).sites == {"riotimes"}


@pytest.mark.parametrize("another", [USER.replace("ana", "bia"), USER.replace("ana", "team"), USER.replace("2:", "1:")])
def test_a_user_is_told_from_others(another: str) -> None:
    assert caller(signed(another), {USER: {"riotimes"}}).sites is None


@pytest.mark.parametrize(
    "name", [ROLE, loud(ROLE), ROLE.replace("/team", ""), SESSION, SESSION.replace("ana@example.com", "x")]
)
def test_what_is_written_down_of_a_role_holds_for_each_of_its_sessions(name: str) -> None:
    assert caller(signed(SESSION), {name: {"riotimes"}}).sites == {"riotimes"}


@pytest.mark.parametrize(
    "another",
    [
        SESSION.replace("Editors", "Editor"),
        SESSION.replace("123456789012", "210987654321"),
        SESSION.replace("arn:aws:", "arn:aws-cn:"),
        USER.replace("ana", "Editors"),
    ],
)
def test_a_role_is_told_from_others(another: str) -> None:
    assert caller(signed(another), {ROLE: {"riotimes"}}).sites is None


def test_who_names_their_own_session_reaches_only_what_is_written_down() -> None:
    federated = "arn:aws:sts::123456789012:federated-user/anything"
    assert caller(signed(federated)).sites == frozenset()
    assert caller(signed(federated), {federated: {"riotimes"}}).sites == {"riotimes"}


@pytest.mark.parametrize(
    ("sites", "reached"),
    [
        ("riotimes", {"riotimes"}),
        ("riotimes third", {"riotimes", "third"}),
        ("[riotimes third]", {"riotimes", "third"}),
        ("", set()),
        ("[]", set()),
        ("*", {"*"}),
    ],
)
def test_a_token_reaches_the_sites_of_its_claim(sites: str, reached: set[str]) -> None:
    assert caller(by_token(sites=sites)).sites == reached
    assert caller(by_token()).sites == frozenset()


@pytest.mark.parametrize(("claim", "every"), [("true", True), ("false", False), ("True", False), ("1", False)])
def test_a_token_reaches_every_site_by_one_claim_alone(claim: str, every: bool) -> None:
    assert (caller(by_token(readmeter_admin=claim, sites="riotimes")).sites is None) == every
    assert (caller(by_token(readmeter_admin=claim)).sites is None) == every


@pytest.mark.parametrize("claims", [{}, {"sites": "another"}, {"readmeter_admin": "true"}])
def test_what_is_written_down_of_a_tokens_subject_goes_before_its_claims(claims: dict[str, str]) -> None:
    assert caller(by_token(**claims), {"bia": {"riotimes"}}).sites == {"riotimes"}
    assert caller(by_token(**claims), {"bia": set()}).sites == frozenset()


def test_a_subject_that_spells_an_arn_is_not_who_signs() -> None:
    assert caller(by_token(sub=ROLE), {ROLE: {"riotimes"}}).sites == frozenset()
    assert caller(by_token(sub="Bia"), {"bia": {"riotimes"}}).sites == frozenset()


def test_a_scope_refuses_what_it_does_not_hold() -> None:
    some = caller(scoped("riotimes"))
    some.require("riotimes")
    for forbidden in (lambda: some.require("another"), some.require_every_site):
        with pytest.raises(Problem) as refused:
            forbidden()
        assert refused.value.status == 403
    caller(signed(USER)).require_every_site()
