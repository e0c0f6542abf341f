"""A stand-in for DynamoDB and Secrets Manager in a process of its own: canned answers over TLS, every request noted.

It stores nothing: it is there to price its clients. As a program it takes the canned answers as JSON on standard
input and prints its port.
"""

import asyncio
import json
import ssl
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from benchmarks import certificate

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Canned:
    """What is answered: the secret's text, items by `pk`, and the `pk` of those whose condition refuses a write.

    An item that is not among them is `usual`.
    """

    secret: str
    items: Mapping[str, Item]
    refusing: list[str]
    usual: Item


@dataclass(frozen=True)
class Stub:
    """A running stub; `bundle` verifies its certificate."""

    url: str
    bundle: Path

    def requests(self) -> list[tuple[str, dict[str, Any]]]:
        """Operation and body of every request since the last call."""
        context = ssl.create_default_context(cafile=self.bundle)
        with urlopen(self.url, context=context) as answer:
            return [(operation, body) for operation, body in json.load(answer)]

    def environment(self) -> dict[str, str]:
        """What makes every AWS client of a process ask the stub."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_CA_BUNDLE": str(self.bundle),
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "t" * 400,  # as long as a function's own
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def running(canned: Canned) -> Iterator[Stub]:
    with TemporaryDirectory() as folder:
        paths = certificate.write(Path(folder))
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.stub", *map(str, paths[:2])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(vars(canned)))
            process.stdin.close()
            yield Stub(f"https://127.0.0.1:{process.stdout.readline().strip()}", paths[2])
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()


class _Connection(asyncio.Protocol):
    """One kept-alive connection: just enough HTTP for what botocore and http.client send."""

    def __init__(self, canned: Canned, noted: list[tuple[str, Any]]) -> None:
        self._canned = canned
        self._noted = noted
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        if not found or len(rest) < length:
            return
        self._received = rest[length:]
        status, answer = self._answer(headers.get("x-amz-target", "").rpartition(".")[2], rest[:length])
        body = json.dumps(answer).encode()
        self._transport.write(
            f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n"
            f"x-amzn-RequestId: 0123456789ABCDEF\r\nx-amz-crc32: {zlib.crc32(body)}\r\n\r\n".encode()
            + body
        )

    def _answer(self, target: str, content: bytes) -> tuple[str, Any]:
        """`target` is an operation; without one the notes are asked for, and begin anew."""
        if not target:
            noted = self._noted[:]
            self._noted.clear()
            return "200 OK", noted
        body = json.loads(content)
        self._noted.append((target, body))
        if target == "GetSecretValue":
            return "200 OK", {"SecretString": self._canned.secret}
        name = body.get("Key", {}).get("pk", {}).get("S", "")
        item = self._canned.items.get(name, self._canned.usual)
        if name in self._canned.refusing:
            fault = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
            return "400 Bad Request", {"__type": fault, "message": "The conditional request failed", "Item": item}
        return "200 OK", {"GetItem": {"Item": item}, "UpdateItem": {"Attributes": item}}.get(target, {})


async def _serve(canned: Canned, certificate_path: str, key_path: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_path, key_path)
    noted: list[tuple[str, Any]] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(canned, noted), "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Canned(**json.load(sys.stdin)), *sys.argv[1:]))
