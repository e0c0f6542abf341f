"""Requests signed as AWS's admin API wants them (Signature Version 4), with boto3's credentials."""

from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from tests.support.api import Sign


def signed_by(session: boto3.Session) -> Sign:
    """What signs requests to API Gateway with the session's credentials, for its Region."""

    credentials, region = session.get_credentials(), session.region_name

    def sign(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> dict[str, str]:
        request: Any = AWSRequest(method, url, data=body, headers=headers)
        SigV4Auth(credentials, "execute-api", region).add_auth(request)
        return dict(request.headers.items())

    return sign
