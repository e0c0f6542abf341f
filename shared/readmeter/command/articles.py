"""`readmeter articles`: titles and sections, so that reports name articles as people do."""

import csv
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from readmeter.command.client import Refused, site_path
from readmeter.command.output import Desk, command, number
from readmeter.sites.articles import MOST_ARTICLES, Article
from readmeter.sites.parse import invalid

_FIELDS = ("id", "title", "section")
_NAMED = 10  # bad lines that are told


@click.command()
@click.argument("site")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@command
def articles(desk: Desk, site: str, file: Path) -> None:
    """Send the article catalogue in FILE: id, title and section per line (.csv, .jsonl or .json).

    The id is what the page sends as the article (or its URL without query). A bad line is named, and nothing is sent.
    """
    labels: dict[str, dict[str, Any]] = {}
    wrong = []
    for where, entry in _entries(file):
        try:
            article = _article(entry)
            if article.id in labels:
                raise ValueError("id is here before")
            labels[article.id] = article.model_dump(exclude_none=True)
        except ValueError as error:
            wrong.append(f"{where}: {error}")
    if wrong:
        more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise Refused(f"{file}: {'; '.join(wrong[:_NAMED])}{more}. Nothing was sent.")
    listed = list(labels.values())
    for start in range(0, len(listed), MOST_ARTICLES):
        body = {"articles": listed[start : start + MOST_ARTICLES]}
        desk.client.call("PUT", site_path(site, "articles"), body=body)
    if desk.as_json:
        desk.answer({"site": site, "articles": len(labels)})
    said = "article has its title" if len(labels) == 1 else "articles have their titles"
    desk.say(f"{site}: {number(len(labels))} {said} now.")


def _entries(file: Path) -> Iterator[tuple[str, Any]]:
    """Where each entry stands, and the entry. Raises `Refused` for a file that is none of the three kinds."""
    text = file.read_text(encoding="utf-8-sig")
    match file.suffix.lower():
        case ".csv":
            reader = csv.DictReader(StringIO(text, newline=""))
            if not {"id", "title"} <= set(reader.fieldnames or ()):
                raise Refused(f"{file}: the first line must name the columns id, title and section.")
            for row in reader:
                yield f"line {reader.line_num}", row
        case ".jsonl" | ".ndjson":
            for line, content in enumerate(StringIO(text, newline=""), 1):
                if content.strip():
                    yield f"line {line}", _parsed(content)
        case ".json":
            entries = _parsed(text)
            if not isinstance(entries, list):
                raise Refused(f"{file}: must hold a list.")
            yield from ((f"entry {index}", entry) for index, entry in enumerate(entries, 1))
        case _:
            raise Refused(f"{file}: must end in .csv, .jsonl or .json.")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _article(entry: Any) -> Article:
    """Raises ValueError with what is wrong."""
    if not isinstance(entry, dict):
        raise ValueError("is no object of id, title and section")
    try:
        return Article.model_validate({name: entry[name] for name in _FIELDS if entry.get(name) not in (None, "")})
    except ValidationError as error:
        found = invalid(error, Article).errors
        raise ValueError(", ".join(f"{pointer.lstrip('/')} {detail}" for pointer, detail in found)) from None
