"""Values of a document or an answer, as people read them in a table."""

import json
from collections.abc import Iterator
from typing import Any

_NAMES = ("name", "id", "kid", "meter")


def leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every value by its dotted name, as differences name them: a meter goes by its own, as all that has one."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(f"{path}.{key}" if path else key, each)
    elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        for number, each in enumerate(value):
            named = next((key for key in _NAMES if key in each), None)
            own = {key: each[key] for key in each if key != named}
            yield from leaves(f"{path}.{each[named] if named else number}", own)
    else:
        yield path, value


def shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
