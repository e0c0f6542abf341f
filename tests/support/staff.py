"""What staff write of a reader, found in the site table by the publisher's name of the reader."""

from readmeter.core.keys import Keyring
from readmeter.core.tokens import registered_reader
from readmeter.store.accounts import AccountStore
from readmeter.store.dynamodb import DynamoDB
from tests.support.admin_api import RIO, SECRET, AdminClient

ENTITLEMENTS = f"{RIO}/entitlements"
READERS = f"{RIO}/readers"
DAY = 86_400


def accounts(admin: AdminClient) -> AccountStore:
    return AccountStore(DynamoDB(admin.dynamodb), admin.table)


def name_of(subject: str, site: str = "riotimes") -> str:
    """The reader's name in keys."""
    return registered_reader(Keyring.parse(SECRET), site, subject).name
