"""Secrets that publishers give us, each site's own, in AWS Secrets Manager. Never in a table, a log or an answer."""

from collections.abc import Callable, Iterator
from math import inf
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from readmeter.core.throttle import TokenBuckets
from readmeter.store.database import Conflict, Unavailable

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

_MOST_CACHED = 1000
_TRIES = 2
_READ_AGAIN = 0.1  # times a second and site, where what is cached may be old
_AT_ONCE = 10


class SiteSecrets:
    """Named secrets of sites. Raises `Unavailable` where Secrets Manager does not answer."""

    def __init__(self, client: "SecretsManagerClient", prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def read(self, site: str, name: str) -> str | None:
        """None where there is none."""
        try:
            return self._client.get_secret_value(SecretId=self._id(site, name))["SecretString"]
        except self._client.exceptions.ResourceNotFoundException:
            return None
        except (ClientError, BotoCoreError) as error:
            raise Unavailable("a secret cannot be read") from error

    def write(self, site: str, name: str, value: str) -> None:
        """In place of any before. Raises `Conflict` where others write the same one now."""
        for _ in range(_TRIES):
            try:
                self._put(self._id(site, name), value)
            except self._client.exceptions.ResourceExistsException:
                continue  # another made it between our two calls
            except (ClientError, BotoCoreError) as error:
                raise Unavailable("a secret cannot be written") from error
            return
        raise Conflict("a secret is being made")

    def _put(self, secret_id: str, value: str) -> None:
        try:
            self._client.put_secret_value(SecretId=secret_id, SecretString=value)
        except self._client.exceptions.ResourceNotFoundException:
            self._client.create_secret(Name=secret_id, SecretString=value)

    def _id(self, site: str, name: str) -> str:
        return f"{self._prefix}/{site}/{name}"


class SecretCache:
    """One named secret of each site, read again when it is older than `seconds`."""

    def __init__(self, secrets: SiteSecrets, name: str, seconds: float, clock: Callable[[], float]) -> None:
        self._secrets = secrets
        self._name = name
        self._seconds = seconds
        self._clock = clock
        self._entries: dict[str, tuple[float, str | None]] = {}
        self._again = TokenBuckets(_READ_AGAIN, _AT_ONCE)

    def candidates(self, site: str) -> Iterator[str]:
        """The site's secret; who asks for another one after it gets what has replaced it since, if anything has.

        A site that is asked for another too often, as by forged requests, has to wait until what is cached is old.
        """
        now = self._clock()
        read_at, kept = self._entries.get(site, (-inf, None))
        is_kept = 0 <= now - read_at < self._seconds
        secret = kept if is_kept else self._read(site, now)
        if secret is not None:
            yield secret
        if is_kept and not self._again.take(site, now):
            newest = self._read(site, now)
            if newest is not None and newest != secret:
                yield newest

    def _read(self, site: str, now: float) -> str | None:
        secret = self._secrets.read(site, self._name)
        if len(self._entries) >= _MOST_CACHED:
            self._entries.clear()
        self._entries[site] = (now, secret)
        return secret
