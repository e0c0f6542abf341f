"""`readmeter init`: a site document for a publication, from four answers."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import click
from pydantic import TypeAdapter, ValidationError

from readmeter.command.client import Misused
from readmeter.command.documents import dotted
from readmeter.command.output import Desk, offline
from readmeter.core.rules import SITE_ID
from readmeter.sites.document import Origin, Timezone
from readmeter.sites.parse import Invalid, parse_document

_LOCALTIME = Path("/etc/localtime")
_OF_EVERYBODY = {"www", "co", "com", "net", "org", "gov", "edu", "ac"}
_MOST_ARTICLES = 500
Answer = TypeVar("Answer", str, int)


@click.command()
@click.option("--address", metavar="URL", help="Where the site's pages live: https://www.riotimesonline.com")
@click.option("--name", help="The publication's name (default: its host)")
@click.option("--timezone", metavar="ZONE", help="Whose months count: America/Sao_Paulo (default: this machine's)")
@click.option("--articles", metavar="NUMBER", help="Free articles a month (default: 5)")
@click.option(
    "--subscribe-url", metavar="URL", help="Where readers subscribe (default: /subscribe on the site, to be looked at)"
)
@click.option("--site", metavar="ID", help="The site's id, for ever (default: from its host)")
@click.option("--force", is_flag=True, help="Overwrite a file of that name")
@offline
def init(
    desk: Desk,
    address: str | None,
    name: str | None,
    timezone: str | None,
    articles: str | None,
    subscribe_url: str | None,
    site: str | None,
    force: bool,
) -> None:
    """Write a site document: asks for the site's address, its name, its time zone and its free articles a month.

    What an option answers is not asked. Without a terminal nothing is asked: only --address is needed. The file is
    called after the site's id, and `site validate` finds no error in it.
    """
    origin = _answered(desk, "Address of the site", address, None, _origin)
    host = urlsplit(origin).hostname or ""
    given: dict[str, str | int] = {
        "site": site or _id_of(host),
        "name": _answered(desk, "Name of the publication", name, host.removeprefix("www."), str.strip),
        "origin": origin,
        "timezone": _answered(
            desk, "Time zone (its months count)", timezone, _zone_here(desk.surroundings.environ), _zone
        ),
        "articles": _answered(desk, "Free articles a month", articles, "5", _limit),
        "subscribe_url": subscribe_url or f"{origin}/subscribe?return={{return_url}}",
    }
    text = _document(given)
    try:
        parse_document(text.encode(), "application/yaml")
    except Invalid as error:
        raise Misused("; ".join(f"{dotted(pointer)} {detail}" for pointer, detail in error.errors)) from None
    target = Path(f"{given['site']}.yaml")
    try:
        with target.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Misused(f"{target} is there already: --force overwrites it, --site names another.") from None
    if desk.as_json:
        desk.answer({"file": str(target), "site": given["site"]})
    if subscribe_url is None:
        desk.say(f"Look at `subscribe_url`: {given['subscribe_url']} is a guess.")
    desk.say(f"{target} is written. Next: readmeter site apply {target}")


def _answered(
    desk: Desk, question: str, given: str | None, default: str | None, check: Callable[[str], Answer]
) -> Answer:
    """What the option says, else what somebody answers, else the default. Raises `Misused` where it cannot be."""
    if given is None and desk.asks:
        return click.prompt(question, default=default, value_proc=_asked(check), err=True)
    if given is None and default is None:
        raise Misused("Nobody is there to be asked: --address names the site.")
    try:
        return check(given if given is not None else str(default))
    except ValueError as error:
        raise Misused(f"{question}: {error}") from None


def _asked(check: Callable[[str], Answer]) -> Callable[[str], Answer]:
    def answer(text: str) -> Answer:
        try:
            return check(text)
        except ValueError as error:
            raise click.UsageError(str(error)) from None  # click says it and asks again

    return answer


def _origin(address: str) -> str:
    """The origin of an address as people type it."""
    parts = urlsplit(address.strip() if "://" in address else f"https://{address.strip()}")
    return _valid(TypeAdapter(Origin), f"{parts.scheme}://{parts.netloc}".lower())


def _zone(text: str) -> str:
    return _valid(TypeAdapter(Timezone), text.strip())


def _limit(text: str) -> int:
    if not text.strip().isdecimal() or int(text) > _MOST_ARTICLES:
        raise ValueError(f"must be a whole number up to {_MOST_ARTICLES}")
    return int(text)


def _valid(model: "TypeAdapter[str]", value: str) -> str:
    """Raises ValueError with what is allowed."""
    try:
        return model.validate_python(value)
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"]) from None


def _id_of(host: str) -> str:
    """`riotimesonline` for www.riotimesonline.com, `news-example` for news.example.co.uk."""
    labels = host.split(".")
    own = [each for each in labels[: max(1, len(labels) - 1)] if each not in _OF_EVERYBODY] or labels
    found = re.sub(r"[^a-z0-9]+", "-", "-".join(own)).strip("-")[:40]
    return found if SITE_ID.fullmatch(found) else f"site-{found}"


def _zone_here(environ: Mapping[str, str]) -> str:
    """This machine's, where it tells it by name."""
    named = environ.get("TZ", "") or str(_LOCALTIME.resolve()).rpartition("/zoneinfo/")[2]
    try:
        return _zone(named.lstrip(":"))
    except ValueError:
        return "UTC"


def _document(given: Mapping[str, str | int]) -> str:
    """The document as its author would write it. Any text is well-formed YAML as JSON spells it."""
    said = {name: json.dumps(value, ensure_ascii=False) for name, value in given.items()}
    return f"""\
# The rules of one site. All keys: docs/reference/site-document.md
site: {said["site"]}
name: {said["name"]}
origins: [{said["origin"]}]    # every origin that shows articles: www and bare are two
timezone: {given["timezone"]}    # a month is this zone's calendar month
mode: live    # observe: counts and shows nothing, to find the limit that suits your readers
meters:
  - name: default
    limits: {{anonymous: {given["articles"]}}}    # free articles a month
prompt:
  subscribe_url: {said["subscribe_url"]}
"""
