"""What staff ask of usage: the export to make, the dates to add up. Each error says what is allowed."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from readmeter.sites.document import SiteId
from readmeter.sites.parse import invalid, parse_json
from readmeter.usage.period import ExportPeriod

_EARLIEST = date(2020, 1, 1)  # older than any site; earlier dates would leave the calendar in some zone


def period_of(text: str) -> ExportPeriod:
    """Raises ValueError, with what is allowed, where `text` is no month or day that can have usage."""
    try:
        period = ExportPeriod.parse(text)
    except ValueError:
        period = None
    if period is None or not _EARLIEST <= period.first < date(9000, 1, 1):
        raise ValueError("must be a month (2026-11) or a day (2026-11-22), from 2020 on")
    return period


def _period(text: str) -> str:
    try:
        return period_of(text).text
    except ValueError as error:
        raise PydanticCustomError("period", "{allowed}", {"allowed": str(error)}) from None


class NewExport(BaseModel):
    """The export to make."""

    model_config = ConfigDict(extra="forbid", strict=True)

    site: SiteId = Field(description="The site's id")
    period: Annotated[str, AfterValidator(_period), Field(json_schema_extra={"pattern": r"^\d{4}-\d{2}(-\d{2})?$"})] = (
        Field(description="A month (`2026-11`) or a day (`2026-11-22`) on the site's calendar that has begun")
    )


def parse_new_export(content: bytes) -> NewExport:
    """Raises `sites.parse.Unreadable` or `sites.parse.Invalid`."""
    data = parse_json(content)
    try:
        return NewExport.model_validate(data)
    except ValidationError as error:
        raise invalid(error, NewExport) from None
