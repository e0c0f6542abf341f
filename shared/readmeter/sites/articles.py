"""What a publisher tells of its articles, so that reports can name them: title and section by the article's id."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from readmeter.core.article import normal
from readmeter.sites import text
from readmeter.sites.parse import Invalid, invalid, parse_json

MOST_ARTICLES = 500
MOST_BYTES = 1_048_576  # 500 of the longest, in UTF-8
_MOST_ID_BYTES = 512


def _id(value: str) -> str:
    """In NFC: two spellings of an id are one article."""
    identity = normal(text.line(value))
    if len(identity.encode()) > _MOST_ID_BYTES:
        raise PydanticCustomError("article_id", f"must have at most {_MOST_ID_BYTES} bytes in UTF-8 (NFC)")
    return identity


class Article(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, Field(min_length=1, max_length=_MOST_ID_BYTES), AfterValidator(_id)] = Field(
        description="As views name it: `article`, else the URL without query and fragment"
    )
    title: Annotated[str, Field(min_length=1, max_length=300), AfterValidator(text.line)] = Field(
        description="One line, as reports show it"
    )
    section: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(text.line)] | None = Field(
        default=None, description="Where reports count it"
    )


class Articles(BaseModel):
    """Labels of articles, by id. An article that is here again has its newest label."""

    model_config = ConfigDict(extra="forbid", strict=True)

    articles: Annotated[list[Article], Field(max_length=MOST_ARTICLES)]


def parse_articles(content: bytes) -> list[Article]:
    """The articles in a body, `{"articles": […]}` or the list alone. Raises `Unreadable` or `Invalid`."""
    data: Any = parse_json(content)
    is_bare = isinstance(data, list)
    try:
        articles = Articles.model_validate({"articles": data} if is_bare else data).articles
    except ValidationError as error:
        found = invalid(error, Articles).errors
        raise Invalid([(_within(pointer, is_bare), detail) for pointer, detail in found]) from None
    first: dict[str, int] = {}
    if twice := [n for n, each in enumerate(articles) if first.setdefault(each.id, n) != n]:
        raise Invalid([(_within(f"/articles/{n}/id", is_bare), "is here before") for n in twice])
    return articles


def _within(pointer: str, is_bare: bool) -> str:
    return pointer.removeprefix("/articles") if is_bare else pointer
