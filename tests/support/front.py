"""The API's address as a publisher's web server meets it: TLS by name, in front of the service on loopback."""

import http.client
import socket
import ssl
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

FRAMING = ("connection", "content-length", "date", "server", "transfer-encoding")
NAMES = ("api.readmeter.test", "localhost")


@dataclass(frozen=True)
class Passed:
    """A request as it arrived; header names are lower case."""

    method: str
    path: str
    server_name: str | None
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Front:
    """`certificate` is what a client has to trust; `requests` are all that arrived, in order."""

    port: int
    certificate: Path
    requests: list[Passed]


@contextmanager
def front(service: str, folder: Path) -> Iterator[Front]:
    """Passes every request on to the service at the URL `service`, as API Gateway would to its functions."""
    target = urlsplit(service).netloc
    certificate, key = self_signed(folder, NAMES)
    named: dict[int, str | None] = {}
    requests: list[Passed] = []

    def pass_on(request: Request) -> Response:
        arrived = {name.lower(): value for name, value in request.headers.items()}
        path = request.full_path if request.query_string else request.path
        requests.append(Passed(request.method, path, named.get(id(request.environ["werkzeug.socket"])), arrived))
        connection = http.client.HTTPConnection(target, timeout=30)
        content = request.get_data()
        unframed = {name: value for name, value in arrived.items() if name not in FRAMING}
        connection.request(request.method, path, content, {**unframed, "host": target})
        answer = connection.getresponse()
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in FRAMING]
        return Response(answer.read(), answer.status, headers)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.sni_callback = lambda connection, name, _: named.update({id(connection): name})
    app = Request.application(pass_on)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet, ssl_context=context)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Front(server.server_port, certificate, requests)
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        pass


@contextmanager
def name_server() -> Iterator[int]:
    """A DNS server on a port of loopback, for which every name is 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        Thread(target=_answer_names, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]


def _answer_names(listening: socket.socket) -> None:
    while True:
        try:
            query, client = listening.recvfrom(512)
        except OSError:  # closed: the test is over
            return
        question = query[12 : query.index(b"\0", 12) + 5]
        is_ipv4 = question.endswith(struct.pack("!HH", 1, 1))
        record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([127, 0, 0, 1])
        header = query[:2] + struct.pack("!HHHHH", 0x8180, 1, int(is_ipv4), 0, 0)
        listening.sendto(header + question + (record if is_ipv4 else b""), client)


def self_signed(folder: Path, names: Sequence[str]) -> tuple[Path, Path]:
    """A certificate for hosts of these names that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Readmeter's tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    unprotected = serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unprotected))
    return paths
