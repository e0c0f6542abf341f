"""The paper's articles: one text file each, front matter over paragraphs, read once when the paper starts."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import yaml
from markupsafe import Markup, escape

CONTENT = Path(__file__).parent / "content"
WORDS_PER_MINUTE = 230
PREMIUM = "premium"  # the subject of what is for subscribers only


@dataclass(frozen=True)
class Article:
    slug: str
    lang: str
    section: str
    headline: str
    standfirst: str
    byline: str
    place: str
    source: str  # author, work and year of the public-domain text
    published: date
    rank: int  # 1 leads the front page
    tags: tuple[str, ...]
    paragraphs: tuple[Markup, ...]
    picture: str | None = None
    picture_text: str = ""  # what the picture shows, for those who cannot see it
    caption: str = ""

    @property
    def minutes(self) -> int:
        return max(1, math.ceil(sum(len(p.split()) for p in self.paragraphs) / WORDS_PER_MINUTE))


def read_articles(today: date, folder: Path = CONTENT) -> list[Article]:
    """Every article of every language, best first; `today` dates those whose `age` is 0 days."""
    articles = [_read(path, today) for path in folder.glob("*/*.md")]
    return sorted(articles, key=lambda a: (a.rank, a.slug))


def _read(path: Path, today: date) -> Article:
    _, head, body = path.read_text("utf-8").split("---\n", 2)
    fields = yaml.safe_load(head)
    age = timedelta(days=fields.pop("age"))
    return Article(
        slug=path.stem,
        lang=path.parent.name,
        published=today - age,
        tags=tuple(fields.pop("tags")),
        paragraphs=tuple(_paragraphs(body)),
        **fields,
    )


def _paragraphs(body: str) -> Iterable[Markup]:
    """Paragraphs are parted by an empty line; *stars* are the only marks."""
    for block in re.split(r"\n\s*\n", body.strip()):
        line = str(escape(" ".join(block.split())))
        yield Markup(re.sub(r"\*(.+?)\*", r"<em>\1</em>", line))
