"""Days and instants as they are typed."""

from datetime import UTC, date, datetime

import click


def instant(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """As the API takes it; a day is its first moment in UTC."""
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        pass
    try:
        if datetime.fromisoformat(text).tzinfo is not None:
            return text
    except ValueError:
        pass
    raise click.BadParameter("a day is written 2026-12-01, an instant 2026-12-01T06:00:00-03:00")
