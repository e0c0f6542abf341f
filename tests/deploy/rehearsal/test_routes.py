"""Every route of both APIs, called rightly and wrongly through the deployment."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from local.engine import ROOT
from local.template import Route, Template
from tests.deploy.rehearsal.deployment import Deployment
from tests.support.api import Api, Reply, fresh_id, site_document
from tests.support.identities import sign
from tests.support.staff import SIGNED
from tests.support.stripe_events import SECRET, Stripe, body_of, signature

ORIGIN = "https://www.riotimesonline.com"
ROUTES = Template.read(ROOT / "template.yaml").routes
SITES = "/v1/admin/sites"
EXPORTS = "/v1/admin/exports"
PRINCIPALS = "/v1/admin/principals"

Ask = Callable[[Api, str, Any], Reply]  # of the API, with the id of a site and the export of another


def read(api: Api, site: str, path: str = "/v1/views", **fields: Any) -> Reply:
    return api.post({"site": site, "article": "a", **fields}, path, origin=ORIGIN)


def about(api: Api, site: str, token: str) -> Reply:
    return api.call("GET", f"/v1/reader?site={site}", None, {"authorization": f"Bearer {token}"})


def report(api: Api, site: str, kind: str) -> Reply:
    event = {"kind": kind, "article": "a", "at": "2026-11-22T12:00:00Z"}
    return api.post({"site": site, "seed": "A" * 22, "events": [event]}, "/v1/events", origin=ORIGIN)


def give(api: Api, _: str, __: Any) -> Reply:
    """A gift of an article that its giver, who is signed in, has read."""
    document = {**site_document(fresh_id()), "identity": SIGNED, "gifts": {"per_month": 10, "valid_days": 5}}
    api.publish(document)
    signed_in = sign(iat=int(time.time()), exp=int(time.time()) + 300)
    gift = {"site": document["site"], "article": f"{ORIGIN}/a", "identity": signed_in}
    assert read(api, **gift).json["reason"] == "metered"
    return api.post(gift, "/v1/gifts", origin=ORIGIN)


def get(path: str) -> Ask:
    return lambda api, site, export: api.call("GET", path)


def admin(method: str, path: str, body: Any = None) -> Ask:
    """`SITE` and `EXPORT` stand for the ids."""

    def ask(api: Api, site: str, export: Any) -> Reply:
        named = json.loads(json.dumps(body).replace("SITE", site).replace("PERIOD", export["period"]))
        where = path.replace("SITE", site).replace("EXPORT", export["export_id"]).replace("PERIOD", export["period"])
        return api.admin(method, where, named)

    return ask


def csv(site: str, text: str) -> Ask:
    return lambda api, own, _: api.admin("PUT", f"{SITES}/{site.replace('SITE', own)}/entitlements", text.encode())


def after(first: Ask, then: Ask) -> Ask:
    def ask(api: Api, site: str, export: Any) -> Reply:
        first(api, site, export)
        return then(api, site, export)

    return ask


def put_and_delete(api: Api, site: str, export: Any) -> Reply:
    document = site_document(fresh_id())
    api.publish(document)
    return api.admin("DELETE", f"{SITES}/{document['site']}")


def webhook(secret: str) -> Ask:
    """An event of Stripe's at a site that has told its secret, signed with `secret`."""

    def ask(api: Api, site: str, export: Any) -> Reply:
        assert api.admin("PUT", f"{SITES}/{site}/secrets/stripe", {"value": SECRET}).status == 204
        now = int(time.time())
        content = body_of(Stripe().checkout(now, "ana"))
        headers = {"stripe-signature": signature(content, now, secret), "content-type": "application/json"}
        return api.call("POST", f"/v1/webhooks/stripe/{site}", content, headers)

    return ask


# Per route: a right request and a wrong one, each with its status
CALLS: dict[str, tuple[tuple[Ask, int], tuple[Ask, int]]] = {
    "ANY /v1/views": ((lambda api, site, _: read(api, site), 200), (lambda api, _, __: read(api, "nowhere"), 404)),
    "ANY /v1/access": (
        (lambda api, site, _: read(api, site, "/v1/access"), 200),
        (lambda api, site, _: read(api, site, "/v1/access", article=7), 422),
    ),
    "ANY /v1/reader": (
        (lambda api, site, _: about(api, site, read(api, site).json["reader"]), 200),
        (lambda api, site, _: about(api, site, "forged"), 401),
    ),
    "ANY /v1/events": (
        (lambda api, site, _: report(api, site, "fail_open"), 202),
        (lambda api, site, _: report(api, site, "unheard_of"), 422),
    ),
    "POST /v1/webhooks/stripe/{site}": ((webhook(SECRET), 200), (webhook("whsec_of_another_site_"), 400)),
    "ANY /v1/gifts": ((give, 201), (lambda api, site, _: api.post({"site": site}, "/v1/gifts", origin=ORIGIN), 422)),
    "GET /v1/{asset}": ((get("/v1/snippet.js"), 200), (get("/v1/app.py"), 404)),
    "GET /v1/health": ((get("/v1/health"), 200), (lambda api, _, __: api.post({}, "/v1/health"), 404)),
    "GET /v1/openapi.json": (
        (get("/v1/openapi.json"), 200),
        (lambda api, _, __: api.post({}, "/v1/openapi.json"), 404),
    ),
    "GET /v1/docs": ((get("/v1/docs"), 200), (lambda api, _, __: api.post({}, "/v1/docs"), 404)),
    f"GET {SITES}": ((admin("GET", SITES), 200), (admin("POST", SITES, {}), 404)),
    f"GET {SITES}/{{site}}": ((admin("GET", f"{SITES}/SITE"), 200), (admin("GET", f"{SITES}/nowhere"), 404)),
    f"PUT {SITES}/{{site}}": (
        (admin("PUT", f"{SITES}/SITE", site_document("SITE")), 200),
        (admin("PUT", f"{SITES}/SITE", {"site": "SITE"}), 422),
    ),
    f"DELETE {SITES}/{{site}}": ((put_and_delete, 204), (admin("DELETE", f"{SITES}/nowhere"), 404)),
    f"GET {SITES}/{{site}}/versions": (
        (admin("GET", f"{SITES}/SITE/versions"), 200),
        (admin("GET", f"{SITES}/nowhere/versions"), 404),
    ),
    f"GET {SITES}/{{site}}/grant-keys": (
        (admin("GET", f"{SITES}/SITE/grant-keys"), 200),
        (admin("GET", f"{SITES}/none/grant-keys"), 404),
    ),
    f"PUT {SITES}/{{site}}/articles": (
        (admin("PUT", f"{SITES}/SITE/articles", [{"id": "0", "title": "Carnival opens"}]), 200),
        (admin("PUT", f"{SITES}/SITE/articles", [{}]), 422),
    ),
    f"PUT {SITES}/{{site}}/secrets/{{name}}": (
        (admin("PUT", f"{SITES}/SITE/secrets/stripe", {"value": SECRET}), 204),
        (admin("PUT", f"{SITES}/SITE/secrets/stripe", {}), 422),
    ),
    f"GET {SITES}/{{site}}/usage": (
        (admin("GET", f"{SITES}/SITE/usage?from=PERIOD&by=month"), 200),
        (admin("GET", f"{SITES}/SITE/usage?by=hour"), 422),
    ),
    f"GET {SITES}/{{site}}/report": (
        (admin("GET", f"{SITES}/SITE/report?period=PERIOD"), 200),
        (admin("GET", f"{SITES}/SITE/report"), 422),
    ),
    f"PUT {SITES}/{{site}}/entitlements": (
        (csv("SITE", "subject,plan,valid_from,valid_until\neva,Patron,,\n"), 200),
        (csv("SITE", "subject\neva\n"), 422),
    ),
    f"PUT {SITES}/{{site}}/entitlements/{{subject}}": (
        (admin("PUT", f"{SITES}/SITE/entitlements/a@example.com", {"plan": "Patron"}), 201),
        (admin("PUT", f"{SITES}/SITE/entitlements/a@example.com", {"until": None}), 422),
    ),
    f"GET {SITES}/{{site}}/entitlements/{{subject}}": (
        (admin("GET", f"{SITES}/SITE/entitlements/b@example.com"), 200),
        (admin("GET", f"{SITES}/SITE/entitlements/~"), 422),
    ),
    f"DELETE {SITES}/{{site}}/entitlements/{{subject}}": (
        (
            after(
                admin("PUT", f"{SITES}/SITE/entitlements/c@example.com", {}),
                admin("DELETE", f"{SITES}/SITE/entitlements/c@example.com"),
            ),
            204,
        ),
        (admin("DELETE", f"{SITES}/SITE/entitlements/d@example.com"), 404),
    ),
    f"POST {SITES}/{{site}}/explain": (
        (admin("POST", f"{SITES}/SITE/explain", {"article": "a", "subject": "a@example.com"}), 200),
        (admin("POST", f"{SITES}/SITE/explain", {"article": "a", "address": "here"}), 422),
    ),
    f"GET {SITES}/{{site}}/readers/{{subject}}": (
        (admin("GET", f"{SITES}/SITE/readers/a@example.com"), 200),
        (admin("GET", f"{SITES}/SITE/readers/~"), 422),
    ),
    f"DELETE {SITES}/{{site}}/readers/{{subject}}": (
        (admin("DELETE", f"{SITES}/SITE/readers/a@example.com"), 204),
        (admin("DELETE", f"{SITES}/nowhere/readers/a@example.com"), 404),
    ),
    f"POST {SITES}/{{site}}/readers/{{subject}}/reset": (
        (admin("POST", f"{SITES}/SITE/readers/a@example.com/reset"), 200),
        (admin("POST", f"{SITES}/nowhere/readers/a@example.com/reset"), 404),
    ),
    f"PUT {SITES}/{{site}}/readers/{{subject}}/bonus": (
        (admin("PUT", f"{SITES}/SITE/readers/a@example.com/bonus", {"meter": "default", "reads": 3}), 200),
        (admin("PUT", f"{SITES}/SITE/readers/a@example.com/bonus", {"meter": "none", "reads": 3}), 422),
    ),
    f"PUT {PRINCIPALS}/{{name}}": (
        (admin("PUT", f"{PRINCIPALS}/bia@SITE", {"sites": ["SITE"]}), 200),
        (admin("PUT", f"{PRINCIPALS}/bia@SITE", {"sites": ["*"]}), 422),
    ),
    f"GET {PRINCIPALS}/{{name}}": (
        (after(admin("PUT", f"{PRINCIPALS}/ana@SITE", {"sites": []}), admin("GET", f"{PRINCIPALS}/ana@SITE")), 200),
        (admin("GET", f"{PRINCIPALS}/~"), 422),
    ),
    f"DELETE {PRINCIPALS}/{{name}}": (
        (after(admin("PUT", f"{PRINCIPALS}/eva@SITE", {"sites": []}), admin("DELETE", f"{PRINCIPALS}/eva@SITE")), 204),
        (admin("DELETE", f"{PRINCIPALS}/nobody@SITE"), 404),
    ),
    f"POST {SITES}/{{site}}/replay": (
        (admin("POST", f"{SITES}/SITE/replay?period=PERIOD", site_document("SITE")), 200),
        (admin("POST", f"{SITES}/SITE/replay?period=PERIOD", {"site": "SITE"}), 422),
    ),
    f"GET {EXPORTS}": ((admin("GET", f"{EXPORTS}?site=SITE"), 200), (admin("PUT", EXPORTS, {}), 404)),
    f"POST {EXPORTS}": (
        (admin("POST", EXPORTS, {"site": "SITE", "period": "PERIOD"}), 202),
        (admin("POST", EXPORTS, {"site": "SITE", "period": "2999-01"}), 422),
    ),
    f"GET {EXPORTS}/{{id}}": ((admin("GET", f"{EXPORTS}/EXPORT"), 200), (admin("GET", f"{EXPORTS}/nothing"), 404)),
    f"POST {EXPORTS}/{{id}}/verification": (
        (admin("POST", f"{EXPORTS}/EXPORT/verification"), 202),
        (admin("POST", f"{EXPORTS}/nothing/verification"), 404),
    ),
    f"GET {EXPORTS}/{{id}}/verification": (
        (admin("GET", f"{EXPORTS}/EXPORT/verification"), 200),
        (admin("GET", f"{EXPORTS}/nothing/verification"), 404),
    ),
}


@pytest.fixture(scope="session")
def paper(deployment: Deployment) -> str:
    """A site, by its id."""
    document = site_document(fresh_id())
    deployment.api.publish(document)
    return str(document["site"])


@pytest.fixture(scope="session")
def verified(deployment: Deployment, export: dict[str, Any]) -> dict[str, Any]:
    """The export, once its verification was asked for."""
    assert deployment.api.admin("POST", f"{EXPORTS}/{export['export_id']}/verification").status == 202
    return export


def test_both_apis_have_the_templates_routes(deployment: Deployment) -> None:
    client = deployment.client("apigatewayv2")
    made = {
        (api, route["RouteKey"], route["AuthorizationType"])
        for api in ("PublicApi", "AdminApi")
        for route in client.get_routes(ApiId=deployment.names[api])["Items"]
    }
    assert made == {(route.api, route.key, route.authorizer or "NONE") for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.key)
def test_a_route_answers_a_right_and_a_wrong_request(
    deployment: Deployment, paper: str, verified: dict[str, Any], route: Route
) -> None:
    assert route.key in CALLS, f"template.yaml has a new route: give {route.key} a right and a wrong request here"
    for ask, status in CALLS[route.key]:
        answer = ask(deployment.api, paper, verified)
        assert answer.status == status, answer.body
        if status in (401, 404, 422) and answer.headers["content-type"] == "application/problem+json":
            assert answer.json["status"] == status


@pytest.mark.parametrize("route", [route for route in ROUTES if route.authorizer], ids=lambda route: route.key)
def test_a_route_of_the_admin_api_is_closed_to_who_does_not_sign(deployment: Deployment, route: Route) -> None:
    named = {"site": "riotimes", "id": "riotimes_2026-11", "subject": "user-1", "name": "bia"}
    path = route.path.format(**named)
    unsigned = Api(deployment.address("AdminApi"))
    for headers in ({}, {"authorization": "Bearer local-admin"}, {"authorization": "Bearer local-admin:riotimes"}):
        assert unsigned.call(route.method, path, None, headers).status == 403


def test_a_route_of_the_admin_api_is_not_on_the_public_one(deployment: Deployment) -> None:
    assert deployment.api.call("GET", SITES, None, {"authorization": "Bearer local-admin"}).status == 404
    public = deployment.address("PublicApi")
    signed = deployment.api.sign("GET", public + SITES, None, {})
    assert deployment.api.call("GET", SITES, None, signed).status == 404


def somebody(deployment: Deployment, name: str, *allowed: str) -> Api:
    """A person of the same account, who may call the APIs that are named and do nothing else."""
    iam = deployment.client("iam")
    iam.create_user(UserName=name)
    if allowed:
        apis = [f"arn:aws:execute-api:us-east-1:000000000000:{deployment.names[api]}/*" for api in allowed]
        statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": apis}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="calls", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return deployment.signed_by(aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])


def test_a_principal_needs_leave_to_call_the_admin_api(deployment: Deployment) -> None:
    assert somebody(deployment, "stranger").admin("GET", SITES).status == 403
    assert somebody(deployment, "page", "PublicApi").admin("GET", SITES).status == 403
    assert somebody(deployment, "editor", "AdminApi").admin("GET", SITES).status == 200


def test_a_signature_by_another_key_is_refused(deployment: Deployment) -> None:
    forged = deployment.signed_by(aws_access_key_id="AKIAUNKNOWNUNKNOWN00", aws_secret_access_key="x")
    assert forged.admin("GET", SITES).status == 403


def test_a_page_of_the_site_may_read_the_answer_and_a_foreign_one_only_why_not(
    deployment: Deployment, paper: str
) -> None:
    ours = read(deployment.api, paper)
    assert (ours.headers["access-control-allow-origin"], ours.headers["vary"]) == (ORIGIN, "Origin")
    theirs = deployment.api.post({"site": paper, "article": "a"}, origin="https://evil.example")
    assert (theirs.status, theirs.headers["access-control-allow-origin"]) == (403, "*")
    assert theirs.headers["content-type"] == "application/problem+json"


def invoked(deployment: Deployment, route: Route, method: str, body: Any = None, **given: Any) -> dict[str, Any]:
    """What the deployed function answers to API Gateway's event, by Lambda's Invoke."""
    event = {
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": route.path,
        "requestContext": {
            "http": {"method": method, "path": route.path, "sourceIp": "192.0.2.1"},
            "requestId": "invoked",
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
        **given,
    }
    asked = deployment.client("lambda").invoke(
        FunctionName=deployment.names[route.function], Qualifier="live", Payload=json.dumps(event)
    )
    answer: dict[str, Any] = json.loads(asked["Payload"].read())
    return answer


def test_a_dry_run_is_told_by_the_exports_function_what_it_does_to_readers(deployment: Deployment, paper: str) -> None:
    rehearsed = deployment.api.admin("PUT", f"{SITES}/{paper}?dry_run=true", site_document(paper)).json
    assert [line["meter"] for line in rehearsed["effect"]["meters"]] == ["default"]
    assert rehearsed["warnings"] == []


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "ANY"], ids=lambda route: route.path)
def test_a_preflight_is_answered_by_the_deployed_function(deployment: Deployment, route: Route) -> None:
    """Not over HTTP: ministack's API answers preflights itself, API Gateway only with a CorsConfiguration."""
    asked = {"origin": ORIGIN, "access-control-request-method": "POST"}
    answer = invoked(deployment, route, "OPTIONS", headers=asked)
    assert (answer["statusCode"], answer["headers"]["access-control-allow-origin"]) == (204, "*")


def test_the_cookie_of_the_own_path_comes_and_is_read(deployment: Deployment, paper: str) -> None:
    """It is read from `cookies` of the event, where API Gateway puts it: ministack leaves it among the headers."""
    headers = {"sec-fetch-site": "same-origin", "origin": ORIGIN}
    view = {"site": paper, "article": "first"}
    first = deployment.api.call("POST", "/v1/views", view, headers)
    [cookie] = first.headers.get_all("set-cookie", [])
    assert cookie.startswith(f"readmeter_{paper}=")
    [route] = [route for route in ROUTES if route.path == "/v1/views"]
    second = {**view, "article": "second"}
    answer = invoked(deployment, route, "POST", second, headers=headers, cookies=[cookie.split(";")[0]])
    assert json.loads(answer["body"])["used"] == 2


def test_bodies_in_base64_are_read_and_sent(deployment: Deployment, paper: str) -> None:
    headers = {"content-type": "application/octet-stream", "origin": ORIGIN}
    sent = deployment.api.call("POST", "/v1/views", {"site": paper, "article": "é"}, headers)
    assert sent.json["reason"] == "metered"
    packed = deployment.api.call("GET", "/v1/snippet.js", None, {"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == deployment.api.call("GET", "/v1/snippet.js").body
