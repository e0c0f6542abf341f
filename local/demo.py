"""The demo newspaper's site: written through the admin API, as a publisher would. And its readers."""

from collections.abc import Callable
from datetime import date
from typing import Any

from werkzeug.test import Client, TestResponse

from local.functions import load
from local.gateway import Gateway
from local.month import Paged, Simulation
from local.newspaper.app import EDITIONS, HTML_LANG, ZONE
from local.newspaper.articles import read_articles
from local.template import Template

SITE = "rio-courier"
LIMIT = 5  # articles a month: the default, so that its document shows the least that a publisher writes
_READ_BY = ("ViewsFunction", "ReaderFunction")
# The rules stand still while a month is played, and all of its readers have one address.
_SETTINGS = {"SITE_CACHE_SECONDS": str(32 * 86_400), "NETWORK_BURST": "1000000"}


def introduce(gateway: Gateway, newspaper_url: str) -> None:
    """Writes the site document, unless one stands that lets the newspaper's address in."""
    document = _document(newspaper_url)
    held = _admin(gateway, "GET")
    if held.status_code == 200 and held.json["origins"] == document["origins"]:  # type: ignore[index]
        return
    written = _admin(gateway, "PUT", document)
    if written.status_code not in (200, 201):
        raise RuntimeError(f"The demo's site document was refused: {written.text}")


def readers(template: Template, newspaper_url: str) -> Simulation:
    """Readers of the paper, who are served by the real handlers of the page's functions on a clock of their own."""

    def api(clock: Callable[[], float]) -> Gateway:
        functions = {name: template.functions[name] for name in _READ_BY}
        return Gateway(template.routes, load(functions, clock, _SETTINGS), clock)

    editions = list(EDITIONS)  # the first one has the most readers
    articles = tuple(
        Paged(
            url=f"{newspaper_url}{EDITIONS[article.lang]}/{article.section}/{article.slug}",
            title=article.headline,
            section=article.section,
            lang=HTML_LANG[article.lang],
        )
        for article in sorted(read_articles(date.max), key=lambda article: editions.index(article.lang))
    )
    return Simulation(SITE, newspaper_url, ZONE.key, LIMIT, articles, api)


def _document(newspaper_url: str) -> dict[str, Any]:
    return {
        "site": SITE,
        "name": "The Rio Courier",
        "origins": [newspaper_url, newspaper_url.replace("localhost", "127.0.0.1")],
        "timezone": ZONE.key,
        "prompt": {
            "subscribe_url": f"{newspaper_url}/subscribe?return={{return_url}}",
            "sign_in_url": f"{newspaper_url}/sign-in?return={{return_url}}",
            "colors": {"background": "#8f1d14", "text": "#ffffff"},  # the paper's own red
        },
    }


def _admin(gateway: Gateway, method: str, document: dict[str, Any] | None = None) -> TestResponse:
    return Client(gateway).open(
        f"/v1/admin/sites/{SITE}", method=method, json=document, headers={"Authorization": "Bearer local-admin"}
    )
