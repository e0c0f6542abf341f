"""The demo newspaper's site: written through the admin API, as a publisher would."""

from typing import Any

from werkzeug.test import Client, TestResponse

from local.gateway import Gateway

SITE = "rio-courier"


def introduce(gateway: Gateway, newspaper_url: str) -> None:
    """Writes the site document, unless one stands that lets the newspaper's address in."""
    document = _document(newspaper_url)
    held = _admin(gateway, "GET")
    if held.status_code == 200 and held.json["origins"] == document["origins"]:  # type: ignore[index]
        return
    written = _admin(gateway, "PUT", document)
    if written.status_code not in (200, 201):
        raise RuntimeError(f"The demo's site document was refused: {written.text}")


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


def _admin(gateway: Gateway, method: str, document: dict[str, Any] | None = None) -> TestResponse:
    return Client(gateway).open(
        f"/v1/admin/sites/{SITE}", method=method, json=document, headers={"Authorization": "Bearer local-admin"}
    )
