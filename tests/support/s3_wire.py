"""Faults in the way of one boto3 S3 client, on botocore's public event `before-send`: see `tests.support.wire`."""

from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict

from tests.support.wire import NOWHERE, Fault, Line, Raw, Send


def answers(status: int, code: str) -> Fault:
    """S3 answers with this error instead of doing what it is asked."""
    body = f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()

    def fault(send: Send) -> AWSResponse:
        return AWSResponse(NOWHERE, status, HeadersDict({"content-type": "application/xml"}), Raw(body))

    return fault


slow_down = answers(503, "SlowDown")
broken = answers(500, "InternalError")
forbidden = answers(403, "AccessDenied")


class S3Wire(Line):
    """Records the operations that a client of S3 attempts in `sent`, and is a `Line`."""

    def __init__(self, client: Any) -> None:
        super().__init__(client, "s3")
        self.sent: list[str] = []

    def _record(self, operation: str, request: AWSPreparedRequest) -> None:
        self.sent.append(operation)
