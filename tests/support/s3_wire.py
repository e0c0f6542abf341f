"""Faults in the way of one boto3 S3 client, on botocore's public event `before-send`: see `tests.support.wire`."""

import socket
from collections import deque
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.httpsession import URLLib3Session
from moto.core.models import botocore_stubber

from tests.support.wire import NOWHERE, Fault, Raw, Send


def answers(status: int, code: str) -> Fault:
    """S3 answers with this error instead of doing what it is asked."""
    body = f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()

    def fault(send: Send) -> AWSResponse:
        return AWSResponse(NOWHERE, status, HeadersDict({"content-type": "application/xml"}), Raw(body))

    return fault


slow_down = answers(503, "SlowDown")
broken = answers(500, "InternalError")
forbidden = answers(403, "AccessDenied")


class S3Wire:
    """Each attempt of `client` meets the next fault that is injected for its operation."""

    def __init__(self, client: Any) -> None:
        self.sent: list[str] = []
        self._injected: dict[str, deque[Fault | None]] = {}
        self._session = URLLib3Session(socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)])
        client.meta.events.register_first("before-send.s3", self._before_send)

    def inject(self, operation: str, *faults: Fault | None) -> None:
        """What the next attempts of `operation` meet, in order; None lets one pass. After these all pass."""
        self._injected[operation] = deque(faults)

    def _before_send(self, event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        self.sent.append(operation)
        injected = self._injected.get(operation)
        fault = injected.popleft() if injected else None
        if fault is None:
            return None
        try:
            return fault(lambda: botocore_stubber(event_name, request) or self._session.send(request))
        finally:
            request.url = NOWHERE  # moto's own handler comes after this one and would do what is asked
