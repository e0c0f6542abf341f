"""What staff write of a reader, found in the site table by the publisher's name of the reader."""

from dataclasses import asdict
from typing import Any

from readmeter.core.keys import Keyring
from readmeter.core.tokens import registered_reader
from readmeter.store.accounts import AccountStore
from readmeter.store.dynamodb import DynamoDB
from tests.support.admin_api import RIO, SECRET, AdminClient
from tests.support.endpoint import Desk
from tests.support.engines import Tables
from tests.support.identities import ISSUER, key, sign

ENTITLEMENTS = f"{RIO}/entitlements"
READERS = f"{RIO}/readers"
DAY = 86_400


SIGNED = {"issuer": ISSUER, "audience": "riotimes", "keys": [asdict(key())]}  # `identity` of a site document


def desk_of(admin: AdminClient) -> Desk:
    """The public endpoints over the same tables, at the same time."""
    database = DynamoDB(admin.dynamodb)
    return Desk(Tables(admin.dynamodb, database, admin.meter_table, admin.table), now=admin.clock.now)


def signed_in(desk: Desk, subject: str = "eva") -> str:
    """What the publisher signs for a reader now."""
    return sign(sub=subject, iat=int(desk.now), exp=int(desk.now) + 300)


def read(desk: Desk, article: str, subject: str = "eva", **fields: Any) -> Any:
    """The answer to a view of a reader who is signed in."""
    return desk.view(article, identity=signed_in(desk, subject), **fields)


def accounts(admin: AdminClient) -> AccountStore:
    return AccountStore(DynamoDB(admin.dynamodb), admin.table)


def name_of(subject: str, site: str = "riotimes") -> str:
    """The reader's name in keys."""
    return registered_reader(Keyring.parse(SECRET), site, subject).name
