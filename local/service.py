"""One local service, started and stopped as a whole: engine, handlers, gateway, newspaper."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from threading import Thread
from wsgiref.types import WSGIApplication

import boto3
from werkzeug.serving import WSGIRequestHandler, make_server

from local.clock import Clock
from local.demo import SITE, introduce, readers
from local.engine import FINANCE_TOPIC, ROOT, SECRET_ID, aws_environment, claim, engine, prepare
from local.functions import Context, Handler, background, load
from local.gateway import Gateway
from local.newspaper.app import newspaper
from local.newspaper.operator import AdminApi, BackOffice
from local.newspaper.publisher import Publisher
from local.pump import Pump
from local.restore import restore
from local.schedule import Scheduler
from local.template import Template
from readmeter.core.keys import Keyring
from readmeter.outside.fetch import Fetcher
from readmeter.store.dynamodb import CLIENT_CONFIG, DynamoDB
from readmeter.store.sites import SiteCache, SiteStore
from readmeter.usage.meter_items import ScannedItems
from readmeter.usage.objects import S3Objects
from readmeter.usage.stream import ledger_days


class PortTaken(Exception):  # noqa: N818
    """Another program listens on a port that was asked for."""


@dataclass(frozen=True)
class Service:
    """Where a running service listens."""

    api_url: str
    newspaper_url: str


@contextmanager
def service(port: int, demo_port: int, data_dir: Path | None = None) -> Iterator[Service]:
    """Serves on loopback until the block is left; port 0 takes any free one. Raises `PortTaken`, `DataDirUnusable`."""
    with ExitStack() as stack:
        api_socket = stack.enter_context(_bound(port))
        paper_socket = stack.enter_context(_bound(demo_port))
        if data_dir is not None:
            stack.enter_context(claim(data_dir))
        os.environ.pop("AWS_PROFILE", None)  # it names settings that are out of sight from here on
        os.environ.update(aws_environment(stack.enter_context(engine(data_dir))))
        template = Template.read(ROOT / "template.yaml", {"Secret": SECRET_ID, "FinanceTopic": FINANCE_TOPIC})
        prepare(template, data_dir)
        clock = Clock()
        handlers, drain = stack.enter_context(_functions(template, clock.now))
        gateway = Gateway(template.routes, handlers, clock.now)
        running = Service(_url(api_socket), _url(paper_socket))
        publisher = Publisher.of(running.api_url, SITE, clock.now, _keyring().origin_secret(SITE))
        introduce(gateway, running.newspaper_url, publisher)
        simulation = readers(template, running.newspaper_url)
        office = BackOffice(AdminApi(running.api_url, SITE), simulation, drain, clock.now)
        paper = newspaper(running.api_url, SITE, clock, office, publisher=publisher)
        stack.enter_context(_serving(paper_socket, paper))
        stack.enter_context(_serving(api_socket, gateway))  # last: when it answers, all is ready
        yield running


@contextmanager
def _functions(
    template: Template, clock: Callable[[], float]
) -> Iterator[tuple[dict[str, Handler], Callable[[], None]]]:
    """Every function, the stream flowing to the ledger, and what writes all of it at once.

    When the block is left, what was counted is in the ledger.
    """
    settings = {"SITE_CACHE_SECONDS": "0"}  # a changed site document counts at once here: there is one process to tell
    dynamodb = boto3.client("dynamodb", config=CLIENT_CONFIG)
    table = template.tables["MeterTable"].name
    items = ScannedItems(dynamodb, table, clock)
    sites = SiteCache(SiteStore(DynamoDB(dynamodb), template.tables["SiteTable"].name), inf, clock)
    s3 = boto3.client("s3")
    ledger, failures = (S3Objects(s3, template.buckets[name].name) for name in ("LedgerBucket", "FailureBucket"))
    keyring = _keyring()
    restore(items(), ledger, lambda: keyring, lambda site: ledger_days(sites, site, clock()))
    handlers = load({"LedgerFunction": template.functions["LedgerFunction"]}, clock, settings)
    pump = Pump(
        boto3.client("dynamodbstreams", config=CLIENT_CONFIG),
        dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"],
        handlers["LedgerFunction"],
        failures,
        clock,
    )
    with ExitStack() as stack:
        stack.enter_context(pump.running())
        starts = {
            name: stack.enter_context(background(partial(handlers.__getitem__, name)))
            for name in {schedule.function for schedule in template.schedules}
        }
        others = {name: each for name, each in template.functions.items() if name != "LedgerFunction"}
        fetches: dict[str, object] = {"fetch": Fetcher(loopback=True)}
        exports = {"start": starts["ExportsFunction"], "items": items, "progress": pump.complete_until}
        # No crawler comes to a machine of one's own: search engines are not asked for their lists
        refresh = {**fetches, "crawlers": ()}
        asks = {"ask": lambda event: handlers["ExportsFunction"](event, Context("effect"))}
        parts = {"ExportsFunction": exports, "RefreshFunction": refresh, "AdminFunction": {**fetches, **asks}}
        handlers |= load(others, clock, settings, parts)
        stack.enter_context(Scheduler(template.schedules, starts, clock).running())
        yield handlers, pump.drain


def _keyring() -> Keyring:
    return Keyring.parse(boto3.client("secretsmanager").get_secret_value(SecretId=SECRET_ID)["SecretString"])


def _bound(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(128)  # from here on the port is ours; who comes early waits until we serve
    except OSError as error:
        listening.close()
        reason = "needs more rights than yours" if isinstance(error, PermissionError) else "is taken"
        raise PortTaken(f"Port {port} {reason}") from error
    return listening


def _url(listening: socket.socket) -> str:
    return f"http://localhost:{listening.getsockname()[1]}"


@contextmanager
def _serving(listening: socket.socket, app: WSGIApplication) -> Iterator[None]:
    server = make_server(
        "127.0.0.1",
        listening.getsockname()[1],
        app,
        threaded=True,
        request_handler=_QuietHandler,
        fd=listening.fileno(),
    )
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _QuietHandler(WSGIRequestHandler):
    """HTTP/1.1, and no line per request, well formed or not: addresses and paths are nobody's business, locally too."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        pass
