"""The demo newspaper's site: written through the admin API, as a publisher would."""

import json
import urllib.error
import urllib.request
from typing import Any

SITE = "rio-courier"


def introduce(api_url: str, newspaper_url: str) -> None:
    """Writes the site document, unless one stands that lets the newspaper's address in."""
    document = _document(newspaper_url)
    held = _admin("GET", api_url)
    if held is None or held["origins"] != document["origins"]:
        _admin("PUT", api_url, document)


def _document(newspaper_url: str) -> dict[str, Any]:
    return {
        "site": SITE,
        "name": "The Rio Courier",
        "origins": [newspaper_url, newspaper_url.replace("localhost", "127.0.0.1")],
        "timezone": "America/Sao_Paulo",
        "prompt": {
            "subscribe_url": f"{newspaper_url}/subscribe?return={{return_url}}",
            "sign_in_url": f"{newspaper_url}/sign-in?return={{return_url}}",
            "colors": {"background": "#8f1d14", "text": "#ffffff"},  # the paper's own red
        },
    }


def _admin(method: str, api_url: str, document: dict[str, Any] | None = None) -> Any:
    """The answer's JSON; None where there is no such site."""
    request = urllib.request.Request(
        f"{api_url}/v1/admin/sites/{SITE}",
        method=method,
        data=None if document is None else json.dumps(document).encode(),
        headers={"authorization": "Bearer local-admin", "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise
