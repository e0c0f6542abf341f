"""Files of an export: downloaded whole or not at all, held to the manifest's hashes."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from readmeter.command.client import Refused

MANIFEST = "manifest.json"
_CHUNK = 1 << 20


def save(target: Path, pieces: Iterable[bytes], expected: Mapping[str, Any], advance: Callable[[int], object]) -> None:
    """Writes what comes as `target`, once it is what `expected` says (`sha256`, `bytes`). Raises `Refused` if not."""
    part = target.with_name(f".{target.name}.part")
    digest, size = hashlib.sha256(), 0
    try:
        with part.open("wb") as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
                advance(len(piece))
        if (digest.hexdigest(), size) != (expected["sha256"], expected["bytes"]):
            raise Refused(
                f"{target.name}: what came is not what the manifest names. Nothing was kept of it; try again."
            )
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def matches(path: Path, expected: Mapping[str, Any]) -> bool:
    """Whether the file is there with the bytes that `expected` names."""
    return path.is_file() and path.stat().st_size == expected["bytes"] and sha256(path) == expected["sha256"]


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def plain_name(name: str) -> str:
    """A file's name as the service gives it. Raises `Refused` for one that would lead out of the folder."""
    if PurePosixPath(name).name != name or "\\" in name or name.startswith("."):
        raise Refused(f"The service names a file {name!r}, which is no file name.")
    return name


def read_manifest(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise Refused(f"{path} is no manifest.") from None
    if not isinstance(document, dict) or "files" not in document:
        raise Refused(f"{path} is no manifest.")
    return document
