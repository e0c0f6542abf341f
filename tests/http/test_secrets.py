"""A site's secrets over HTTP: written, replaced, and never to be had back."""

import boto3
import pytest
from botocore.exceptions import ClientError

from readmeter.store.secrets import SiteSecrets
from tests.support.admin_api import RIO, SITES, document, scoped
from tests.support.stripe_events import SECRET

SECRETS = f"{RIO}/secrets/stripe"
VALUE = {"value": SECRET}


@pytest.fixture
def rio(admin):
    """An admin client with the site `riotimes`, of which no secret is known."""
    admin("PUT", RIO, document())
    manager = boto3.client("secretsmanager")
    for secret in manager.list_secrets()["SecretList"]:
        if "/" in secret["Name"]:
            manager.delete_secret(SecretId=secret["Name"], ForceDeleteWithoutRecovery=True)
    return admin


def stored(site="riotimes"):
    manager = boto3.client("secretsmanager")
    try:
        return manager.get_secret_value(SecretId=f"local/sites/{site}/stripe")["SecretString"]
    except manager.exceptions.ResourceNotFoundException:
        return None


def test_a_secret_is_kept_under_its_site_and_answered_with_nothing(rio):
    answer = rio("PUT", SECRETS, VALUE)
    assert (answer.status, answer.body) == (204, "")
    assert stored() == SECRET
    assert SECRET not in str(rio.items())


def test_a_secret_is_replaced(rio):
    rio("PUT", SECRETS, VALUE)
    assert rio("PUT", SECRETS, {"value": SECRET + "2"}).status == 204
    assert stored() == SECRET + "2"


def test_nobody_reads_it_back(rio):
    rio("PUT", SECRETS, VALUE)
    for method in ("GET", "DELETE", "POST"):
        answer = rio(method, SECRETS)
        assert (answer.status, answer.headers["allow"]) == (405, "PUT")
    assert SECRET not in rio("GET", RIO).body


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/value"]),
        ({"value": None}, ["/value"]),
        ({"value": 7}, ["/value"]),
        ({"value": ""}, ["/value"]),
        ({"value": "sk_live_0123456789abcdef"}, ["/value"]),
        ({"value": "whsec_short"}, ["/value"]),
        ({"value": f"{SECRET} "}, ["/value"]),
        ({"value": f"{SECRET}\n"}, ["/value"]),
        ({"value": f" {SECRET}"}, ["/value"]),
        ({"value": f"{SECRET}é"}, ["/value"]),
        ({"value": "whsec_" + "x" * 250}, ["/value"]),
        ({"value": SECRET, "name": "stripe"}, ["/name"]),
        ([SECRET], [""]),
    ],
)
def test_each_wrong_field_is_named_and_nothing_is_kept_or_repeated(rio, body, pointers):
    answer = rio("PUT", SECRETS, body)
    assert (answer.status, answer.pointers) == (422, pointers)
    assert stored() is None
    assert "0123456789" not in answer.body


@pytest.mark.parametrize(("body", "status"), [(b"", 400), (b"{", 400), (b"\xff", 400), (b" " * 8193, 413)])
def test_a_body_that_is_none_is_refused(rio, body, status):
    assert rio("PUT", SECRETS, body).status == status


@pytest.mark.parametrize("name", ["paypal", "Stripe", "..", "stripe2"])
def test_another_name_is_a_404_that_says_which_there_are(rio, name):
    answer = rio("PUT", f"{RIO}/secrets/{name}", VALUE)
    assert (answer.status, answer.json["detail"]) == (404, "There is no secret of that name; names are stripe.")


def test_only_a_site_that_is_there_has_secrets(rio):
    assert rio("PUT", f"{SITES}/nowhere/secrets/stripe", VALUE).status == 404
    rio("DELETE", RIO)
    assert rio("PUT", SECRETS, VALUE).status == 404
    assert stored() is None


def test_a_caller_writes_the_secrets_of_sites_in_scope_alone(rio):
    assert rio("PUT", SECRETS, VALUE, by=scoped("another")).status == 403
    assert stored() is None
    assert rio("PUT", SECRETS, VALUE, by=scoped("riotimes")).status == 204


def test_two_who_make_it_at_once_both_get_through(rio, monkeypatch):
    manager = boto3.client("secretsmanager")

    def overtaken(self, secret_id, value):
        """Between finding none and making one, somebody else made it."""
        monkeypatch.undo()
        manager.create_secret(Name=secret_id, SecretString="whsec_of_somebody_else")
        manager.create_secret(Name=secret_id, SecretString=value)

    monkeypatch.setattr(SiteSecrets, "_put", overtaken)
    assert rio("PUT", SECRETS, VALUE).status == 204
    assert stored() == SECRET


@pytest.mark.parametrize("code", ["AccessDeniedException", "InternalServiceError", "ThrottlingException"])
def test_when_secrets_manager_does_not_answer_it_is_said_without_its_words(rio, monkeypatch, capsys, code):
    def fails(self, operation, request):
        raise ClientError({"Error": {"Code": code, "Message": f"cannot keep {SECRET}"}}, operation)

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", fails)
    monkeypatch.setattr("readmeter.store.sites.SiteStore.live", lambda *_: type("Live", (), {"deleted": False}))
    answer = rio("PUT", SECRETS, VALUE)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert SECRET not in answer.body + "".join(capsys.readouterr())
