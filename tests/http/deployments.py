"""A deployment as these tests use it: which it cannot be asked, and why. All others that use `api` run against it."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.api import Api, Reply

# By what they ask of tests/conftest.py
BY_FIXTURE = {
    "service": "looks into the local service: its log, its clock, its bytes on the wire",
    "start": "starts and stops services",
}

# By name, where the admin API wants signatures, as AWS does
BY_NAME = {
    "test_a_deleted_site_is_unknown_at_once": "a deployment keeps a site's document for ten seconds",
    "test_changed_rules_are_in_force_at_once": "a deployment keeps a site's document for ten seconds",
    "test_the_admin_api_and_what_the_gateway_answers_have_no_cors": "sends the local word",
    "test_a_scoped_administrator_reaches_only_their_site": "scoped by the local word; deployed, by a token",
    "test_a_document_may_not_name_another_site_than_its_path": "scoped by the local word; deployed, by a token",
}


def reason_to_skip(test: pytest.Function, *, is_signed: bool) -> str | None:
    """Why a test is not run against a deployment; None where it is. `is_signed`: its admin API wants signatures."""
    for fixture, reason in BY_FIXTURE.items():
        if fixture in test.fixturenames:
            return reason
    return BY_NAME.get(test.originalname) if is_signed else None


@dataclass(frozen=True)
class Deployed(Api):
    """`published`: the ids of the sites that were made there, to be deleted at the end."""

    published: set[str] = field(default_factory=set)

    def publish(self, document: dict[str, Any]) -> Reply:
        self.published.add(document["site"])
        return super().publish(document)
