"""A hand-written client: Signature Version 4 and http.client from the standard library, no retries, no SDK."""

import hashlib
import hmac
import http.client
import json
import os
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

from benchmarks.baselines.one_update import answer, request

_SIGNED = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
_TARGET = "DynamoDB_20120810.UpdateItem"


class Client:
    """One kept-alive connection; the signing key is made once a day."""

    def __init__(self) -> None:
        self._host = urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc
        context = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
        self._connection = http.client.HTTPSConnection(self._host, context=context)
        self._token = os.environ["AWS_SESSION_TOKEN"]
        self._day = ""

    def update_item(self, parameters: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(parameters).encode()
        self._connection.request("POST", "/", body, self._headers(body))
        stored: dict[str, Any] = json.loads(self._connection.getresponse().read())
        return stored

    def _headers(self, body: bytes) -> dict[str, str]:
        at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        if at[:8] != self._day:
            self._renew(at[:8])
        given = f"content-type:application/x-amz-json-1.0\nhost:{self._host}\nx-amz-date:{at}\n"
        given += f"x-amz-security-token:{self._token}\nx-amz-target:{_TARGET}\n"
        canonical = f"POST\n/\n\n{given}\n{_SIGNED}\n{hashlib.sha256(body).hexdigest()}"
        text = f"AWS4-HMAC-SHA256\n{at}\n{self._scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key, text.encode(), "sha256").hex()
        credential = f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/{self._scope}"
        return {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Date": at,
            "X-Amz-Security-Token": self._token,
            "X-Amz-Target": _TARGET,
            "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={_SIGNED}, Signature={signature}",
        }

    def _renew(self, day: str) -> None:
        parts = (day, os.environ["AWS_DEFAULT_REGION"], "dynamodb", "aws4_request")
        self._key = f"AWS4{os.environ['AWS_SECRET_ACCESS_KEY']}".encode()
        for part in parts:
            self._key = hmac.digest(self._key, part.encode(), "sha256")
        self._day, self._scope = day, "/".join(parts)


_client = Client()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    view = json.loads(event["body"])
    stored = _client.update_item(request(view["seed"], view["article"]))
    body = json.dumps(answer(stored["Attributes"]))
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body}
