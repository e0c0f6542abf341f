"""The keys in a running function: fresh after a rotation, there when the secret cannot be read for a while."""

from collections.abc import Callable

import pytest

from readmeter.metering.keyring import KEPT_FOR, RETRY_AFTER, CurrentKeyring
from readmeter.store.database import Unavailable


class Secret:
    """A stored secret that counts how often it is read."""

    def __init__(self) -> None:
        self.text = '{"permanent": "first"}'
        self.broken = False
        self.reads = 0

    def __call__(self) -> str:
        self.reads += 1
        if self.broken:
            raise TimeoutError
        return self.text


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def secret() -> Secret:
    return Secret()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keyring(secret: Secret, clock: Clock) -> CurrentKeyring:
    return CurrentKeyring(secret, clock)


def test_the_secret_is_read_once_in_five_minutes(keyring: CurrentKeyring, secret: Secret, clock: Clock) -> None:
    assert keyring().permanent == "first"
    secret.text = '{"permanent": "second"}'
    clock.now = KEPT_FOR - 1
    assert keyring().permanent == "first"
    assert secret.reads == 1
    clock.now = KEPT_FOR
    assert keyring().permanent == "second"
    assert secret.reads == 2


@pytest.mark.parametrize("fail", [lambda secret: setattr(secret, "broken", True), lambda s: setattr(s, "text", "{}")])
def test_the_last_good_secret_holds(
    keyring: CurrentKeyring, secret: Secret, clock: Clock, fail: Callable[[Secret], None]
) -> None:
    keyring()
    fail(secret)
    clock.now = KEPT_FOR
    assert keyring().permanent == "first"
    clock.now += RETRY_AFTER - 1
    assert keyring().permanent == "first"
    assert secret.reads == 2, "a secret that cannot be read is not asked for with every view"
    secret.broken, secret.text = False, '{"permanent": "second"}'
    clock.now += 1
    assert keyring().permanent == "second"


def test_without_a_secret_there_is_no_answer(keyring: CurrentKeyring, secret: Secret) -> None:
    secret.broken = True
    with pytest.raises(Unavailable):
        keyring()
    secret.broken = False
    assert keyring().permanent == "first"
