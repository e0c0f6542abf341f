"""Who reads, as far as it was proven, and by which way they came: what decisions go by beside the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from readmeter.core.rules import Campaign, ReaderClass

Giver = Literal["registered", "subscriber"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What was proven of a reader. `institution` and `campaign` name one of the site's own.

    `gift`: who gave this very article away; `referred`: a host that the site names led here; `bonus`: further reads
    that staff granted, by meter.
    """

    registered: bool = False
    subscriber: bool = False
    institution: str | None = None
    crawler: bool = False
    gift: Giver | None = None
    campaign: Campaign | None = None
    referred: bool = False
    bonus: Mapping[str, int] = field(default_factory=dict)

    @property
    def reader_class(self) -> ReaderClass:
        """As usage tells readers apart."""
        if self.subscriber:
            return "subscriber"
        if self.institution is not None:
            return "institution"
        return "registered" if self.registered else "anonymous"


NOBODY = Standing()
