"""Parts of a path that are somebody else's words: the publisher's name of a reader, a member of staff."""

import re
import unicodedata

from readmeter.core.article import normal
from readmeter.core.encoding import from_base64url
from readmeter.web.problem import Problem

MOST_SUBJECT_BYTES = 255

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


def subject_in(part: str) -> str:
    """The publisher's name of a reader. It is neither stored nor logged: what is kept is found by a digest of it."""
    return words(part, "A subject", MOST_SUBJECT_BYTES)


def words(part: str, what: str, most_bytes: int) -> str:
    """What a part of a path spells, in NFC. Raises `Problem` 422 where that cannot be `what`.

    API Gateway takes percent-encoding away, but not from every character, and reads `/` and `?` that were encoded as if
    they had not been. Words with such characters come as `~` and their UTF-8 in base64url.
    """
    if part.startswith("~"):
        content = from_base64url(part[1:])
        try:
            text = (content or b"").decode()
        except UnicodeDecodeError:
            text = ""
    elif _ESCAPE.search(part):
        raise Problem(422, f"{what} with a % in it goes into a path as ~ and its UTF-8 in base64url.")
    else:
        text = part
    fault = unfit(text, most_bytes)
    if fault is not None:
        raise Problem(422, f"{what} in the path {fault}.")
    return normal(text)


def unfit(text: str, most_bytes: int) -> str | None:
    """Why such a name is none, None where it is one."""
    if not 0 < len(normal(text).encode(errors="replace")) <= most_bytes:
        return f"must have 1 to {most_bytes} bytes in UTF-8 (NFC)"
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        return "must not hold control characters"
    return None
