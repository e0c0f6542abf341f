"""Writes docs/reference/site-document.md below its mark: every key of the site document, from the model itself.

`PYTHONPATH=shared python tools/site_document.py`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from readmeter.sites.document import SiteDocument

GUIDE = Path(__file__).parent.parent / "docs" / "reference" / "site-document.md"
MARK = "<!-- From here on written by tools/site_document.py. -->\n"


def guide(text: str) -> str:
    """The guide with its table as it is now."""
    rows = "".join(f"| `{key}` | {default} | {meaning} |\n" for key, default, meaning in keys())
    return text.partition(MARK)[0] + MARK + "\n| key | default | meaning |\n|---|---|---|\n" + rows


def keys() -> Iterator[tuple[str, str, str]]:
    """Each key with its dots, its default and its meaning, in the model's order."""
    root = SiteDocument.model_json_schema()
    return _keys(root, root, "")


def _keys(root: dict[str, Any], schema: dict[str, Any], above: str) -> Iterator[tuple[str, str, str]]:
    for name, value in schema["properties"].items():
        key, is_required = above + name, name in schema.get("required", [])
        yield key, "required" if is_required else _default(value["default"]), _values(value) + value["description"]
        kind = _kind(value)
        inner, below = (kind["items"], "[].") if kind.get("type") == "array" else (kind, ".")
        if "$ref" in inner:
            yield from _keys(root, root["$defs"][inner["$ref"].rsplit("/", 1)[1]], key + below)


def _kind(schema: dict[str, Any]) -> dict[str, Any]:
    """Of a value that may be absent, what it is where it is there."""
    return next((each for each in schema.get("anyOf", []) if each.get("type") != "null"), schema)


def _values(schema: dict[str, Any]) -> str:
    """What a value may be, where that is a choice or a range."""
    kind = _kind(schema)
    if "enum" in kind:
        return ", ".join(f"`{each}`" for each in kind["enum"]) + ". "
    return f"{kind['minimum']}–{kind['maximum']}. " if "minimum" in kind else ""


def _default(value: object) -> str:
    if isinstance(value, dict):
        value = {key: each for key, each in value.items() if each}  # what is empty has a line of its own
    text = json.dumps(value)
    return "–" if value is None else f"`{text}`" if len(text) < 60 else "see meaning"


if __name__ == "__main__":
    GUIDE.write_text(guide(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
