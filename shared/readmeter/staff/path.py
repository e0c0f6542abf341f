"""Parts of a path that are somebody else's words: the publisher's name of a reader, a member of staff."""

import re

from readmeter.core.article import normal
from readmeter.core.encoding import from_base64url
from readmeter.core.tokens import MOST_SUBJECT_BYTES, name_fault
from readmeter.web.problem import Problem

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
    fault = name_fault(text, most_bytes)
    if fault is not None:
        raise Problem(422, f"{what} in the path {fault}.")
    return normal(text)
