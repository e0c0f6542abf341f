"""Values of a document or an answer, as people read them in a table."""

import json
from collections.abc import Iterator
from typing import Any


def leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every value by its dotted name, as differences name them: a meter goes by its own."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(f"{path}.{key}" if path else key, each)
    elif path == "meters" and value:
        for meter in value:
            yield from leaves(f"meters.{meter['name']}", {key: meter[key] for key in meter if key != "name"})
    else:
        yield path, value


def shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
