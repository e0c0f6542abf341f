"""Labels of articles in the site table, so that a report can name what the meter table knows by digest alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readmeter.core.encoding import base64url
from readmeter.store.database import Database, Item

_MOST_AT_ONCE = 100  # writes that DynamoDB takes in one transaction


@dataclass(frozen=True, slots=True)
class Label:
    """How people know an article; `section` is None where the publisher names none."""

    title: str
    section: str | None = None


class ArticleStore:
    """The article catalogue of every site. No call scans."""

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table

    def write(self, site: str, labels: Mapping[bytes, Label]) -> None:
        """Writes a label per article digest, over what was there. Writing the same again changes nothing.

        Raises `Conflict` where another writes the same articles now; some of `labels` may then be written.
        """
        puts = [{"Put": {"TableName": self._table, "Item": _item(site, *each)}} for each in labels.items()]
        for start in range(0, len(puts), _MOST_AT_ONCE):
            self._database.transact_write_items(TransactItems=puts[start : start + _MOST_AT_ONCE])

    def label(self, site: str, digest: str) -> Label | None:
        """The label of one article, by its digest in base64url."""
        item = self._database.get_item(TableName=self._table, Key=_key(site, digest))
        return None if item is None else _label(item)

    def labels(self, site: str) -> dict[str, Label]:
        """Every label of the site, by the article's digest in base64url."""
        items = self._database.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :a)",
            ExpressionAttributeValues={":pk": {"S": f"S#{site}"}, ":a": {"S": "A#"}},
        )
        return {item["sk"]["S"].removeprefix("A#"): _label(item) for item in items}


def _item(site: str, digest: bytes, label: Label) -> dict[str, Any]:
    item = {**_key(site, base64url(digest)), "t": {"S": label.title}}
    return item if label.section is None else {**item, "s": {"S": label.section}}


def _key(site: str, digest: str) -> dict[str, Any]:
    return {"pk": {"S": f"S#{site}"}, "sk": {"S": f"A#{digest}"}}


def _label(item: Item) -> Label:
    return Label(item["t"]["S"], item["s"]["S"] if "s" in item else None)
