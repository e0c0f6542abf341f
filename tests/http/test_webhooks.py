"""Stripe's webhooks over HTTP: what is taken, what is refused, and what it makes of a reader's account."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import boto3
import pytest
from werkzeug.test import Client, TestResponse

from local.engine import SECRET_ID
from readmeter.core.account import Account, Subscription
from readmeter.core.keys import Keyring
from readmeter.core.tokens import registered_reader
from readmeter.store.accounts import AccountStore
from readmeter.store.dynamodb import DynamoDB
from readmeter.store.secrets import SiteSecrets
from tests.support.api import Api, fresh_id, site_document
from tests.support.documents import block
from tests.support.endpoint import NOW
from tests.support.identities import ISSUER, key, sign
from tests.support.in_process import ADMIN, in_process
from tests.support.stripe_events import DAY, SECRET, SHAPES, SUBSCRIPTION, Shape, Stripe, body_of, signature

AT = int(NOW)
END = AT + 30 * DAY
both_shapes = pytest.mark.parametrize("shape", SHAPES)


@dataclass(frozen=True)
class Publisher:
    """A site at the gateway, and whoever sends it events."""

    client: Client
    database: Any
    keyring: Keyring
    table: str
    site: str = "first"

    def at(self, site: str) -> "Publisher":
        """The publisher of another site, which has no secret yet."""
        assert self.client.put(f"/v1/admin/sites/{site}", json=site_document(site), headers=ADMIN).status_code == 201
        return replace(self, site=site)

    def has_secret(self, value: str) -> None:
        path = f"/v1/admin/sites/{self.site}/secrets/stripe"
        assert self.client.put(path, json={"value": value}, headers=ADMIN).status_code == 204

    def sends(self, *events: Any, secret: str = SECRET) -> list[int]:
        return [self.send(body_of(event), secret).status_code for event in events]

    def send(self, content: bytes, secret: str = SECRET) -> TestResponse:
        headers = {
            "content-type": "application/json; charset=utf-8",
            "stripe-signature": signature(content, NOW, secret),
        }
        return self.post(content, headers)

    def post(self, content: bytes, headers: dict[str, str]) -> TestResponse:
        return self.client.post(f"/v1/webhooks/stripe/{self.site}", data=content, headers=headers)

    def account(self, subject: str = "ana") -> Account:
        store = AccountStore(DynamoDB(self.database), self.table)
        return store.account(self.site, registered_reader(self.keyring, self.site, subject).name)

    def items(self) -> list[Any]:
        """What the site's customers, accounts and events are kept as."""
        pages = self.database.get_paginator("scan").paginate(TableName=self.table)
        return [item for page in pages for item in page["Items"] if item["pk"]["S"].startswith(f"S#{self.site}#")]


@pytest.fixture(scope="module")
def _first() -> Iterator[Publisher]:
    with in_process("first") as gateway:
        text = boto3.client("secretsmanager").get_secret_value(SecretId=SECRET_ID)["SecretString"]
        client = Client(gateway, use_cookies=False)
        yield Publisher(client, boto3.client("dynamodb"), Keyring.parse(text), os.environ["SITE_TABLE"])


@pytest.fixture
def stranger(_first: Publisher) -> Publisher:
    """The publisher of a new site, who has not yet told the secret."""
    return _first.at(fresh_id())


@pytest.fixture
def publisher(stranger: Publisher) -> Publisher:
    stranger.has_secret(SECRET)
    return stranger


class TestALife:
    @both_shapes
    def test_a_reader_who_checks_out_subscribes(self, publisher: Publisher, shape: Shape) -> None:
        stripe = Stripe(shape)
        events = [
            stripe.told("created", AT, "incomplete", END),
            stripe.invoice("paid", AT + 1, END, "subscription_create"),
            stripe.told("updated", AT + 1, "active", END),
            stripe.checkout(AT + 2, "ana"),
        ]
        assert publisher.sends(*events) == [200] * 4
        assert publisher.account() == Account(
            subscriptions=(Subscription(SUBSCRIPTION, "active", AT + 2, "yearly", END),)
        )
        assert publisher.account().subscriber(NOW, 3)
        assert publisher.account("bia") == Account()

    def test_the_checkout_alone_entitles_at_once(self, publisher: Publisher) -> None:
        """The page polls for 15 seconds on return."""
        assert publisher.sends(Stripe().checkout(AT, "ana")) == [200]
        assert publisher.account().subscriber(NOW + 15, 3)

    @both_shapes
    def test_a_missing_payment_and_an_end_are_told(self, publisher: Publisher, shape: Shape) -> None:
        stripe = Stripe(shape, subject="ana")
        publisher.sends(
            stripe.told("created", AT, "active", END), stripe.invoice("payment_failed", END, END + 30 * DAY)
        )
        [subscription] = publisher.account().subscriptions
        assert (subscription.status, subscription.past_due_since) == ("past_due", END)
        publisher.sends(stripe.invoice("payment_succeeded", END + 60, END + 30 * DAY))
        assert publisher.account().subscriber(END + 29 * DAY, 0)
        publisher.sends(
            stripe.told("deleted", END + 90, "canceled", END), stripe.told("updated", END + 95, "active", END)
        )
        assert not publisher.account().subscriber(END + 90, 60)

    def test_a_subject_is_one_in_both_spellings(self, publisher: Publisher) -> None:
        publisher.sends(Stripe().checkout(AT, "Jose\u0301"))
        assert publisher.account("Jos\u00e9").subscriber(NOW, 3)

    def test_an_event_that_comes_again_is_a_200_and_changes_nothing(self, publisher: Publisher) -> None:
        event = Stripe().checkout(AT, "ana")
        publisher.sends(event)
        before = publisher.items()
        assert publisher.sends(event, event) == [200, 200]
        assert publisher.items() == before

    def test_an_event_is_remembered_for_sixty_days(self, publisher: Publisher) -> None:
        event = Stripe().checkout(AT, "ana")
        publisher.sends(event)
        [item] = [item for item in publisher.items() if item["sk"]["S"] == "EVENT"]
        assert (item["pk"]["S"], int(item["x"]["N"])) == (f"S#{publisher.site}#W#{event['id']}", AT + 60 * DAY)

    def test_neither_names_nor_addresses_nor_subjects_are_kept(self, publisher: Publisher) -> None:
        stripe = Stripe(subject="subject-4711")
        publisher.sends(stripe.checkout(AT, "subject-4711"), stripe.invoice("paid", AT, END))
        kept = str(publisher.items())
        assert "cus_Ana" in kept
        assert not [word for word in ("ana@example.com", "4711", "'Ana'") if word in kept]


class TestAtTheWall:
    """What an account is worth to a view: the reader has read all that is free, and signs in."""

    @pytest.fixture
    def reads(self, publisher: Publisher) -> Callable[[], str]:
        """The reason of the answer to Ana's next view, of yet another article, on a site that lets nobody read."""
        signer = key()
        identity = {"issuer": ISSUER, "keys": [{"kid": signer.kid, "alg": signer.alg, "jwk": signer.jwk}]}
        document = site_document(
            publisher.site, identity=identity, meters=[{"name": "default", "limits": {"anonymous": 0}}]
        )
        written = publisher.client.put(f"/v1/admin/sites/{publisher.site}", json=document, headers=ADMIN)
        assert written.status_code == 200, written.text
        token = sign(sub="ana", aud=publisher.site)

        def read() -> str:
            view = {"site": publisher.site, "article": "a", "identity": token, "seed": "A" * 22}
            answer = publisher.client.post("/v1/views", json=view).json
            assert answer is not None
            assert answer["warnings"] == []
            return str(answer["reason"])

        return read

    def test_a_checkout_opens_and_an_end_closes(self, publisher: Publisher, reads: Callable[[], str]) -> None:
        assert reads() == "limit_reached"
        publisher.sends(Stripe().checkout(AT, "ana"))
        assert reads() == "subscriber"
        publisher.sends(Stripe().told("deleted", AT + 1, "canceled", END))
        assert reads() == "limit_reached"

    @pytest.mark.parametrize(("days", "reason"), [(3, "limit_reached"), (2, "subscriber")])
    def test_a_missing_payment_is_waited_for(
        self, publisher: Publisher, reads: Callable[[], str], days: int, reason: str
    ) -> None:
        stripe = Stripe(subject="ana")
        publisher.sends(stripe.told("updated", AT - days * DAY, "past_due", END))
        assert reads() == reason

    def test_what_was_paid_is_over_a_day_after_it(self, publisher: Publisher, reads: Callable[[], str]) -> None:
        stripe = Stripe(subject="ana")
        publisher.sends(stripe.told("created", AT - 9 * DAY, "active", AT - DAY + 1))
        assert reads() == "subscriber"
        publisher.sends(stripe.told("updated", AT - 8 * DAY, "active", AT - DAY))
        assert reads() == "limit_reached"


class TestRefusals:
    def test_what_it_does_not_know_is_a_200(self, publisher: Publisher) -> None:
        before = publisher.items()
        answer = publisher.send(body_of({"id": "evt_1", "type": "customer.created", "data": {"object": {}}}))
        assert (answer.status_code, answer.json) == (200, {"received": True})
        assert publisher.items() == before

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"stripe-signature": "t=1,v1=0"},
            {"stripe-signature": signature(b"another body", NOW)},
            {"stripe-signature": signature(b"{}", NOW, "whsec_" + "f" * 32)},
            {"stripe-signature": signature(b"{}", NOW - 301)},
        ],
        ids=["none", "no signature", "of another body", "by another secret", "an old one"],
    )
    def test_without_a_signature_by_the_sites_secret_nothing_is_believed(
        self, publisher: Publisher, headers: dict[str, str]
    ) -> None:
        answer = publisher.post(b"{}", headers)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert "access-control-allow-origin" not in answer.headers

    def test_the_signature_is_of_the_bytes_as_they_came(self, publisher: Publisher) -> None:
        content = body_of(Stripe().checkout(AT, "ana"))
        header = signature(content, NOW)
        for sent, status in ((content + b"\n", 400), (content.replace(b"  ", b" "), 400), (content, 200)):
            for kind in ("application/json", "application/octet-stream"):
                headers = {"stripe-signature": header, "content-type": kind}
                assert publisher.post(sent, headers).status_code == status

    def test_another_sites_secret_opens_nothing(self, publisher: Publisher) -> None:
        other = publisher.at(fresh_id())
        other.has_secret("whsec_" + "e" * 32)
        event = Stripe().checkout(AT, "ana")
        assert publisher.sends(event, secret="whsec_" + "e" * 32) == [400]
        assert other.sends(event) == [400]
        assert other.sends(event, secret="whsec_" + "e" * 32) == [200]
        assert publisher.account() == Account()

    def test_a_signed_event_that_is_none_is_a_400_or_a_422(self, publisher: Publisher) -> None:
        assert publisher.send(b"{").status_code == 400
        answer = publisher.send(body_of({"type": "invoice.paid"}))
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/data")

    def test_as_much_as_256_kb_is_taken(self, publisher: Publisher) -> None:
        whole = body_of({"type": "charge.refunded"})
        assert publisher.send(whole + b" " * (262_144 - len(whole))).status_code == 200
        assert publisher.send(whole + b" " * (262_145 - len(whole))).status_code == 413

    @pytest.mark.parametrize("site", ["nowhere", "No-Site", "x", "riotimes%20"])
    def test_a_site_that_is_none_is_a_404(self, publisher: Publisher, site: str) -> None:
        assert replace(publisher, site=site).sends(Stripe().checkout(AT, "ana")) == [404]

    def test_a_site_that_was_deleted_is_a_404(self, publisher: Publisher) -> None:
        publisher.client.delete(f"/v1/admin/sites/{publisher.site}", headers=ADMIN)
        assert publisher.sends(Stripe().checkout(AT, "ana")) == [404]

    def test_a_site_without_a_secret_is_a_404_until_it_has_one(self, stranger: Publisher) -> None:
        event = Stripe().checkout(AT, "ana")
        assert stranger.sends(event) == [404]
        stranger.has_secret(SECRET)
        assert stranger.sends(event) == [200]


class TestRotation:
    def test_a_new_secret_is_believed_at_once_and_the_old_one_no_more(self, publisher: Publisher) -> None:
        event = Stripe().checkout(AT, "ana")
        new = "whsec_" + "d" * 32
        assert publisher.sends(event) == [200]
        publisher.has_secret(new)
        assert publisher.sends(event, secret=new) == [200]
        assert publisher.sends(event) == [400]

    def test_forgeries_cannot_make_us_read_the_secret_again_and_again(self, publisher: Publisher) -> None:
        event = Stripe().checkout(AT, "ana")
        publisher.sends(event)
        with mock.patch.object(SiteSecrets, "read", return_value=SECRET) as read:
            assert set(publisher.sends(*[event] * 30, secret="whsec_" + "f" * 32)) == {400}
        assert read.call_count == 10


def test_over_the_running_service_a_secret_is_told_and_an_event_is_taken(api: Api) -> None:
    document = site_document(fresh_id())
    api.publish(document)
    site = document["site"]
    now = int(time.time())
    content = body_of(Stripe().checkout(now, "ana"))
    headers = {"stripe-signature": signature(content, now), "content-type": "application/json"}
    path = f"/v1/webhooks/stripe/{site}"
    assert api.call("POST", path, content, headers).status == 404
    assert api.admin("PUT", f"/v1/admin/sites/{site}/secrets/stripe", {"value": SECRET}).status == 204
    assert api.call("POST", path, content, headers).json == {"received": True}
    assert api.call("POST", path, content + b" ", headers).status == 400
    assert api.call("GET", path).status == 404


def test_the_guides_example_makes_a_subscriber(api: Api) -> None:
    if api.sign is not None:
        pytest.skip("the example is of the local service")
    document = site_document(fresh_id())
    api.publish(document)
    script = block("subscribers.md", "sh", "openssl").replace("http://localhost:8080", api.url)
    script = script.replace("rio-courier", document["site"])
    done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '{"received": true}' in done.stdout
    told = api.admin("GET", f"/v1/admin/sites/{document['site']}/entitlements/reader-7").json
    assert (told["entitled"], [each["id"] for each in told["subscriptions"]]) == (True, ["sub_1"])
