"""Writes the API's description, openapi.json, and its page, docs.html, into the snippet function's assets.

`PYTHONPATH=shared python -m tools.openapi`. Schemas come from the models that the service validates with.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from readmeter import __version__
from readmeter.core.tokens import MOST_SUBJECT_BYTES
from readmeter.sites.document import SiteDocument
from readmeter.staff.entitlement import GivenEntitlement
from readmeter.staff.principals import MOST_NAME_BYTES, Scope
from readmeter.staff.readers import GivenBonus
from readmeter.staff.secrets import NAMES, SecretValue
from readmeter.usage.request import NewExport
from tools import bodies
from tools.docs_page import page

ASSETS = Path(__file__).parent.parent / "functions" / "snippet" / "assets"
MODELS: tuple[type[BaseModel], ...] = (
    bodies.ViewRequest,
    bodies.Decision,
    bodies.Report,
    bodies.Reported,
    bodies.KnownReader,
    bodies.GiftRequest,
    bodies.Gift,
    SiteDocument,
    bodies.Written,
    bodies.Sites,
    bodies.Versions,
    bodies.GrantKeys,
    bodies.NamedArticles,
    bodies.StoredArticles,
    bodies.Usage,
    bodies.MonthReport,
    bodies.Replay,
    NewExport,
    bodies.StartedExport,
    bodies.Exports,
    bodies.Export,
    bodies.Verification,
    GivenEntitlement,
    bodies.KnownEntitlement,
    bodies.ReadFile,
    bodies.RefusedFile,
    GivenBonus,
    bodies.ReaderByStaff,
    bodies.ViewToExplain,
    bodies.Explained,
    Scope,
    bodies.WrittenScope,
    SecretValue,
    bodies.StripeEvent,
    bodies.Received,
    bodies.SnippetFile,
    bodies.Health,
    bodies.Problem,
)

DESCRIPTION = """Readmeter counts the free articles of each reader and says what to show. \
A page needs only the script tag; this describes what the script talks to, and how staff keep the site document.

Errors are problem documents (RFC 9457). A `pointer` names each wrong field, its `detail` says what is allowed. \
What API Gateway answers by itself has the form `{"message": …}`.
"""
TAGS = [
    {
        "name": "Reader API",
        "description": "Public. `OPTIONS` answers any origin; answers name the site's exact origin "
        "(`Access-Control-Allow-Origin`, `Vary: Origin`). A request without Origin is accepted; a foreign one is 403, "
        "and nothing is counted.",
    },
    {"name": "Files", "description": "Public, the same for everybody, compressed where the caller accepts gzip."},
    {
        "name": "Webhooks",
        "description": "For payment services, which sign what they send with the site's secret. No CORS.",
    },
    {
        "name": "Admin API",
        "description": "For staff and machines, on an address of its own: `AdminUrl` for requests signed with AWS "
        "credentials, `StaffUrl` for tokens of `OidcIssuer` (locally on the same as all else). A caller whose scope is "
        "some sites sees and changes those only, in lists too; any other is 403, whether it exists or not. No CORS.",
    },
]

DOCUMENT_EXAMPLE = {
    "site": "riotimes",
    "name": "The Rio Times",
    "origins": ["https://www.riotimesonline.com"],
    "timezone": "America/Sao_Paulo",
    "meters": [
        {
            "name": "markets",
            "limits": {"anonymous": 1},
            "match": {"sections": ["markets"]},
            "pool": "default",
        },
        {"name": "default", "limits": {"anonymous": 5, "registered": 10}, "period": {"unit": "month"}},
    ],
    "exempt": {"sections": ["obituaries"], "tags": ["public-service"], "paths": ["/about/*"]},
    "prompt": {
        "subscribe_url": "https://www.riotimesonline.com/subscribe?back={return_url}",
        "register_url": "https://www.riotimesonline.com/register",
    },
}
EVENT_EXAMPLE = {
    "kind": "subscribe_clicked",
    "article": "https://www.riotimesonline.com/brazil/carnival-opens",
    "at": "2026-11-22T12:00:00Z",
}
REPORT_EXAMPLE = {"site": "riotimes", "reader": "<token>", "events": [EVENT_EXAMPLE]}
READER_EXAMPLE = {
    "site": "riotimes",
    "meters": [
        {
            "meter": "default",
            "limit": 5,
            "used": 1,
            "remaining": 4,
            "resets_at": "2026-12-01T00:00:00-03:00",
            "articles": ["9bYlRkqWQ3OVb3nIc0mX2g"],
        }
    ],
}
GIFT_REQUEST_EXAMPLE = {
    "site": "riotimes",
    "identity": "<JWT>",
    "article": "https://www.riotimesonline.com/brazil/carnival-opens",
}
GIFT_EXAMPLE = {
    "url": "https://www.riotimesonline.com/brazil/carnival-opens?gift=0.9bYl",
    "expires_at": "2026-11-27T12:00:00Z",
    "remaining": 9,
}
VIEW_EXAMPLE = {
    "site": "riotimes",
    "url": "https://www.riotimesonline.com/brazil/carnival-opens",
    "seed": "hWJ0mP3cR2yQ9sVx7uK1Zw",
    "sections": ["brazil"],
    "locale": "en",
}
DECISION_EXAMPLE = {
    "access": "granted",
    "reason": "metered",
    "meter": "default",
    "limit": 5,
    "used": 1,
    "remaining": 4,
    "resets_at": "2026-12-01T00:00:00-03:00",
    "article": "9bYlRkqWQ3OVb3nIc0mX2g",
    "reader": "<token to keep>",
    "state": "<signed state to keep>",
    "grant": "<signed grant>",
    "rule": {"version": 3, "name": "default"},
    "warnings": [],
    "prompt": {
        "kind": "countdown",
        "lang": "en",
        "dir": "ltr",
        "message": "You have 4 free articles remaining. Subscribe for unlimited access.",
        "actions": [{"kind": "subscribe", "label": "Subscribe", "url": "https://www.riotimesonline.com/subscribe"}],
        "dismissible": True,
        "close_label": "Close",
        "redirect_url": None,
        "position": "bottom",
        "colors": {"background": "#cc0000", "text": "#ffffff"},
        "links": [],
    },
}
WRITTEN_EXAMPLE = {
    "site": "riotimes",
    "version": 3,
    "warnings": [{"pointer": "/prompt/colors", "detail": "Contrast is 3.1:1; text is hard to read below 4.5:1."}],
    "differences": [
        {"path": "/meters/default/limits/anonymous", "from": 5, "to": 3, "in_force": "2026-11-22T09:00:00-03:00"},
        {"path": "/meters/default/period/unit", "from": "month", "to": "week", "in_force": "2026-12-01T00:00:00-03:00"},
    ],
}
REHEARSED_EXAMPLE = WRITTEN_EXAMPLE | {
    "effect": {
        "meters": [{"meter": "default", "readers": 4210, "walled_before": 312, "walled_now": 1180}],
        "notes": [
            "Who has a bonus or is entitled is not known here: at the limit they may be told as walled, and read on."
        ],
        "complete_until": "2026-11-22T11:45:00Z",
    },
}
GRANT_KEYS_EXAMPLE = {
    "site": "riotimes",
    "soft_grants": False,
    "keys": [
        {
            "kty": "oct",
            "kid": "1",
            "alg": "HS256",
            "k": "bGV0IG5vYm9keSBrbm93IHRoaXMgb25lOiBpdCBpcyA",
            "expires": None,
        }
    ],
}
PROBLEM_EXAMPLE = {
    "type": "about:blank",
    "title": "Unprocessable Entity",
    "status": 422,
    "detail": "The site document has fields that are not as they should be.",
    "errors": [{"pointer": "/prompt/position", "detail": "must be 'bottom' or 'top'"}],
}

PROBLEMS = {
    304: "The caller has it (`If-None-Match`).",
    400: "The body is not UTF-8, JSON or YAML, or nested too deeply; or it is not what Stripe signed.",
    401: "The reader's token, or the identity of who gives, is missing or not genuine.",
    403: "The caller, or the page's origin, may not.",
    404: "There is no such site, version, export or route; or the site has no gifts, or no secret of that name.",
    405: "The path knows other methods: see `Allow`.",
    409: "The site was deleted, and its id stays taken; or all gifts of the month are given.",
    412: "The site is not at the version that `If-Match` names, or is there where `If-None-Match` says that it is new.",
    413: "The body is too large.",
    422: "Fields are wrong: each is named.",
    429: "The reader's network asks for this site too often: retry after `Retry-After` seconds.",
    503: "The store cannot answer: retry after `Retry-After` seconds.",
}

Json = dict[str, Any]


class _Schemas(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - a name in title case says nothing new
        return False


def document() -> Json:
    """The OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Readmeter",
            "version": __version__,
            "summary": "A metered paywall as a service",
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": TAGS,
        "paths": {
            **_reader_paths(),
            **_file_paths(),
            **_webhook_paths(),
            **_admin_paths(),
            **_usage_paths(),
            **_export_paths(),
            **_secret_paths(),
            **_principal_paths(),
            **_entitlement_paths(),
            **_staff_reader_paths(),
            **_explain_paths(),
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "aws": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                    "description": "Deployed: the request is signed with AWS credentials (Signature Version 4, "
                    "service `execute-api`).",
                },
                "reader": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The `reader` of an earlier answer; on the publisher's own path also its cookie.",
                },
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "Deployed with `OidcIssuer`, on an address of its own: a token of that issuer. Its "
                    "claim `sites` names the sites in scope.",
                },
                "local": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "On the local service only: `local-admin`, or `local-admin:<site>` for one site.",
                },
            },
        },
    }


def files() -> dict[Path, str]:
    """What is generated: each file's path and text."""
    described = document()
    return {
        ASSETS / "openapi.json": json.dumps(described, ensure_ascii=False, indent=1) + "\n",
        ASSETS / "docs.html": page(described),
    }


def _schemas() -> Json:
    modes: Any = [(model, "validation") for model in MODELS]
    _, definitions = models_json_schema(modes, ref_template="#/components/schemas/{model}", schema_generator=_Schemas)
    schemas: Json = definitions["$defs"]
    for schema in schemas.values():
        del schema["title"]
    schemas["SiteDocument"]["examples"] = [DOCUMENT_EXAMPLE]
    return dict(sorted(schemas.items()))


def _reader_paths() -> Json:
    body = _json_or_text("ViewRequest", VIEW_EXAMPLE)
    decided = _ok("The decision, whatever it is.", "Decision", DECISION_EXAMPLE)
    refused = _problems(400, 403, 404, 405, 413, 422, 429, 503)
    access = DECISION_EXAMPLE | {
        "used": 0,
        "remaining": 5,
        "reader": None,
        "state": None,
        "grant": None,
        "prompt": None,
    }
    return {
        "/v1/views": {
            "post": {
                **_about("Reader API", "view", "Decide a view and count it"),
                "description": "Counts an article once per period, however often it is retried. "
                "Checks run in this order, each before any write: 413, 400, 422, 404, 403, 429. "
                "Where the request is same-origin (`Sec-Fetch-Site`), the token is also set as a cookie.",
                "requestBody": body,
                "responses": {"200": decided, **refused},
            }
        },
        "/v1/access": {
            "post": {
                **_about("Reader API", "access", "Ask what a view would be answered"),
                "description": "The decision that /v1/views would take now. Nothing is written or minted: "
                "`state`, `grant` and `prompt` are null.",
                "requestBody": body,
                "responses": {"200": _ok("The decision, whatever it is.", "Decision", access), **refused},
            }
        },
        "/v1/reader": {
            "parameters": [
                {
                    "name": "site",
                    "in": "query",
                    "required": True,
                    "description": "The site's id",
                    "schema": {"type": "string", "minLength": 1},
                    "example": "riotimes",
                }
            ],
            "get": {
                **_about("Reader API", "getReader", "What is known of the reader"),
                "responses": {"200": _ok("Of the bearer.", "KnownReader", READER_EXAMPLE), **_reader_problems()},
                "security": [{"reader": []}],
            },
            "delete": {
                **_about("Reader API", "eraseReader", "Erase the reader"),
                "description": "What was read is forgotten. The allowance stays spent until the period ends, without "
                "personal data: an article that is opened again counts again. What is invoiced does not change. "
                "Throw the state away too: one that is kept still repeats what it holds. Keep token and seed, which "
                "say nothing about anybody: without them the next view would be a new reader's. The cookie of the "
                "publisher's own path stays for the same reason.",
                "responses": {"204": {"description": "Done, or nothing was known."}, **_reader_problems()},
                "security": [{"reader": []}],
            },
        },
        "/v1/events": {
            "post": {
                **_about("Reader API", "report", "Report what happened on a page"),
                "description": "Never counted and never billed. At most 200 of a reader and day are kept, each once; "
                "what is above is dropped without a word.",
                "requestBody": _json_or_text("Report", REPORT_EXAMPLE),
                "responses": {"202": _ok("Taken.", "Reported", {"accepted": 1}), **refused},
            }
        },
        "/v1/gifts": {
            "post": {
                **_about("Reader API", "give", "Give an article away"),
                "description": "Of a subscriber any article; of a registered reader one that is counted in the current "
                "period. Given again it is the same gift, with a fresh link. 404 too where the site has no gifts.",
                "requestBody": _json_or_text("GiftRequest", GIFT_REQUEST_EXAMPLE),
                "responses": {"201": _ok("Given.", "Gift", GIFT_EXAMPLE), **refused, **_problems(401, 409)},
            }
        },
    }


def _reader_problems() -> Json:
    return _problems(401, 403, 404, 405, 422, 429, 503)


def _json_or_text(schema: str, example: Json) -> Json:
    text = {"type": "string", "contentMediaType": "application/json", "contentSchema": _ref(schema)}
    return {
        "required": True,
        "description": "At most 8 KB. `text/plain` is read as JSON too: a browser sends it without a preflight.",
        "content": {"application/json": {"schema": _ref(schema), "example": example}, "text/plain": {"schema": text}},
    }


def _file_paths() -> Json:
    script = {"text/javascript": {"schema": {"type": "string"}}}
    integrity = {
        "file": "snippet-6fc1a2d34f.js",
        "integrity": "sha384-J5qauw8hTfkpmOdR5jAbloELOTMWKH/3+NziD0517rik8JGje2bjvJwEbIyO48Oq",
    }
    return {
        "/v1/snippet.js": _file("snippet", "The script that pages load", script, "Kept for an hour."),
        "/v1/snippet.json": _file(
            "snippetFile", "The script's released file and its hash", _body("SnippetFile", integrity)
        ),
        "/v1/{asset}": {
            "parameters": [
                {
                    "name": "asset",
                    "in": "path",
                    "required": True,
                    "description": "A name that snippet.json or the script itself gave",
                    "schema": {"type": "string", "pattern": "^[a-z]+-[0-9a-f]{10}\\.js$"},
                    "example": integrity["file"],
                }
            ],
            **_file("release", "A released script file, the same for ever", script, "Immutable.", _problems(404)),
        },
        "/v1/health": {
            "get": {
                **_about("Files", "health", "Whether the service runs"),
                "responses": {"200": _ok("It does.", "Health", {"status": "ok", "version": __version__})},
            }
        },
        "/v1/openapi.json": _file("openapi", "This description", {"application/json": {"schema": {"type": "object"}}}),
        "/v1/docs": _file("docs", "This description as a page", {"text/html": {"schema": {"type": "string"}}}),
    }


def _file(operation: str, summary: str, content: Json, caching: str = "", more: Json | None = None) -> Json:
    found = {"description": f"The file. {caching}".strip(), "headers": {"ETag": _string()}, "content": content}
    responses = {"200": found, "304": {"description": PROBLEMS[304]}, **(more or {})}
    return {"get": {**_about("Files", operation, summary), "responses": responses}}


def _webhook_paths() -> Json:
    event = {
        "id": "evt_1RzQ2bLkdIwHu7ix",
        "type": "customer.subscription.updated",
        "created": 1795348800,
        "data": {"object": {"id": "sub_1", "customer": "cus_1", "status": "active"}},
    }
    refused = _problems(400, 404, 413, 422, 503)
    refused["400"]["description"] = (
        "`Stripe-Signature` is not of this body, by this site's secret, of the last 5 minutes."
    )
    refused["404"]["description"] = "There is no such site, or it has no secret: see `PUT …/secrets/stripe`."
    return {
        "/v1/webhooks/stripe/{site}": {
            "parameters": [_site_in_path()],
            "post": {
                **_about("Webhooks", "stripe", "Take in an event of Stripe's"),
                "description": "What it says of a subscription is kept with the reader's account before the answer. "
                "Events may come in any order and any number of times. Anything but a 200 is sent again by Stripe.",
                "parameters": [
                    {
                        "name": "Stripe-Signature",
                        "in": "header",
                        "required": True,
                        "description": "As Stripe makes it: `t=<seconds>,v1=<HMAC-SHA-256 in hex>`",
                        "schema": {"type": "string"},
                    }
                ],
                "requestBody": {
                    "required": True,
                    "description": "At most 256 KB, of any content type. The signature is of these very bytes.",
                    "content": {"application/json": {"schema": _ref("StripeEvent"), "example": event}},
                },
                "responses": {"200": _ok("Taken in, or passed over.", "Received", {"received": True}), **refused},
            },
        },
    }


def _secret_paths() -> Json:
    name = {
        "name": "name",
        "in": "path",
        "required": True,
        "description": "Whose secret it is",
        "schema": {"type": "string", "enum": list(NAMES)},
        "example": NAMES[0],
    }
    value = {"value": "whsec_5WbXo2xTgGdXyH0Q8dQ1rQ2sT3uV4wX5"}
    return {
        "/v1/admin/sites/{site}/secrets/{name}": {
            "parameters": [_site_in_path(), name],
            "put": _staff(
                "putSecret",
                "Tell a payment service's secret",
                {"204": {"description": "Kept, in place of any before."}, **_problems(400, 403, 404, 413, 422, 503)},
                description="Holds at once. It is kept in AWS Secrets Manager; nothing reads it back.",
                requestBody={
                    "required": True,
                    "description": "At most 8 KB.",
                    "content": {"application/json": {"schema": _ref("SecretValue"), "example": value}},
                },
            ),
        },
    }


def _admin_paths() -> Json:
    site = _site_in_path()
    version = {
        "name": "version",
        "in": "query",
        "description": "This version instead of the live one, also of a deleted site",
        "schema": {"type": "integer", "minimum": 1, "maximum": 999999999},
    }
    if_match = {
        "name": "If-Match",
        "in": "header",
        "description": "ETags of which one has to be the site's (`*`: any): else 412, and nothing is written",
        "schema": {"type": "string"},
        "example": '"3"',
    }
    if_none_match = {
        "name": "If-None-Match",
        "in": "header",
        "description": "`*`: only a new site is written; where there is one 412, and nothing is written. "
        "An ETag there guards no write",
        "schema": {"type": "string"},
        "example": "*",
    }
    either = _document_content()
    listed = {"site": "riotimes", "version": 3, "written_at": "2026-11-22T12:00:00Z"}
    versions = {"version": 3, "written_at": "2026-11-22T12:00:00Z", "written_by": "arn:aws:iam::123456789012:user/ana"}
    return {
        "/v1/admin/sites": {
            "get": _staff(
                "listSites",
                "List the sites",
                {"200": _ok("The caller's sites, by id.", "Sites", {"sites": [listed]}), **_problems(403, 503)},
            )
        },
        "/v1/admin/sites/{site}": {
            "parameters": [site],
            "get": _staff(
                "getSite",
                "Read a site document",
                {
                    "200": {
                        "description": "The whole document, its defaults filled in. PUT takes it back as it is.",
                        "headers": {"ETag": _string()},
                        "content": either,
                    },
                    **_problems(403, 404, 422, 503),
                },
                parameters=[version],
            ),
            "put": _staff(
                "putSite",
                "Write a site document",
                {
                    "200": _ok(
                        "A new version, or a dry run's answer (as here).", "Written", REHEARSED_EXAMPLE, etag=True
                    ),
                    "201": _ok(
                        "A new site.", "Written", WRITTEN_EXAMPLE | {"version": 1, "differences": []}, etag=True
                    ),
                    **_problems(400, 403, 404, 409, 412, 413, 422, 503),
                },
                parameters=[_dry_run(), if_match, if_none_match],
                description="Every PUT is a new immutable version, in force within 10 seconds. A change of `timezone`, "
                "of `retention`, or of a meter's `period`, `count`, `pool` or name takes force at the site's next "
                "month; `differences` says when each does.",
                requestBody={
                    "required": True,
                    "description": "JSON or YAML (1.2, without anchors, aliases and tags), at most 64 KB.",
                    "content": either,
                },
            ),
            "delete": _staff(
                "deleteSite",
                "End a site",
                {"204": {"description": "Its views answer 404 from now on."}, **_problems(403, 404, 412, 503)},
                parameters=[if_match],
                description="Versions and usage stay; the id is never free again.",
            ),
        },
        "/v1/admin/sites/{site}/grant-keys": {
            "parameters": [site],
            "get": _staff(
                "grantKeys",
                "Read the keys of a site's grants",
                {"200": _ok("For the verifier alone.", "GrantKeys", GRANT_KEYS_EXAMPLE), **_problems(403, 404, 503)},
                description="What withholds articles' text until a grant verifies reads it every few minutes, so that "
                "a rotation arrives.",
            ),
        },
        "/v1/admin/sites/{site}/versions": {
            "parameters": [site],
            "get": _staff(
                "listVersions",
                "List a site's versions",
                {"200": _ok("Newest first.", "Versions", {"versions": [versions]}), **_problems(403, 404, 503)},
            ),
        },
    }


def _dry_run() -> Json:
    return {
        "name": "dry_run",
        "in": "query",
        "description": "`true`: answer the same and write nothing",
        "schema": {"type": "boolean", "default": False},
    }


def _site_in_path() -> Json:
    return {
        "name": "site",
        "in": "path",
        "required": True,
        "description": "The site's id",
        "schema": {"type": "string", "pattern": "^[a-z0-9-]{3,40}$"},
        "example": "riotimes",
    }


def _usage_paths() -> Json:
    articles = {"articles": [{"id": "carnival-opens", "title": "Carnival opens", "section": "brazil"}]}
    row = {
        "period": "2026-11-22",
        "meter": "default",
        "reader_class": "anonymous",
        "decision": "metered",
        "billable": True,
        "quantity": 6140,
        "unique_readers": 3207,
    }
    usage = {
        "site": "riotimes",
        "from": "2026-11-01",
        "to": "2026-12-01",
        "by": "day",
        "rows": [row],
        "complete_until": "2026-11-22T11:45:00Z",
    }
    return {
        "/v1/admin/sites/{site}/articles": {
            "parameters": [_site_in_path()],
            "put": _staff(
                "putArticles",
                "Name articles, for reports",
                {
                    "200": _ok("Written, over what was there.", "StoredArticles", {"site": "riotimes", "stored": 1}),
                    **_problems(400, 403, 404, 413, 422, 503),
                },
                description="The meter knows articles by digest alone. Other articles keep the labels that they have.",
                requestBody={
                    "required": True,
                    "description": "At most 500 articles, each once, and 1 MB; the list alone is accepted too.",
                    "content": {"application/json": {"schema": _ref("NamedArticles"), "example": articles}},
                },
            ),
        },
        "/v1/admin/sites/{site}/usage": {
            "parameters": [_site_in_path()],
            "get": _staff(
                "usage",
                "Add up what was read",
                {"200": _ok("In order of the period.", "Usage", usage), **_problems(403, 404, 422, 503)},
                parameters=[
                    _period_asked("from", "First date or month; else the first of the last month asked for"),
                    _period_asked("to", "The date or month after the last, 1 to 400 days after `from`; else tomorrow"),
                    {
                        "name": "by",
                        "in": "query",
                        "description": "A row per date or per month, and per meter, class, decision",
                        "schema": {"type": "string", "enum": ["day", "month"], "default": "day"},
                    },
                ],
                description="Of a deleted site too. Dates are on the site's calendar.",
            ),
        },
        "/v1/admin/sites/{site}/report": {
            "parameters": [_site_in_path()],
            "get": _staff(
                "report",
                "Tell a month for people",
                {"200": _ok("As data.", "MonthReport"), **_problems(403, 404, 422, 503)},
                parameters=[_month_asked("A month that has begun")],
            ),
        },
        "/v1/admin/sites/{site}/replay": {
            "parameters": [_site_in_path()],
            "post": _staff(
                "replay",
                "Run a month's reads against a proposed document",
                {
                    "200": _ok("Before against after.", "Replay", _replayed()),
                    **_problems(400, 403, 404, 413, 422, 503),
                },
                parameters=[_month_asked("A month that has begun, whose reads are all still kept")],
                description="As if the document had been in force all along. Nothing is written.",
                requestBody={
                    "required": True,
                    "description": "The document, as PUT takes it: JSON or YAML, at most 64 KB.",
                    "content": _document_content(),
                },
            ),
        },
    }


def _replayed() -> Json:
    line = {
        "meter": "default",
        "reader_class": "anonymous",
        "reads": 12840,
        "readers": 4210,
        "granted": 11120,
        "walled": 1720,
        "readers_walled": 905,
        "readers_at_limit_before": 312,
        "readers_at_limit_after": 1180,
    }
    return {
        "site": "riotimes",
        "period": "2026-11",
        "version": 3,
        "reads": 12840,
        "readers": 4210,
        "before": {"granted": 12840, "readers_at_limit": 312},
        "after": {"granted": 11120, "walled": 1720, "readers_walled": 905, "readers_at_limit": 1180},
        "meters": [line],
        "unknown": {"reads_without_section": 0},
        "notes": ["Lifts are not replayed: they are about days to come."],
    }


def _month_asked(description: str) -> Json:
    return {
        "name": "period",
        "in": "query",
        "required": True,
        "description": description,
        "schema": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"},
        "example": "2026-11",
    }


def _document_content() -> Json:
    return {
        "application/json": {"schema": _ref("SiteDocument"), "example": DOCUMENT_EXAMPLE},
        "application/yaml": {"schema": _ref("SiteDocument")},
    }


def _period_asked(name: str, description: str) -> Json:
    schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$"}
    return {"name": name, "in": "query", "description": description, "schema": schema, "example": "2026-11-01"}


def _export_paths() -> Json:
    export = {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "The export's id",
        "schema": {"type": "string", "pattern": "^[a-z0-9-]{3,40}_[0-9]{4}-[0-9]{2}(-[0-9]{2})?$"},
        "example": "riotimes_2026-11",
    }
    only_site = {
        "name": "site",
        "in": "query",
        "description": "Of this site alone",
        "schema": {"type": "string", "pattern": "^[a-z0-9-]{3,40}$"},
    }
    revision = {
        "name": "revision",
        "in": "query",
        "description": "This one, also while another is made; else the newest",
        "schema": {"type": "integer", "minimum": 1, "maximum": 999999},
    }
    asked = {"site": "riotimes", "period": "2026-11"}
    running = {"export_id": "riotimes_2026-11", "status": "running"}
    listed = {"export_id": "riotimes_2026-11", **asked, "status": "final", "revision": 31}
    file = {
        "name": "invoice.csv",
        "url": "https://…",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "bytes": 412,
        "rows": 2,
    }
    check = {"check": "files", "holds": True, "detail": "All 5 files are those that the manifest names."}
    proven = {"export_id": "riotimes_2026-11", "status": "done", "revision": 31, "holds": True, "checks": [check]}
    return {
        "/v1/admin/exports": {
            "get": _staff(
                "listExports",
                "List the exports",
                {"200": _ok("Those of the caller's sites.", "Exports", {"exports": [listed]})}
                | _problems(403, 404, 503),
                parameters=[only_site],
            ),
            "post": _staff(
                "createExport",
                "Make a month's or a day's export",
                {"202": _ok("It runs.", "StartedExport", running), **_problems(400, 403, 404, 413, 422, 503)},
                description="An unchanged ledger makes no new revision, and a final never changes. The schedule makes "
                "every export on its own: a day's when it has been over for an hour, a month's daily, its final 72 "
                "hours after its end.",
                requestBody={
                    "required": True,
                    "description": "At most 8 KB.",
                    "content": {"application/json": {"schema": _ref("NewExport"), "example": asked}},
                },
            ),
        },
        "/v1/admin/exports/{id}": {
            "parameters": [export],
            "get": _staff(
                "getExport",
                "Get an export's files",
                {
                    "200": _ok("With links to its files, unless it runs.", "Export", listed | {"files": [file]}),
                    **_problems(403, 404, 422, 503),
                },
                parameters=[revision],
            ),
        },
        "/v1/admin/exports/{id}/verification": {
            "parameters": [export],
            "get": _staff(
                "verification",
                "Read the last verification",
                {"200": _ok("Its result, when it is done.", "Verification", proven), **_problems(403, 404, 503)},
            ),
            "post": _staff(
                "verify",
                "Prove an export",
                {"202": _ok("It runs.", "StartedExport", running), **_problems(403, 404, 503)},
                description="Hashes, control totals, days against the month, and row for row against the meter items "
                "while these are kept.",
            ),
        },
    }


def _entitlement_paths() -> Json:
    given = {"plan": "Patron", "valid_from": "2026-11-01T00:00:00-03:00"}
    held = {
        "subject": "user-1842",
        "entitled": True,
        "manual": {"plan": "Patron", "valid_from": "2026-11-01T03:00:00Z", "valid_until": None},
        "subscriptions": [{"id": "sub_1", "status": "active", "plan": "monthly", "paid_until": "2026-12-20T12:00:00Z"}],
        "bonus": [{"meter": "default", "reads": 3, "until": "2026-12-01T03:00:00Z"}],
    }
    known = _ok("What is known of the reader.", "KnownEntitlement", held)
    read = {"site": "riotimes", "lines": 2, "written": 2, "bad": []}
    bad = {"line": 7, "column": "valid_until", "detail": "must be after valid_from"}
    file = "subject,plan,valid_from,valid_until\nuser-1842,Patron,2026-11-01T00:00:00-03:00,\n"
    return {
        "/v1/admin/sites/{site}/entitlements": {
            "parameters": [_site_in_path()],
            "put": _staff(
                "putEntitlements",
                "Entitle many readers",
                {
                    "200": _ok("Written, or a rehearsal's answer.", "ReadFile", read),
                    **_problems(400, 403, 404, 413, 503),
                    "422": {
                        "description": "The file has bad lines, and nothing of it is written; or the query is wrong.",
                        "content": {
                            "application/problem+json": {
                                "schema": _ref("RefusedFile"),
                                "example": {
                                    **PROBLEM_EXAMPLE,
                                    "detail": "The file has bad lines: nothing of it was written.",
                                    "errors": [],
                                    **read,
                                    "written": 0,
                                    "bad": [bad],
                                },
                            }
                        },
                    },
                },
                parameters=[_dry_run()],
                description="A line entitles its reader as PUT of one does. Who is not in it keeps what they have.",
                requestBody={  # without one the answer is as of an empty file
                    "description": "CSV in UTF-8 with a header that names the four columns, in any order; at most "
                    "5,000 readers, each once, and 1 MB. An empty cell is absent, a day is its first moment in UTC. "
                    "An empty file has one bad line: its header.",
                    "content": {"text/csv": {"schema": {"type": "string", "examples": [file]}}},
                },
            ),
        },
        "/v1/admin/sites/{site}/entitlements/{subject}": {
            "parameters": [_site_in_path(), _subject_in_path()],
            "get": _staff(
                "getEntitlement",
                "Read a reader's entitlement",
                {"200": known, **_problems(403, 404, 422, 503)},
                description="Of a reader of whom nothing is known too.",
            ),
            "put": _staff(
                "putEntitlement",
                "Entitle a reader",
                {
                    "200": known,
                    "201": _ok("Staff had given none.", "KnownEntitlement", held),
                    **_problems(400, 403, 404, 413, 422, 503),
                },
                description="The right to read without limit, whatever the payment service tells. Over what staff gave "
                "before.",
                requestBody={
                    "required": True,
                    "description": "At most 8 KB.",
                    "content": {"application/json": {"schema": _ref("GivenEntitlement"), "example": given}},
                },
            ),
            "delete": _staff(
                "deleteEntitlement",
                "Take back what staff gave",
                {"204": {"description": "Subscriptions still hold."}, **_problems(403, 404, 422, 503)},
            ),
        },
    }


def _staff_reader_paths() -> Json:
    article = {"article": "9bYlRkqWQ3OVb3nIc0mX2g", "title": "Carnival opens", "section": "brazil"}
    meter = READER_EXAMPLE["meters"][0] | {"limit": 8, "remaining": 7, "bonus": 3, "articles": [article]}
    known = {
        "subject": "user-1842",
        "registered": True,
        "entitled": False,
        "meters": [meter],
        "gifts": {"per_month": 10, "given": 1, "remaining": 9},
    }
    told = _ok("What is known of the reader then.", "ReaderByStaff", known)
    bonus = {"meter": "default", "reads": 3}
    at = [_site_in_path(), _subject_in_path()]
    return {
        "/v1/admin/sites/{site}/readers/{subject}": {
            "parameters": at,
            "get": _staff(
                "lookUpReader",
                "Look a reader up",
                {"200": told, **_problems(403, 404, 422, 503)},
                description="Each meter in force in the reader's current period. Of a reader of whom nothing is known "
                "too.",
            ),
            "delete": _staff(
                "eraseReaderByStaff",
                "Erase a reader",
                {"204": {"description": "Done, or nothing was known."}, **_problems(403, 404, 422, 503)},
                description="As the reader's own DELETE of /v1/reader: what was read is forgotten, also what was read "
                "before signing in; the allowance stays spent, and what is invoiced does not change. What staff or the "
                "payment service gave stays.",
            ),
        },
        "/v1/admin/sites/{site}/readers/{subject}/reset": {
            "parameters": at,
            "post": _staff(
                "resetReader",
                "Give a reader the whole allowance anew",
                {"200": told, **_problems(403, 404, 422, 503)},
                description="In each meter, until its current period ends: by a bonus of what is used. What was "
                "counted stays counted, and a repeat stays free.",
            ),
        },
        "/v1/admin/sites/{site}/readers/{subject}/bonus": {
            "parameters": at,
            "put": _staff(
                "putBonus",
                "Give a reader reads above a limit",
                {"200": told, **_problems(400, 403, 404, 413, 422, 503)},
                requestBody={
                    "required": True,
                    "description": "At most 8 KB.",
                    "content": {"application/json": {"schema": _ref("GivenBonus"), "example": bonus}},
                },
            ),
        },
    }


def _explain_paths() -> Json:
    asked = {
        "article": "carnival-opens",
        "sections": ["brazil"],
        "subject": "user-1842",
        "address": "192.0.2.1",
    }
    because = [
        {
            "rule": "subscriber",
            "decides": False,
            "why": "The reader is signed in, but neither the publisher's token nor an account here entitles them.",
        },
        {"rule": "meter default", "decides": True, "why": "2 of 10 are used: there is room for one more."},
    ]
    numbers = {"limit": 10, "used": 2, "remaining": 8, "reader": None, "state": None, "grant": None, "prompt": None}
    return {
        "/v1/admin/sites/{site}/explain": {
            "parameters": [_site_in_path()],
            "post": _staff(
                "explain",
                "Ask why a view would be decided",
                {
                    "200": _ok(
                        "The decision, and every rule in order.",
                        "Explained",
                        DECISION_EXAMPLE | numbers | {"rules": because},
                    ),
                    **_problems(400, 403, 404, 413, 422, 503),
                },
                description="The decision that /v1/access would give now: which rule takes it, and why each other "
                "does not. Nothing is counted, written or minted.",
                requestBody={
                    "required": True,
                    "description": "A view as pages send it, at most 8 KB. `site` may be absent.",
                    "content": {"application/json": {"schema": _ref("ViewToExplain"), "example": asked}},
                },
            ),
        },
    }


def _subject_in_path() -> Json:
    what = "The publisher's own id of the reader, as `sub` of an identity"
    return _words("subject", what, MOST_SUBJECT_BYTES, "user-1842")


def _principal_paths() -> Json:
    name = _words("name", "The ARN of an IAM role or user, or a token's `sub`", MOST_NAME_BYTES, "bia")
    scope = {"sites": ["riotimes"]}
    written = _ok("What is written down.", "WrittenScope", {"principal": "bia", **scope})
    return {
        "/v1/admin/principals/{name}": {
            "parameters": [name],
            "get": _staff("getScope", "Read a scope", {"200": written, **_problems(403, 404, 422, 503)}),
            "put": _staff(
                "putScope",
                "Scope a member of staff to sites",
                {"200": written, **_problems(400, 403, 404, 413, 422, 503)},
                description="Holds within 10 seconds, for every session of a role, and goes before a token's claims. "
                "Only a caller whose scope is every site may read or change scopes.",
                requestBody={
                    "required": True,
                    "description": "At most 8 KB.",
                    "content": {"application/json": {"schema": _ref("Scope"), "example": scope}},
                },
            ),
            "delete": _staff(
                "deleteScope",
                "Take a scope back",
                {"204": {"description": "Nothing is written down any more."}, **_problems(403, 404, 422, 503)},
                description="From then on who signs with these credentials reaches every site, who brings a token the "
                "sites of its claim.",
            ),
        },
    }


def _words(name: str, what: str, most_bytes: int, example: str) -> Json:
    """A parameter in a path that is somebody else's words."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": f"{what}: at most {most_bytes} bytes (NFC). With `/`, `?`, `#`, `%`, `\\`, a quotation mark or "
        "a leading `~` in it, as `~` and its UTF-8 in base64url, which is always right",
        "schema": {"type": "string", "minLength": 1},
        "example": example,
    }


def _staff(operation: str, summary: str, responses: Json, **more: Any) -> Json:
    about = _about("Admin API", operation, summary)
    return {**about, **more, "responses": responses, "security": [{"aws": []}, {"token": []}, {"local": []}]}


def _about(tag: str, operation: str, summary: str) -> Json:
    return {"tags": [tag], "operationId": operation, "summary": summary}


def _ok(description: str, schema: str, example: Json | None = None, *, etag: bool = False) -> Json:
    headers = {"headers": {"ETag": _string()}} if etag else {}
    return {"description": description, **headers, "content": _body(schema, example)}


def _problems(*statuses: int) -> Json:
    content = {"application/problem+json": {"schema": _ref("Problem"), "example": PROBLEM_EXAMPLE}}
    plain = {"application/problem+json": {"schema": _ref("Problem")}}
    return {
        str(status): {"description": PROBLEMS[status], "content": content if status == 422 else plain}
        for status in statuses
    }


def _body(schema: str, example: Json | None) -> Json:
    return {"application/json": {"schema": _ref(schema), **({} if example is None else {"example": example})}}


def _ref(schema: str) -> Json:
    return {"$ref": f"#/components/schemas/{schema}"}


def _string() -> Json:
    return {"schema": {"type": "string"}}


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
