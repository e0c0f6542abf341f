"""The demo newspaper's site: written through the admin API, as a publisher would. And its readers."""

from collections.abc import Callable
from datetime import date
from ipaddress import ip_network
from typing import Any

from werkzeug.test import Client, TestResponse

from local.functions import load
from local.gateway import Gateway
from local.month import Paged, Simulation
from local.newspaper.accounts import ISSUER
from local.newspaper.app import EDITIONS, HTML_LANG, ZONE
from local.newspaper.articles import PREMIUM, read_articles
from local.newspaper.publisher import Publisher
from local.newspaper.strip import CAMPAIGN, CAMPUS_ADDRESS
from local.template import Template

SITE = "rio-courier"
LIMIT = 5  # articles a month
LIMIT_SIGNED_IN = 10
_READ_BY = ("ViewsFunction", "ReaderFunction")
# The rules stand still while a month is played, and all of its readers have one address.
_SETTINGS = {"SITE_CACHE_SECONDS": str(32 * 86_400), "NETWORK_BURST": "1000000"}


def introduce(gateway: Gateway, newspaper_url: str, publisher: Publisher) -> None:
    """Writes the site document, with the key of this start, and the secret of its payments.

    Whatever else an earlier start or a visitor has written stands, as long as it lets the newspaper's address in.
    """
    document = _document(newspaper_url)
    held = _admin(gateway, "GET", "")
    if held.status_code == 200 and held.json["origins"] == document["origins"]:  # type: ignore[index]
        document = held.json  # type: ignore[assignment]
    document["identity"] = {"issuer": ISSUER, "keys": [publisher.key.public]}
    _written(_admin(gateway, "PUT", "", document))
    _written(_admin(gateway, "PUT", "/secrets/stripe", {"value": publisher.payments.secret}))
    publisher.newsroom.knows(document)


def _written(answer: TestResponse) -> None:
    if answer.status_code not in (200, 201, 204):
        raise RuntimeError(f"The demo's site was refused: {answer.text}")


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
        if PREMIUM not in article.tags  # of which nobody is let into any
    )
    return Simulation(SITE, newspaper_url, ZONE.key, LIMIT, articles, api)


def _document(newspaper_url: str) -> dict[str, Any]:
    return {
        "site": SITE,
        "name": "The Rio Courier",
        "origins": [newspaper_url, newspaper_url.replace("localhost", "127.0.0.1")],
        "timezone": ZONE.key,
        "meters": [{"name": "default", "limits": {"anonymous": LIMIT, "registered": LIMIT_SIGNED_IN}}],
        "locked": {"tags": [PREMIUM]},
        "campaigns": [{"name": CAMPAIGN, "per_reader": 5}],
        "soft_grants": True,  # the newsletter's readers get the Portuguese edition's text, too
        "institutions": [
            {"name": "University of the Bay", "cidrs": [str(ip_network((CAMPUS_ADDRESS, 24), strict=False))]}
        ],
        "gifts": {"per_month": 10, "valid_days": 5},
        "record": ["institution", "gift"],
        "prompt": {
            "subscribe_url": f"{newspaper_url}/subscribe?return={{return_url}}",
            "sign_in_url": f"{newspaper_url}/sign-in?return={{return_url}}",
            "register_url": f"{newspaper_url}/sign-in?return={{return_url}}",  # a name makes an account
            "colors": {"background": "#8f1d14", "text": "#ffffff"},  # the paper's own red
        },
    }


def _admin(gateway: Gateway, method: str, path: str, document: dict[str, Any] | None = None) -> TestResponse:
    """`path` is below the site."""
    return Client(gateway).open(
        f"/v1/admin/sites/{SITE}{path}", method=method, json=document, headers={"Authorization": "Bearer local-admin"}
    )
