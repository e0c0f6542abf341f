"""Site documents in files: read and checked as the service does, their findings told by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readmeter.command.client import Content, Refused
from readmeter.sites.check import warnings
from readmeter.sites.document import SiteDocument
from readmeter.sites.lines import Lines, line_of, lines
from readmeter.sites.parse import Invalid, TooLarge, Unreadable, parse_document

_NAMED = 10  # errors that are told in one line
_KINDS = {".json": "application/json", ".yaml": "application/yaml", ".yml": "application/yaml"}


@dataclass(frozen=True)
class Written:
    """A file: `document` is None where it has `errors`. Errors and warnings are (JSON Pointer, sentence)."""

    file: Path
    body: Content
    document: SiteDocument | None
    errors: Sequence[tuple[str, str]]
    lines: Lines

    @property
    def warnings(self) -> list[tuple[str, str]]:
        return [] if self.document is None else warnings(self.document)

    def told(self, findings: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        """Findings for machines."""
        return [
            {"line": line_of(pointer, self.lines), "pointer": pointer, "detail": detail} for pointer, detail in findings
        ]


def sentence(written: Written | None, kind: str, pointer: str, detail: str) -> str:
    """A finding as compilers write theirs: editors jump to it. What is in no file has no place."""
    line = None if written is None else line_of(pointer, written.lines)
    file = None if written is None else str(written.file)
    place = f"{file}:{line}" if line else file
    return ": ".join(filter(None, (place, kind, dotted(pointer), detail)))


def read(file: Path) -> Written:
    content = file.read_bytes()
    body = Content(_KINDS.get(file.suffix.lower(), "application/octet-stream"), content)
    where = lines(content)
    try:
        return Written(file, body, parse_document(content, body.kind), (), where)
    except TooLarge as error:
        return Written(file, body, None, [("", error.detail)], {})
    except Unreadable as error:
        return Written(file, body, None, [("", error.detail)], {} if error.line is None else {"": error.line})
    except Invalid as error:
        return Written(file, body, None, sorted(error.errors, key=lambda each: line_of(each[0], where) or 0), where)


def read_right(file: Path) -> tuple[Written, str]:
    """The file and the site that it is of. Raises `Refused` with what is wrong, before anything is asked."""
    written = read(file)
    if written.document is None:
        told = "; ".join(sentence(written, "error", *each).rstrip(".") for each in written.errors[:_NAMED])
        more = f"; and {len(written.errors) - _NAMED} more" if len(written.errors) > _NAMED else ""
        raise Refused(f"{told}{more}. Nothing was sent.")
    return written, written.document.site


def dotted(pointer: str) -> str:
    """A JSON Pointer as people write it."""
    names = pointer.removeprefix("/").split("/")
    return ".".join(name.replace("~1", "/").replace("~0", "~") for name in names)
