"""Meter items as the store writes them, made in memory, and a ledger of what they were stamped with."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from readmeter.core.encoding import base64url
from readmeter.store.database import Item
from readmeter.usage.ledger import Row, objects_of, rows_of
from readmeter.usage.objects import Objects
from tests.support.endpoint import KEYRING

DAY = 86_400
SITE = "riotimes"


def keyring() -> Any:
    return KEYRING


def name_of(article: str) -> str:
    """The name of an article's stamp: 22 characters, as a digest has."""
    return base64url(hashlib.sha256(article.encode()).digest()[:16])


def item(
    sort_key: str, stamps: Mapping[str, str], *, reader: str = "ana", site: str = SITE, expires: int = 0, **numbers: int
) -> dict[str, Any]:
    """An item of `reader` with a stamp per article; `numbers` are its further attributes (`ws`, `g`, `e`)."""
    return {
        "pk": {"S": f"S#{site}#R#{reader}"},
        "sk": {"S": sort_key},
        "a": {"BS": [hashlib.sha256(article.encode()).digest()[:16] for article in stamps] or [b"filler"]},
        "x": {"N": str(expires)},
        **{name_of(article): {"S": stamp} for article, stamp in stamps.items()},
        **{name: {"N": str(value)} for name, value in numbers.items()},
    }


def rows(*items: Item) -> list[Row]:
    """What the stream would have brought of them."""
    return [row for each in items for row in rows_of(each, keyring, "stream", "100")]


def write(ledger: Objects, found: Iterable[Row], name: str = "100-100") -> None:
    for made in objects_of(found, name):
        ledger.create(made.key, made.body)


@dataclass
class Items:
    """`MeterItems` that are given."""

    found: list[Mapping[str, Any]]
    at: float = field(default=0.0)

    def __call__(self) -> Iterator[Item]:
        return iter(self.found)
