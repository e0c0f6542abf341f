"""The publisher's own path: passes a request of the page on to the API, as a publisher's web server would."""

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import MappingProxyType
from urllib.parse import urlsplit

from werkzeug import Request, Response

PASSED_ON = (
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Cookie",
    "Origin",
    "User-Agent",
)
NOT_PASSED_BACK = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}
TIMEOUT_SECONDS = 10


def pass_on(request: Request, api_url: str, path: str, told: Mapping[str, str] = MappingProxyType({})) -> Response:
    """The API's answer to the same request at `path`, with the headers `told`; 502 where the API cannot be reached."""
    api = urlsplit(api_url)
    connect = HTTPSConnection if api.scheme == "https" else HTTPConnection
    connection = connect(api.netloc, timeout=TIMEOUT_SECONDS)
    query = request.query_string.decode("latin-1")
    try:
        connection.request(
            request.method,
            f"{api.path}{path}?{query}" if query else f"{api.path}{path}",
            body=request.get_data() or None,
            headers={name: value for name, value in request.headers if _is_passed_on(name)} | dict(told),
        )
        answer = connection.getresponse()
        headers = [(n, v) for n, v in answer.getheaders() if n.lower() not in NOT_PASSED_BACK]
        return Response(answer.read(), answer.status, headers)
    except (OSError, HTTPException):
        return Response("The service cannot be reached.", 502, mimetype="text/plain")
    finally:
        connection.close()


def _is_passed_on(name: str) -> bool:
    return name in PASSED_ON or name.startswith("Sec-Fetch-")
