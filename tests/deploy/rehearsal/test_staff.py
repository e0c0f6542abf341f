"""The API for staff who bring tokens: there while an issuer is named, closed to who has none."""

from __future__ import annotations

import pytest

from tests.deploy.rehearsal.deployment import Deployment
from tests.support.api import Api

NAMED = {"OidcIssuer": "https://id.example.com", "OidcAudience": "readmeter"}
PATHS = ("/v1/admin/sites", "/v1/admin/sites/riotimes/usage", "/v1/admin/exports", "/v1/admin/principals/bia")


def apis(deployment: Deployment) -> dict[str, str]:
    """The ids of the HTTP APIs, by name."""
    items = deployment.client("apigatewayv2").get_apis()["Items"]
    return {each["Name"]: each["ApiId"] for each in items}


@pytest.mark.parametrize("half", [{name: value} for name, value in NAMED.items()])
def test_it_is_not_there_where_not_both_are_named(deployment: Deployment, half: dict[str, str]) -> None:
    with deployment.changed(**half):
        assert "readmeter-staff" not in apis(deployment)
        assert "StaffUrl" not in deployment.outputs


def test_it_is_there_while_an_issuer_is_named_and_lets_nobody_in_without_a_token(deployment: Deployment) -> None:
    with deployment.changed(**NAMED):
        api = apis(deployment)["readmeter-staff"]
        assert deployment.outputs["StaffUrl"].startswith(f"https://{api}.")
        staff = Api(f"{deployment.emulator.url}/_aws/execute-api/{api}/$default")
        for path in PATHS:
            for headers in ({}, {"authorization": "Bearer a.b.c"}, {"authorization": "Bearer local-admin"}):
                assert staff.call("GET", path, None, headers).status == 401
    assert "readmeter-staff" not in apis(deployment)
