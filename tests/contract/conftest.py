"""The same suite on every engine: what counting means does not depend on who stores it."""

import pytest

from tests.support import dynamodb_local
from tests.support.endpoint import Desk
from tests.support.engines import Tables
from tests.support.meters import wait_for_nothing
from tests.support.site import compiled
from tests.support.wire import Wire


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for_nothing(monkeypatch)


@pytest.fixture(params=["moto", *dynamodb_local.ENGINES])
def tables(request: pytest.FixtureRequest) -> Tables:
    """Fresh tables on one engine after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def desk(tables: Tables) -> Desk:
    """A desk for the site `riotimes`: five free articles a calendar month in São Paulo, on 22 November 2026."""
    desk = Desk(tables)
    desk.publish(compiled())
    return desk


@pytest.fixture
def wire(desk: Desk) -> Wire:
    """What the desk sends to DynamoDB from now on."""
    return Wire(desk.tables.client)
