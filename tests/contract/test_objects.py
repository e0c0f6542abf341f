"""The port to S3 over boto3's client: what S3 answers, and what is made of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from readmeter.usage.objects import S3Objects
from tests.support.engines import session
from tests.support.s3_wire import S3Wire, answers

conflict = answers(409, "ConditionalRequestConflict")


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        client = session().client("s3")
        client.create_bucket(Bucket="ledger")
        yield client


def test_a_create_that_meets_another_on_its_way_is_tried_again(client: Any) -> None:
    wire = S3Wire(client)
    wire.inject("PutObject", conflict, conflict)
    assert S3Objects(client, "ledger").create("a", b"one")
    assert wire.sent == ["PutObject"] * 3
    assert not S3Objects(client, "ledger").create("a", b"two")
    assert S3Objects(client, "ledger").read("a") == b"one"


def test_a_create_that_never_gets_through_says_so(client: Any) -> None:
    S3Wire(client).inject("PutObject", *[conflict] * 9)
    with pytest.raises(ClientError, match="ConditionalRequestConflict"):
        S3Objects(client, "ledger").create("a", b"one")
