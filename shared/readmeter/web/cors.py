"""Which pages may read an answer. Answered in code, since every site has its own origins."""

from collections.abc import Collection, Mapping
from typing import Any

from readmeter.web.problem import Problem


def preflight(methods: str, headers: str) -> dict[str, Any]:
    """The answer to OPTIONS from any origin: which sites it may ask for is not known yet. No credentials."""
    return {
        "statusCode": 204,
        "headers": {
            "access-control-allow-origin": "*",
            "access-control-allow-methods": methods,
            "access-control-allow-headers": headers,
            "access-control-max-age": "7200",
        },
    }


def cors_headers(origin: str | None, allowed: Collection[str]) -> Mapping[str, str]:
    """What lets a page of `origin` read the answer; `Vary` in any case, so that no cache mixes two origins up."""
    if origin is not None and origin in allowed:
        return {"access-control-allow-origin": origin, "vary": "Origin"}
    return {"vary": "Origin"}


def check_origin(origin: str | None, allowed: Collection[str], site: str) -> None:
    """Raises `Problem` 403 for a page of another origin. A request without Origin comes from a server: accepted."""
    if origin is None or origin in allowed:
        return
    # The one answer that anybody may read: the publisher's engineer has to see why nothing happens.
    named = "A page without an origin" if origin == "null" else origin
    raise Problem(
        403,
        f"{named} is not in `origins` of site {site}. Nothing was counted.",
        headers={"access-control-allow-origin": "*"},
    )
