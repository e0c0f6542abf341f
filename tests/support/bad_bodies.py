"""Bodies of POST /v1/views and /v1/access that break one rule of the contract each, and odd ones that break none.

They name a site `SITE` that the tests publish: what is wrong with a body is only what its name says.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SITE = "the-site"
MOST_BYTES = 8192
LONE_SURROGATE = "a\ud800"
COMPOSED, DECOMPOSED = "é", "e\u0301"  # 2 and 3 bytes
GROWING = "\ufb2c"  # 3 bytes, 6 in NFC

ANY_STRING = ("reader", "state", "seed", "identity", "gift", "referrer", "campaign", "locale")
STRINGS = (*ANY_STRING, "site", "article", "url", "view", "storage")
LISTS = ("sections", "tags", "events")
FIELDS = (*STRINGS, *LISTS)

NO_STRINGS = [7, -0.5, 1e308, True, False, [], ["a"], {}, {"a": "b"}]
NO_LISTS = ["", "a", 7, -0.5, True, False, {}, {"0": "a"}]
NO_NAMES = [7, True, None, [], {}, "x" * 65, LONE_SURROGATE]
NO_EVENTS = [7, True, None, [], "prompt_shown"]
EVENT = {"kind": "prompt_shown", "article": "a", "at": 1_795_348_800_000}
NO_KINDS = ["", "Prompt_shown", "prompt_shown ", "view", 7, True, [], ["prompt_shown"], {}, LONE_SURROGATE]
NO_INSTANTS = [
    *("", "now", "1795348800000", "2026-11-22", "2026-11-22T12:00:00", "2026-11-22 12:00:00Z", "20261122T120000Z"),
    *("2026-02-30T00:00:00Z", "2026-11-22T25:00:00Z", "2026-11-22T12:00:00+24:00", "٢٠٢٦-11-22T12:00:00Z"),
    *(LONE_SURROGATE, 1e16, -1e308, True, [], {}),
]


@dataclass(frozen=True)
class BadBody:
    """What a body breaks, the answer's status, and the fields that a 422 names."""

    name: str
    body: bytes
    status: int
    pointers: tuple[str, ...] = ()


def whole(**fields: Any) -> dict[str, Any]:
    """A view that is right but for `fields`."""
    return {"site": SITE, "article": "a", **fields}


def _wrong(field: str, value: Any, pointer: str | None = None) -> BadBody:
    name = f"{field} is {json.dumps(value)[:40]}"
    return BadBody(name, json.dumps(whole(**{field: value})).encode(), 422, (pointer or f"/{field}",))


def _wrong_types() -> Iterator[BadBody]:
    for field in STRINGS:
        yield from (_wrong(field, value) for value in NO_STRINGS)
        yield from (
            BadBody(f"{field} is {name}", _raw(field, digits), 422, (f"/{field}",))
            for name, digits in (("1e400", b"1e400"), ("-1e400", b"-1e400"), ("a number of 5,000 digits", b"9" * 5000))
        )
    for field in LISTS:
        yield from (_wrong(field, value) for value in NO_LISTS)
        yield BadBody(f"{field} is 1e400", _raw(field, b"1e400"), 422, (f"/{field}",))


def _wrong_values() -> Iterator[BadBody]:
    yield from (_wrong("site", value) for value in ("", "x" * 41, "é" * 41))
    for field in ("article", "url"):
        yield from (
            _wrong(field, value)
            for value in (
                "",
                "x" * 513,
                COMPOSED * 256 + "x",
                DECOMPOSED * 256 + "x",
                GROWING * 86,
                "\U0001f600" * 129,
                LONE_SURROGATE,
                "\udc00\ud800",
                *(f"a{control}b" for control in "\0\t\n\r\x1b\x7f\x80\x9f"),
            )
        )
    yield from (_wrong("view", value) for value in ("", "x" * 65, COMPOSED * 33, DECOMPOSED * 22, LONE_SURROGATE))
    yield from (_wrong("storage", value) for value in ("", "None", "none ", "local"))
    for field in ("sections", "tags"):
        yield _wrong(field, ["a"] * 21)
        yield from (_wrong(field, ["a", value], f"/{field}/1") for value in NO_NAMES)
    yield _wrong("events", [{}] * 21)
    yield from (_wrong("events", [EVENT, value]) for value in NO_EVENTS)
    for field, values in (
        ("kind", [None, *NO_KINDS]),
        ("article", [None, "", "x" * 513, "a\0", LONE_SURROGATE, *NO_STRINGS]),
        ("at", [None, *NO_INSTANTS]),
    ):
        yield from (_wrong("events", [EVENT, {**EVENT, field: value}], f"/events/1/{field}") for value in values)


def _missing() -> Iterator[BadBody]:
    for name, fields, pointers in (
        ("no site", {"article": "a"}, ("/site",)),
        ("site is null", {"site": None, "article": "a"}, ("/site",)),
        ("neither article nor url", {"site": SITE}, ("/article",)),
        ("article and url are null", {"site": SITE, "article": None, "url": None}, ("/article",)),
        ("no field at all", {}, ("/site", "/article")),
        ("several at once", {"site": 7, "url": "", "tags": "a", "seed": 1}, ("/site", "/url", "/seed", "/tags")),
    ):
        yield BadBody(name, json.dumps(fields).encode(), 422, pointers)
    for value in ([], [whole()], "a", 7, 1.5, True, None):
        yield BadBody(f"no object but {json.dumps(value)[:20]}", json.dumps(value).encode(), 422, ("",))


def _not_json() -> Iterator[BadBody]:
    right = json.dumps(whole())
    bodies = {
        "empty": b"",
        "white space": b" \n\t",
        "cut off": right.encode()[:-1],
        "cut off in a string": right.encode()[:12],
        "cut off in a character": b'{"site": "the-site", "article": "\xc3',
        "two documents": (right + right).encode(),
        "something after it": f"{right}x".encode(),
        "trailing comma": f"{right[:-1]},}}".encode(),
        "single quotes": right.replace('"', "'").encode(),
        "a comment": f"/* {right} */".encode(),
        "a form": b"site=the-site&article=a",
        "with a byte order mark": f"\ufeff{right}".encode(),
        "UTF-16": right.encode("utf-16"),
        "UTF-16 without a mark": right.encode("utf-16-le"),
        "UTF-32": right.encode("utf-32"),
        "Latin-1": json.dumps(whole(article="é"), ensure_ascii=False).encode("latin-1"),
        "an encoded surrogate": b'{"site": "the-site", "article": "\xed\xa0\x80"}',
        "an overlong character": b'{"site": "the-site", "article": "\xc0\xaf"}',
        "gzip": gzip.compress(right.encode(), mtime=0),
        "NaN": _raw("x", b"NaN"),
        "Infinity": _raw("x", b"Infinity"),
        "-Infinity": _raw("article", b"-Infinity"),
        "a number with a leading nought": _raw("x", b"07"),
        "a hexadecimal number": _raw("x", b"0x7"),
        "a raw control character": _raw("x", b'"a\nb"'),
        "a raw NUL": _raw("x", b'"a\0b"'),
        "a bad escape": _raw("x", rb'"\x41"'),
        "half an escape": _raw("x", rb'"\u12"'),
    }
    return (BadBody(f"no JSON: {name}", body, 400) for name, body in bodies.items())


def _too_large() -> Iterator[BadBody]:
    right = json.dumps(whole()).encode()
    yield BadBody("a byte over 8 KB", right.ljust(MOST_BYTES + 1), 413)
    yield BadBody("a byte over 8 KB, no JSON", b"x" * (MOST_BYTES + 1), 413)
    yield BadBody("1 MB", json.dumps(whole(x="x" * 1_000_000)).encode(), 413)


def _raw(field: str, value: bytes) -> bytes:
    """A view with `value` as it is spelt."""
    fields = {**{name: json.dumps(each).encode() for name, each in whole().items()}, field: value}
    return b"{%b}" % b", ".join(b'"%b": %b' % (name.encode(), each) for name, each in fields.items())


BAD_BODIES = [*_missing(), *_wrong_types(), *_wrong_values(), *_not_json(), *_too_large()]

# Nested deeper than some Python versions read: refused or (where nobody looks at it) passed over, never a fault.
NESTED = {
    "5,000 lists": b"[" * 4096 + b"]" * 4096,
    "a list that never ends": b"[" * 5000,
    "objects in a field that is not known": _raw("x", b'{"a":' * 1300 + b"1" + b"}" * 1300),
    "lists for an article": _raw("article", b"[" * 4000 + b"]" * 4000),
    "lists for tags": _raw("tags", b"[" * 4000 + b"]" * 4000),
}

# Odd, and right: each is answered as the plain view of article "a" would be.
ODD_BODIES = {
    "null for every other field": json.dumps(whole(**dict.fromkeys(set(FIELDS) - {"site", "article"}))).encode(),
    "any string where any is accepted": json.dumps(whole(**dict.fromkeys(ANY_STRING, "\0é\u2028x"))).encode(),
    "an empty string where any is accepted": json.dumps(whole(**dict.fromkeys(ANY_STRING, ""))).encode(),
    "a lone surrogate where any string is accepted": json.dumps(
        whole(**dict.fromkeys(ANY_STRING, LONE_SURROGATE))
    ).encode(),
    "tokens that look like some": json.dumps(
        whole(reader="0.AAAA.AAAA", state="0.AAAA.AAAA", seed="é" * 22, identity="a.b.c")
    ).encode(),
    "unknown fields": json.dumps(whole(x=1, __proto__={}, constructor=[], **{"": None})).encode(),
    "huge numbers in unknown fields": _raw("x", b"[1e400, -1e400, " + b"9" * 5000 + b"]"),
    "a field twice: the last one counts": b'{"article": 7, "site": "another", "site": "the-site", "article": "a"}',
    "exactly 8 KB": json.dumps(whole()).encode().ljust(MOST_BYTES),
    "lists at their limits": json.dumps(
        whole(sections=["é" * 64] * 20, tags=[""] * 20, events=[{**EVENT, "x": []}] * 20), ensure_ascii=False
    ).encode(),
    "the longest url": json.dumps(whole(url="x" * 512)).encode(),
    "the longest url, decomposed": json.dumps(whole(url=DECOMPOSED * 256)).encode(),
    "a url that is none": json.dumps(whole(url="https://[::1/\u2028")).encode(),
    "the longest view": json.dumps(whole(view=COMPOSED * 32)).encode(),
    "a view of control characters": json.dumps(whole(view="\0\n")).encode(),
    "escaped": rb'{"s\u0069te": "the-site", "article": "\u0061"}',
    "white space around": b"\r\n\t " + json.dumps(whole(), indent=4).encode() + b"\n",
}
