"""The recipes of docs/own-path.md, as they stand there, on the servers that they are for."""

import gzip
import json
import os
import shutil
import socket
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from functions.snippet.app import ASSETS
from local.engine import ROOT
from tests.conftest import Running, free_port
from tests.support.api import Api, Reply
from tests.support.documents import block
from tests.support.front import Front, front, name_server

DOCUMENT = "own-path.md"
ORIGIN = "https://www.riotimesonline.com"
SAME_ORIGIN = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
OTHERS = "wordpress_logged_in_1=secret; theme=dark"
SECRET = "k1.c2VjcmV0"
OF_THE_SITE = "readmeter_riotimes="
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PROGRAMS = f"{os.environ['PATH']}:/usr/sbin:{ROOT / '.tools' / 'nginx' / 'usr' / 'sbin'}"
MODULES = Path("/usr/lib/apache2/modules")
NEEDED = "mpm_event authz_core setenvif headers socache_shmcb ssl proxy proxy_http"
# What Cloudflare does around a Worker: connections of its own, and bodies that are unpacked on the way
PLATFORM = """
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import worker from './worker.mjs';

const OWN = ['connection', 'content-encoding', 'content-length', 'host', 'transfer-encoding'];
const without = (headers) => Object.entries(headers).filter(([name]) => !OWN.includes(name));

createServer(async (incoming, outgoing) => {
  const { method, url, headers } = incoming;
  const body = method == 'GET' ? undefined : Readable.toWeb(incoming);
  const all = [...without(headers), ['CF-Connecting-IP', incoming.socket.remoteAddress]];
  const request = new Request('https://www.riotimesonline.com' + url, { method, headers: all, body, duplex: 'half' });
  const answer = await worker.fetch(request, { READMETER_ORIGIN: process.argv[3] });
  outgoing.writeHead(answer.status, without(Object.fromEntries(answer.headers)).flat());
  outgoing.end(Buffer.from(await answer.arrayBuffer()));
}).listen(Number(process.argv[2]), '127.0.0.1');
"""


@dataclass(frozen=True)
class OwnPath:
    """A publisher's server with the recipe in force: `page` asks it, `api` is what it asks, on the address `name`."""

    page: Api
    api: Front
    name: str

    def view(self, site: str, article: str, cookie: str = OTHERS, **headers: str) -> Reply:
        body = {"site": site, "article": article}
        return self.page.call("POST", "/_free/v1/views", body, {**SAME_ORIGIN, "cookie": cookie, **headers})


@contextmanager
def nginx(port: int, api: Front, folder: Path, site: str) -> Iterator[str]:
    """Within what often stands around it and must not get in its way."""
    name = "api.readmeter.test"
    recipe = block(DOCUMENT, "nginx", "location ").replace("YOUR-API", f"{name}:{api.port}")
    places = "".join(f"{each}_temp_path {folder};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    recipe = recipe.replace("YOUR-SECRET", SECRET).replace(CERTIFICATES, str(api.certificate))
    with name_server() as names:
        (folder / "nginx.conf").write_text(f"""
            daemon off; master_process off; pid {folder}/pid; error_log stderr; events {{}}
            http {{
                access_log off; {places}
                {for_site(block(DOCUMENT, "nginx", "map "), site)}
                server {{
                    listen 127.0.0.1:{port};
                    proxy_set_header Host $host;
                    location ~* [.](js|css)$ {{ return 410; }}
                    {recipe.replace("127.0.0.53", f"127.0.0.1:{names}")}
                }}
            }}""")
        with running(["nginx", "-e", "stderr", "-c", str(folder / "nginx.conf")], port):
            yield name


@contextmanager
def apache(port: int, api: Front, folder: Path, site: str) -> Iterator[str]:
    recipe = for_site(block(DOCUMENT, "apache"), site).replace("YOUR-API", f"localhost:{api.port}")
    modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in NEEDED.split())
    (folder / "apache.conf").write_text(f"""
        {modules}
        ServerRoot {folder}
        ServerName localhost
        PidFile {folder}/pid
        ErrorLog /dev/stderr
        User #65534
        Group #65534
        Listen 127.0.0.1:{port}
        ProxyPreserveHost On
        <VirtualHost 127.0.0.1:{port}>
        {recipe.replace("YOUR-SECRET", SECRET).replace(CERTIFICATES, str(api.certificate))}
        </VirtualHost>""")
    with running(["apache2", "-D", "FOREGROUND", "-f", str(folder / "apache.conf")], port):
        yield "localhost"


@contextmanager
def worker(port: int, api: Front, folder: Path, site: str) -> Iterator[str]:
    recipe = for_site(block(DOCUMENT, "js"), site).replace("YOUR-API", f"localhost:{api.port}")
    (folder / "worker.mjs").write_text(recipe)
    (folder / "platform.mjs").write_text(PLATFORM)
    with running(
        ["node", str(folder / "platform.mjs"), str(port), SECRET], port, NODE_EXTRA_CA_CERTS=str(api.certificate)
    ):
        yield "localhost"


def for_site(recipe: str, site: str) -> str:
    """The recipe with another site's id than the documents' example."""
    assert OF_THE_SITE in recipe
    return recipe.replace(OF_THE_SITE, f"readmeter_{site}=")


@contextmanager
def running(command: list[str], port: int, seconds: float = 60, **environment: str) -> Iterator[None]:
    """A server until the block is left; it is ready when it takes connections."""
    program = shutil.which(command[0], path=PROGRAMS)
    assert program, f"{command[0]} is not installed: `make test` installs it, or says what to type"
    process = subprocess.Popen([program, *command[1:]], env={**os.environ, **environment})
    try:
        deadline = time.monotonic() + seconds
        while not takes_connections(port):
            assert process.poll() is None, f"{command[0]} stopped with exit code {process.returncode}"
            assert time.monotonic() < deadline, f"{command[0]} was not ready after {seconds} s"
            time.sleep(0.02)
        assert process.poll() is None, f"another program has port {port}: {command[0]} stopped"
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def takes_connections(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module", params=[nginx, apache, worker], ids=lambda recipe: recipe.__name__)
def path(
    request: pytest.FixtureRequest, service: Running, site: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OwnPath]:
    recipe: Callable[[int, Front, Path, str], contextmanager[str]] = request.param
    folder = tmp_path_factory.mktemp("own-path")
    port = free_port()
    with front(service.api, folder) as api, recipe(port, api, folder, site) as name:
        page = Api(f"http://localhost:{port}")
        assert page.call("GET", "/_free/v1/health").status == 200
        assert api.requests, f"another program has port {port}"  # who got it first, and stays there
        yield OwnPath(page, api, name)


def test_the_api_is_asked_by_its_own_name_at_its_own_path(path: OwnPath, site: str) -> None:
    assert path.view(site, "a").status == 200
    asked = path.api.requests[-1]
    assert (asked.method, asked.path) == ("POST", "/v1/views")
    assert (asked.server_name, asked.headers["host"]) == (path.name, f"{path.name}:{path.api.port}")
    assert {name: asked.headers[name] for name in SAME_ORIGIN} == SAME_ORIGIN


def test_the_cookie_makes_a_reader_the_same_reader(path: OwnPath, site: str) -> None:
    first = path.view(site, "a")
    [cookie] = first.headers.get_all("set-cookie", [])
    assert cookie.startswith(f"readmeter_{site}=")
    assert "; HttpOnly" in cookie
    assert "path=" not in cookie.lower(), "the browser keeps it to /_free/v1/"
    second = path.view(site, "b", cookie=f"theme=dark; {cookie.split(';')[0]}; last=1")
    assert (first.json["used"], second.json["used"]) == (1, 2)
    assert first.headers["access-control-allow-origin"] == ORIGIN


def test_no_cookie_but_readmeters_leaves_the_site(path: OwnPath, site: str) -> None:
    path.view(site, "a")
    assert not path.api.requests[-1].headers.get("cookie")
    path.view(site, "a", cookie=f"a=1; readmeter_{site}=token; {OTHERS}")
    assert path.api.requests[-1].headers["cookie"] == f"readmeter_{site}=token"


def test_of_several_sites_on_a_host_the_cookie_of_this_one_arrives(path: OwnPath, site: str) -> None:
    mine = f"readmeter_{site}=token"
    for others in (f"readmeter_{site}-es=A", f"wp_readmeter_{site}=1", f"wp_readmeter_seen=1; readmeter_{site}-es=A"):
        path.view(site, "a", cookie=f"{others}; {mine}; {OTHERS}")
        assert path.api.requests[-1].headers["cookie"] == mine
        path.view(site, "a", cookie=f"{others}; {OTHERS}")
        assert not path.api.requests[-1].headers.get("cookie")


def test_what_readmeter_refuses_arrives_as_it_is(path: OwnPath, site: str) -> None:
    foreign = path.view(site, "a", origin="https://elsewhere.example")
    assert (foreign.status, foreign.headers["access-control-allow-origin"]) == (403, "*")
    assert foreign.json["detail"].startswith("https://elsewhere.example is not in `origins`")
    assert path.page.call("OPTIONS", "/_free/v1/views").status == 204
    too_large = path.view(site, "a" * 9000)
    assert (too_large.status, too_large.headers["content-type"]) == (413, "application/problem+json")


def test_queries_and_bearers_arrive(path: OwnPath, site: str) -> None:
    token = path.view(site, "a").json["reader"]
    answer = path.page.call("GET", f"/_free/v1/reader?site={site}", None, {"authorization": f"Bearer {token}"})
    assert (answer.status, answer.json["meters"][0]["used"]) == (200, 1)


def test_the_snippet_is_cached_as_it_says(path: OwnPath) -> None:
    got = path.page.call("GET", "/_free/v1/snippet.js", None, {"accept-encoding": "gzip"})
    packed = got.headers["content-encoding"] == "gzip"
    assert (gzip.decompress(got.body) if packed else got.body) == (ASSETS / "snippet.js").read_bytes()
    assert got.headers["cache-control"] == "public, max-age=3600, stale-while-revalidate=604800"
    kept = {"accept-encoding": "gzip", "if-none-match": got.headers["etag"]}
    assert path.page.call("GET", "/_free/v1/snippet.js", None, kept).status == 304


def test_the_readers_address_is_told_and_none_that_the_browser_made_up(path: OwnPath, site: str) -> None:
    made_up = {
        "x-forwarded-for": "203.0.113.9",
        "cloudfront-viewer-address": "203.0.113.9:1",
        "x-readmeter-origin": "x",
    }
    assert path.view(site, "a", **made_up).status == 200
    headers = path.api.requests[-1].headers
    assert headers["x-readmeter-origin"] == SECRET
    assert headers["cloudfront-viewer-address"].rpartition(":")[0] == "127.0.0.1"
    assert "x-forwarded-for" not in headers


@pytest.mark.parametrize("rest", ["views", "reader", "snippet.js", "more-0123456789.js"])
def test_the_rules_of_netlify_and_vercel_lead_to_the_same_place(rest: str) -> None:
    """As their documentation tells it: `*` is `:splat`, and `:path*` is the rest of the path."""
    [rule] = tomllib.loads(block(DOCUMENT, "toml"))["redirects"]
    assert (rule["status"], rule["force"]) == (200, True)
    [rewrite] = json.loads(block(DOCUMENT, "json"))["rewrites"]
    for pattern, wildcard, target, rest_of_it in (
        (rule["from"], "*", rule["to"], ":splat"),
        (rewrite["source"], ":path*", rewrite["destination"], ":path*"),
    ):
        before, _, after = pattern.partition(wildcard)
        assert (before, after) == ("/_free/v1/", "")
        assert target.replace(rest_of_it, rest) == f"https://YOUR-API/v1/{rest}"
