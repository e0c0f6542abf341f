"""What one boto3 client sends to DynamoDB, attempt by attempt, and faults put in its way.

It hangs on botocore's public event `before-send`, so that everything above it is the real thing: boto3's own retries,
its errors, the store's translation of them.
"""

import json
import socket
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from moto.core.models import botocore_stubber

NOWHERE = "http://nowhere.invalid/"

Send = Callable[[], AWSResponse]
Fault = Callable[[Send], AWSResponse]


def lost_reply(send: Send) -> AWSResponse:
    """DynamoDB does what it is asked; nobody hears of it."""
    send()
    raise ReadTimeoutError(endpoint_url=NOWHERE)


def lost_request(send: Send) -> AWSResponse:
    """The request never arrives; to the client it looks the same."""
    raise ReadTimeoutError(endpoint_url=NOWHERE)


def connection_refused(send: Send) -> AWSResponse:
    raise EndpointConnectionError(endpoint_url=NOWHERE)


def sent_twice(send: Send) -> AWSResponse:
    """The network delivers the request twice; the client hears the second answer."""
    send()
    return send()


def answers(status: int, code: str, **members: Any) -> Fault:
    """DynamoDB answers with this error instead of doing what it is asked."""
    error = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "injected", **members}

    def fault(send: Send) -> AWSResponse:
        headers = HeadersDict({"content-type": "application/x-amz-json-1.0"})
        return AWSResponse(NOWHERE, status, headers, Raw(json.dumps(error).encode()))

    return fault


throttled = answers(400, "ProvisionedThroughputExceededException")
broken = answers(500, "InternalServerError")
overloaded = answers(503, "ServiceUnavailable")
conflict = answers(400, "TransactionConflictException")
cancelled = answers(400, "TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict"}])


@dataclass(frozen=True)
class Sent:
    """One attempt: `DynamoDB.<operation>` on one table. `units`: the write units that it takes (items of up to 1 KB).

    A transaction takes two for each item; a write that its condition refuses takes as much as one that is done.
    """

    operation: str
    table: str
    units: int


class Line:
    """Each attempt of `client`, one of `service`, meets the next fault that is injected for its operation."""

    def __init__(self, client: Any, service: str) -> None:
        self.choose: Callable[[str], Fault | None] = self._next_injected
        self._injected: dict[str, deque[Fault | None]] = {}
        self._session = URLLib3Session(socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)])  # as boto3's own
        client.meta.events.register_first(f"before-send.{service}", self._before_send)

    def inject(self, operation: str, *faults: Fault | None) -> None:
        """What the next attempts of `operation` meet, in order; None lets one pass. After these all pass."""
        self._injected[operation] = deque(faults)

    def _record(self, operation: str, request: AWSPreparedRequest) -> None:
        raise NotImplementedError

    def _next_injected(self, operation: str) -> Fault | None:
        injected = self._injected.get(operation)
        return injected.popleft() if injected else None

    def _before_send(self, event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        self._record(operation, request)
        fault = self.choose(operation)
        if fault is None:
            return None
        try:
            return fault(lambda: botocore_stubber(event_name, request) or self._session.send(request))
        finally:
            request.url = NOWHERE  # moto's own handler comes after this one and would do what is asked


class Wire(Line):
    """Records the attempts of a client of DynamoDB in `sent`, and is a `Line`."""

    def __init__(self, client: Any) -> None:
        super().__init__(client, "dynamodb")
        self.sent: list[Sent] = []

    def to(self, table: str) -> list[str]:
        """The operations on `table` so far, and the record begins anew."""
        operations = [sent.operation for sent in self.sent if sent.table == table]
        self.sent.clear()
        return operations

    def _record(self, operation: str, request: AWSPreparedRequest) -> None:
        self.sent.append(_sent(operation, json.loads(request.body)))


def _sent(operation: str, body: dict[str, Any]) -> Sent:
    if operation == "TransactWriteItems":
        puts = [put for action in body["TransactItems"] for put in action.values()]
        return Sent(operation, puts[0]["TableName"], 2 * len(puts))
    return Sent(operation, body["TableName"], 1 if operation in {"UpdateItem", "PutItem", "DeleteItem"} else 0)


class Raw(BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
