"""The keys as they are now: read again every few minutes, so that a rotation arrives without a deployment."""

from collections.abc import Callable
from math import inf
from typing import Any, Self

from readmeter.core.keys import Keyring
from readmeter.store.database import Unavailable

KEPT_FOR = 300.0  # seconds
RETRY_AFTER = 30.0  # seconds, where the secret could not be read again


class CurrentKeyring:
    """Called, gives the keyring. `read` fetches the stored secret's text and may raise anything."""

    def __init__(self, read: Callable[[], str], clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._keyring: Keyring | None = None
        self._due = -inf

    @classmethod
    def stored(cls, secrets_manager: Any, name: str, clock: Callable[[], float]) -> Self:
        """That of the secret `name`, by boto3's client."""
        return cls(lambda: secrets_manager.get_secret_value(SecretId=name)["SecretString"], clock)

    def __call__(self) -> Keyring:
        """Raises `Unavailable` only where the secret was never read: an old one is better than no answer."""
        now = self._clock()
        if self._keyring is not None and now < self._due:
            return self._keyring
        try:
            self._keyring = Keyring.parse(self._read())
            self._due = now + KEPT_FOR
        except Exception as error:
            if self._keyring is None:
                raise Unavailable("the secret cannot be read") from error
            self._due = now + RETRY_AFTER
        return self._keyring
