"""Scopes of staff that are written down here: which sites an IAM role, a user or a token's subject may reach."""

from typing import Annotated, Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2 as Event
from pydantic import BaseModel, ConfigDict, Field

from readmeter.sites.document import SiteId
from readmeter.staff.answers import Answer, json_answer, nothing
from readmeter.staff.body import model_in
from readmeter.staff.caller import Caller, principal_of
from readmeter.staff.path import words
from readmeter.staff.router import StaffRouter
from readmeter.store.principals import PrincipalStore
from readmeter.web.problem import Problem

MOST_NAME_BYTES = 512
MOST_SITES = 200


class Scope(BaseModel):
    """The sites that a member of staff may see and change."""

    model_config = ConfigDict(extra="forbid", strict=True)

    sites: Annotated[list[SiteId], Field(max_length=MOST_SITES)] = Field(
        description="Ids, whether such sites exist or not. None at all: nothing may be reached"
    )


class Principals:
    """The routes' work, one method each. Each takes the caller, the event and the name in the path."""

    def __init__(self, store: PrincipalStore) -> None:
        self._store = store

    def add_to(self, router: StaffRouter) -> None:
        methods = {"GET": self.get, "PUT": self.put, "DELETE": self.delete}
        router.route("/v1/admin/principals/<name>", methods, is_for_every_site=True)

    def get(self, _: Caller, __: Event, name: str) -> Answer:
        principal = _principal(name)
        sites = self._store.sites(principal)
        if sites is None:
            raise Problem(404, "No scope is written down for this principal.")
        return json_answer(_document(principal, sites))

    def put(self, _: Caller, event: Event, name: str) -> Answer:
        principal = _principal(name)
        scope = model_in(event, Scope, "The scope")
        self._store.write(principal, scope.sites)
        return json_answer(_document(principal, scope.sites))

    def delete(self, _: Caller, __: Event, name: str) -> Answer:
        principal = _principal(name)
        if self._store.sites(principal) is None:
            raise Problem(404, "No scope is written down for this principal.")
        self._store.forget(principal)
        return nothing()


def _principal(name: str) -> str:
    return principal_of(words(name, "A principal", MOST_NAME_BYTES))


def _document(principal: str, sites: frozenset[str] | list[str]) -> dict[str, Any]:
    return {"principal": principal.removeprefix("sub:"), "sites": sorted(set(sites))}
