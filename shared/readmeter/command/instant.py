"""Days and instants as they are typed."""

from datetime import datetime

import click

from readmeter.sites.text import of_day


def instant(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """As the API takes it; a day is its first moment in UTC."""
    if text is None:
        return None
    told = of_day(text)
    try:
        if datetime.fromisoformat(told).tzinfo is not None:
            return told
    except ValueError:
        pass
    raise click.BadParameter("a day is written 2026-12-01, an instant 2026-12-01T06:00:00-03:00")
