"""A site for tests: its rules as they are compiled, in one line."""

from typing import Any

from readmeter.core.rules import CompiledSite, Match, Meter, PromptRules, Rules

ORIGIN = "https://www.riotimesonline.com"


def meter(name: str = "default", anonymous: int = 5, **given: Any) -> Meter:
    fields: dict[str, Any] = {
        "limits": {"anonymous": anonymous},
        "unit": "month",
        "days": 0,
        "count": "article",
        "match": Match(),
        "pool": name,
    }
    return Meter(name=name, **{**fields, **given})


def rules(*meters: Meter, **given: Any) -> Rules:
    fields: dict[str, Any] = {
        "site": "riotimes",
        "version": 1,
        "name": "The Rio Times",
        "origins": (ORIGIN,),
        "timezone": "America/Sao_Paulo",
        "locale": "en",
        "mode": "live",
        "exempt": Match(),
        "locked": Match(),
        "own_paths": ("/subscribe",),
        "prompt": PromptRules(f"{ORIGIN}/subscribe"),
    }
    return Rules(meters=meters or (meter(),), **{**fields, **given})


def compiled(*meters: Meter, **given: Any) -> CompiledSite:
    return CompiledSite(rules(*meters, **given))
