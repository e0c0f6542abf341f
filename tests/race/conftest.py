"""Many threads on one engine: only on those that are atomic as DynamoDB is (moto is not)."""

import pytest

from tests.support import dynamodb_local
from tests.support.endpoint import Desk
from tests.support.engines import Tables
from tests.support.meters import wait_for_nothing
from tests.support.wire import Wire


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for_nothing(monkeypatch)


@pytest.fixture(params=dynamodb_local.ENGINES)
def tables(request: pytest.FixtureRequest) -> Tables:
    return request.getfixturevalue(request.param)


@pytest.fixture
def desk(tables: Tables) -> Desk:
    return Desk(tables)


@pytest.fixture
def wire(tables: Tables) -> Wire:
    return Wire(tables.client)
