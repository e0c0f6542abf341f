"""API Gateway's part, locally: HTTP in, payload 2.0 events to the real handlers, their answers out.

Routes come from template.yaml. What API Gateway answers by itself (`{"message": …}`) is answered the same way.
"""

import base64
import json
import re
import secrets
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from local.functions import Context, Handler
from local.template import Route
from readmeter.web.fault import fault_fields

MOST_BODY_BYTES = 10 * 1024 * 1024
MOST_HEADER_BYTES = 10_240  # request line and headers together
_LOOPBACK = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?", re.IGNORECASE)
_TEXT = re.compile(r"text/.*|application/(.*\+)?(json|xml)|application/javascript")
_ADMIN = re.compile(r"Bearer local-admin(?::([a-z0-9-]+))?")
_ACCOUNT = "000000000000"


class Gateway:
    """A WSGI app in front of the handlers. `clock` gives the events' time in epoch seconds."""

    def __init__(self, routes: Sequence[Route], handlers: Mapping[str, Handler], clock: Callable[[], float]) -> None:
        # An exact path goes before one with a parameter, a method before ANY: as API Gateway picks.
        self._routes = sorted(routes, key=lambda route: ("{" in route.path, route.method == "ANY"))
        self._handlers = handlers
        self._clock = clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        found = self._route(request)
        if found is None:
            return _message(404, "Not Found")
        route, parameters = found
        authorizer = _authorizer(request) if route.authorizer else None
        if route.authorizer and authorizer is None:
            return _message(403, "Forbidden")
        event = self._event(request, route, parameters, authorizer)
        request_id = event["requestContext"]["requestId"]
        try:
            return _response(self._handlers[route.function](event, Context(request_id)))
        except Exception as fault:
            print(json.dumps(fault_fields(request_id, fault)), file=sys.stderr)
            return _message(500, "Internal Server Error")

    def _route(self, request: Request) -> tuple[Route, dict[str, str]] | None:
        for route in self._routes:
            if route.method in (request.method, "ANY") and (match := _pattern(route.path).fullmatch(request.path)):
                return route, match.groupdict()
        return None

    def _event(
        self, request: Request, route: Route, parameters: dict[str, str], authorizer: dict[str, Any] | None
    ) -> dict[str, Any]:
        body, is_base64 = _body(request)
        moment = datetime.fromtimestamp(self._clock(), UTC)
        domain = re.sub(r":\d+$", "", request.headers["Host"])
        context = {
            "accountId": _ACCOUNT,
            "apiId": "local",
            "domainName": domain,
            "domainPrefix": domain.split(".")[0],
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": request.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
                "sourceIp": request.remote_addr or "127.0.0.1",  # called without a socket, as the month's readers do
                "userAgent": request.headers.get("User-Agent", ""),
            },
            "requestId": secrets.token_urlsafe(12),
            "routeKey": route.key,
            "stage": "$default",
            "time": f"{moment:%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": int(moment.timestamp() * 1000),
        }
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": route.key,
            "rawPath": request.path,
            "rawQueryString": request.query_string.decode("latin-1"),
            "headers": _joined((name.lower(), value) for name, value in request.headers if name.lower() != "cookie"),
            "requestContext": context if authorizer is None else {**context, "authorizer": authorizer},
            "isBase64Encoded": is_base64,
        }
        optional = {
            "cookies": [cookie.strip() for cookie in request.headers.get("Cookie", "").split(";") if cookie.strip()],
            "queryStringParameters": _joined(request.args.items(multi=True)),
            "pathParameters": parameters,
            "body": body,
        }
        return event | {name: value for name, value in optional.items() if value}


def _refusal(request: Request) -> Response | None:
    """The answer to a request that reaches no route: from another host's page, too large, or broken off."""
    if not _LOOPBACK.fullmatch(request.headers.get("Host", "")):
        return _message(403, "Forbidden")
    line = f"{request.method} {request.environ.get('RAW_URI', '')} HTTP/1.1"
    if len(line) + sum(len(name) + len(value) for name, value in request.headers) > MOST_HEADER_BYTES:
        return _message(431, "Request Header Fields Too Large")
    request.max_content_length = MOST_BODY_BYTES + 1  # of a body in chunks, no more is read
    try:
        too_large = len(request.get_data()) > MOST_BODY_BYTES
    except RequestEntityTooLarge:
        too_large = True
    except (BadRequest, OSError):  # cut off, or chunks that are none
        return _message(400, "Bad Request")
    return _message(413, "Request Entity Too Large") if too_large else None


def _authorizer(request: Request) -> dict[str, Any] | None:
    """What AWS would say of the caller: an IAM user for `local-admin`, for a scoped one a token with its `sites`."""
    match = _ADMIN.fullmatch(request.headers.get("Authorization", ""))
    if match is None:
        return None
    if site := match[1]:
        return {"jwt": {"claims": {"sub": f"local-admin:{site}", "sites": site}, "scopes": None}}
    arn = f"arn:aws:iam::{_ACCOUNT}:user/local-admin"
    return {
        "iam": {
            "accessKey": "local",
            "accountId": _ACCOUNT,
            "callerId": "local-admin",
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": arn,
            "userId": "local-admin",
        }
    }


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Payload 2.0 has one value a name: several are joined with commas."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(request: Request) -> tuple[str, bool]:
    """The body as text where its type says so (and it is), else base64."""
    data = request.get_data()
    if _TEXT.fullmatch(request.mimetype):
        try:
            return data.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(data).decode(), bool(data)


def _response(answer: dict[str, Any]) -> Response:
    body = answer.get("body") or ""
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    headers = Headers([(name, str(value)) for name, value in answer.get("headers", {}).items()])
    for cookie in answer.get("cookies", []):
        headers.add("set-cookie", cookie)
    return Response(content, answer["statusCode"], headers)


def _message(status: int, message: str) -> Response:
    return Response(json.dumps({"message": message}), status, content_type="application/json")
