"""Requests signed as AWS's admin API wants them (Signature Version 4), with boto3's credentials."""

import hashlib
import hmac
import re
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from readmeter.command.client import Request
from tests.support.api import Sign


def signed_by(session: boto3.Session) -> Sign:
    """What signs requests to API Gateway with the session's credentials, for its Region."""

    credentials, region = session.get_credentials(), session.region_name

    def sign(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> dict[str, str]:
        request: Any = AWSRequest(method, url, data=body, headers=headers)
        SigV4Auth(credentials, "execute-api", region).add_auth(request)
        return dict(request.headers.items())

    return sign


def holds(request: Request, secret: str) -> bool:
    """Whether AWS would find the signature of a request right: computed anew from what arrives, as its documents say.

    The query is decoded and spelled again, so that a client that spells it otherwise is found out.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    url = urlsplit(request.url)
    headers["host"] = url.netloc
    found = re.search(r"Credential=[^/]+/(\S+), SignedHeaders=(\S+), Signature=(\w+)", headers["authorization"])
    assert found
    scope, names, signature = found.groups()
    pairs = sorted((quote(k, safe=""), quote(v, safe="")) for k, v in parse_qsl(url.query, keep_blank_values=True))
    canonical = "\n".join(
        [
            request.method,
            quote(url.path, safe="/~"),  # of a path that is spelled already: each part is spelled twice
            "&".join(f"{name}={value}" for name, value in pairs),
            *[f"{name}:{headers[name].strip()}" for name in names.split(";")],
            "",
            names,
            hashlib.sha256(request.body or b"").hexdigest(),
        ]
    )
    text = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signature)
