"""Writes tests/vectors/grants.json: grants that every verifier has to agree on, made with fixed keys at a fixed time.

What is genuine comes from `readmeter.core.grant`, which signs the real ones. The names in `sent` are what the snippet
makes of the page's own, written down by hand.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readmeter.core.article import identity, path_of
from readmeter.core.decision import Reason
from readmeter.core.encoding import base64url, from_base64url
from readmeter.core.grant import page_hash, write_grant
from readmeter.core.keys import Keyring, TokenSecret
from readmeter.core.tokens import Reader, reader_token
from readmeter.staff.answers import instant

VECTORS = Path(__file__).parents[1] / "tests" / "vectors" / "grants.json"

SITE = "riotimes"
NOW = 1_795_348_800  # 2026-11-22T12:00:00Z
ISSUED = NOW - 60
READER = Reader(bytes(range(16)))
NEW = TokenSecret("2", "signs")
OLD = TokenSecret("1", "signed until a while ago", NOW + 3600)
RETIRED = TokenSecret("0", "verifies no more", NOW - 1)
KEYS = Keyring("for ever", (NEW, OLD, RETIRED))
LONG = "x" * 63 + "🌊"  # 64 characters


@dataclass(frozen=True)
class Page:
    """A page as its publisher has it, and the names that the snippet sends of it (None: the same)."""

    url: str
    sections: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    article: str | None = None
    sent: tuple[list[str], list[str]] | None = None

    @property
    def identity(self) -> str:
        return identity(self.article, self.url)

    @property
    def hash(self) -> str:
        sections, tags = self.sent or (self.sections, self.tags)
        return page_hash(sections, tags, path_of(self.url))

    def data(self) -> dict[str, Any]:
        return {"url": self.url, "sections": self.sections, "tags": self.tags, "article": self.article}


COFFEE = Page("https://www.example.com/markets/coffee", ("Markets",), ("coffee", "Santos"))
BY_ID = Page("https://www.example.com/markets/coffee", ("Markets",), ("coffee",), "A-1")

PAGES = {
    "nothing said": Page("https://www.example.com/a"),
    "by its address, which has a query and a fragment": Page("https://www.example.com/a?utm=1#top"),
    "by the publisher's id": BY_ID,
    "names in another order, case and space": Page(
        "https://www.example.com/a", ("WORLD ", "\u00a0markets"), sent=(["Markets", "world"], [])
    ),
    "names twice": Page("https://www.example.com/a", ("world", "World", "world"), sent=(["world"], [])),
    "a name of a section is not one of a tag": Page("https://www.example.com/a", (), ("world",)),
    "commas part names": Page(
        "https://www.example.com/a", ("Rio, Brazil",), ("a,,b",), sent=(["Rio", "Brazil"], ["a", "b"])
    ),
    "more than twenty names": Page(
        "https://www.example.com/a", (), tuple(f"t{n}" for n in range(30)), sent=([], [f"t{n}" for n in range(20)])
    ),
    "a long name": Page("https://www.example.com/a", (), (LONG + "y",), sent=([], [LONG])),
    "a long name whose 64th character is a space": Page(
        "https://www.example.com/a", (), ("x" * 63 + " y",), sent=([], ["x" * 63])
    ),
    "composed and decomposed": Page(
        "https://www.example.com/a", ("Co\u0301rdoba",), ("S\u0323\u0307",), sent=(["Córdoba"], ["Ṩ"])
    ),
    "letters whose case runtimes do not agree on": Page(
        "https://www.example.com/a", ("Straße", "STRASSE", "İstanbul", "ſports"), ("ΣΊΣΥΦΟΣ", "σίσυφος", "ﬁnance", "Ǆ")
    ),
    "beyond the basic plane": Page(
        "https://www.example.com/a", ("𝒵", "\uff21", "😀", "\ue000"), ("अर्थव्यवस्था", "العالم")
    ),
    "signs": Page("https://www.example.com/a", ("a;b", "c/d", "!'()*", "-._~", "100 %"), ('"\\', "\x7f", "\u2028x")),
    "an address that is not ASCII": Page("https://www.example.com/économie/café", sent=([], [])),
    "an id that is not ASCII": Page("https://www.example.com/a", article="Cafe\u0301-№1"),
}
# What a browser's address is to the meter, and an id after NFC.
IDENTITIES = {
    "an address that is not ASCII": ("https://www.example.com/%C3%A9conomie/caf%C3%A9", None),
    "an id that is not ASCII": ("https://www.example.com/a", "Café-№1"),
}


def signed(
    page: Page = COFFEE, reason: Reason = "metered", *, at: float = ISSUED, keys: Keyring = KEYS, site: str = SITE
) -> str:
    """A genuine grant."""
    return write_grant(keys, site, READER, page.identity, reason, page.hash, at)


def altered(head: dict[str, Any] | None = None, claims: dict[str, Any] | None = None, key: bytes | None = None) -> str:
    """A grant with other contents, signed with the site's key unless another is given."""
    first, second, _ = signed().split(".")
    both = [_with(first, head or {}), _with(second, claims or {})]
    mac = hmac.digest(key or KEYS.signing_key("grant", SITE)[1], ".".join(both).encode(), hashlib.sha256)
    return ".".join([*both, base64url(mac)])


def _with(part: str, changes: dict[str, Any]) -> str:
    data = {**json.loads(from_base64url(part) or b""), **changes}
    kept = {name: value for name, value in data.items() if value is not ...}
    return base64url(json.dumps(kept, separators=(",", ":")).encode())


def _respelled(text: str) -> str:
    """The same bytes, written with other spare bits."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + letters[letters.index(text[-1]) ^ 1]


def granted() -> dict[str, tuple[str, Page, dict[str, Any]]]:
    """By name: the grant, the page that it is brought to, what else is so."""
    rotated = Keyring("for ever", (OLD, NEW))
    cases: dict[str, tuple[str, Page, dict[str, Any]]] = {
        reason: (signed(reason=reason), COFFEE, {})
        for reason in ("metered", "repeat", "exempt", "open", "subscriber", "institution", "crawler", "gift")
    }
    cases |= {f"page: {name}": (signed(_as_browsers_send(name, page)), page, {}) for name, page in PAGES.items()}
    return cases | {
        "signed by the key before, during a rotation": (signed(keys=rotated), COFFEE, {}),
        "in its last second, by a clock that is late": (signed(at=NOW - 629), COFFEE, {}),
        "made by a clock that is ahead": (signed(at=NOW + 30), COFFEE, {}),
        "soft, where the site allows it": (signed(reason="campaign"), COFFEE, {"soft_grants": True}),
    }


def _as_browsers_send(name: str, page: Page) -> Page:
    if name not in IDENTITIES:
        return page
    url, article = IDENTITIES[name]
    return Page(url, page.sections, page.tags, article, page.sent)


def refused() -> dict[str, tuple[str, str, Page]]:
    """By name: why, the grant, the page that it is brought to."""
    genuine = signed()
    head, claims, mac = genuine.split(".")
    other = signed(Page("https://www.example.com/free", ("Obituaries",)))
    from_another_site = KEYS.signing_key("grant", "another")[1]
    return {
        "no grant": ("missing", "", COFFEE),
        "for another article": ("wrong_article", other, COFFEE),
        "for another id": ("wrong_article", signed(BY_ID), Page(BY_ID.url, BY_ID.sections, BY_ID.tags, "A-2")),
        "for the id, where the address counts": ("wrong_article", signed(BY_ID), COFFEE),
        "by sections that the page does not have": (
            "wrong_page",
            signed(Page(COFFEE.url, ("Obituaries",), COFFEE.tags)),
            COFFEE,
        ),
        "by no sections": ("wrong_page", signed(Page(COFFEE.url, (), COFFEE.tags)), COFFEE),
        "by a section more": ("wrong_page", signed(Page(COFFEE.url, ("Markets", "Free"), COFFEE.tags)), COFFEE),
        "by tags that the page does not have": (
            "wrong_page",
            signed(Page(COFFEE.url, COFFEE.sections, ("open",))),
            COFFEE,
        ),
        "sections and tags changed over": (
            "wrong_page",
            signed(Page(COFFEE.url, COFFEE.tags, COFFEE.sections)),
            COFFEE,
        ),
        "names joined by a comma": (
            "wrong_page",
            signed(Page(COFFEE.url, ("Markets",), ("coffee,Santos",))),
            COFFEE,
        ),
        "by the path of a free page": (
            "wrong_page",
            signed(Page("https://www.example.com/about", BY_ID.sections, BY_ID.tags, "A-1")),
            BY_ID,
        ),
        "case that only some runtimes fold": (
            "wrong_page",
            signed(Page(COFFEE.url, ("straße",))),
            Page(COFFEE.url, ("STRASSE",)),
        ),
        "expired": ("expired", signed(at=NOW - 630), COFFEE),
        "expired long ago": ("expired", signed(at=0), COFFEE),
        "from the future": ("not_yet_valid", signed(at=NOW + 31), COFFEE),
        "of another site": ("wrong_site", altered(claims={"aud": "another"}), COFFEE),
        "of another site, with its key": ("wrong_signature", signed(site="another"), COFFEE),
        "this site's, with another's key": ("wrong_signature", altered(key=from_another_site), COFFEE),
        "of another issuer": ("wrong_site", altered(claims={"iss": "somebody"}), COFFEE),
        "as they were before verifiers": ("wrong_article", altered(claims={"art": ...}), COFFEE),
        "soft": ("soft", signed(reason="campaign"), COFFEE),
        "signed by nobody": ("wrong_signature", f"{head}.{claims}.", COFFEE),
        "signed with an empty key": ("wrong_signature", _keyless(head, claims), COFFEE),
        "another's claims": ("wrong_signature", f"{head}.{other.split('.')[1]}.{mac}", COFFEE),
        "the signature cut": ("wrong_signature", genuine[:-1], COFFEE),
        "the signature's bytes spelled differently": ("wrong_signature", f"{head}.{claims}.{_respelled(mac)}", COFFEE),
        "algorithm none": ("wrong_algorithm", altered({"alg": "none"}), COFFEE),
        "algorithm none, unsigned": ("wrong_algorithm", altered({"alg": "none"}).rpartition(".")[0] + ".", COFFEE),
        "algorithm RS256": ("wrong_algorithm", altered({"alg": "RS256"}), COFFEE),
        "algorithm HS384": ("wrong_algorithm", altered({"alg": "HS384"}), COFFEE),
        "algorithm in small letters": ("wrong_algorithm", altered({"alg": "hs256"}), COFFEE),
        "no algorithm": ("wrong_algorithm", altered({"alg": ...}), COFFEE),
        "a list of algorithms": ("wrong_algorithm", altered({"alg": ["HS256"]}), COFFEE),
        "an unknown key": ("unknown_key", altered({"kid": "3"}), COFFEE),
        "no key": ("unknown_key", altered({"kid": ...}), COFFEE),
        "a key's number": ("unknown_key", altered({"kid": 2}), COFFEE),
        "a key's name that every object has": ("unknown_key", altered({"kid": "__proto__"}), COFFEE),
        "a retired key": ("unknown_key", signed(keys=Keyring("for ever", (RETIRED,))), COFFEE),
        "the other key's name": ("wrong_signature", altered({"kid": "1"}), COFFEE),
        "no base64url": ("malformed", f"{head}.{claims[:-2]}+/.{mac}", COFFEE),
        "padded": ("malformed", f"{genuine}=", COFFEE),
        "a space in it": ("malformed", f"{head}.{claims}. {mac}", COFFEE),
        "a head that is no JSON": ("malformed", f"{base64url(b'HS256')}.{claims}.{mac}", COFFEE),
        "a head that is a list": ("malformed", f"{base64url(b'[]')}.{claims}.{mac}", COFFEE),
        "claims that are null": ("malformed", f"{head}.{base64url(b'null')}.{mac}", COFFEE),
        "a part too many": ("malformed", f"{genuine}.{mac}", COFFEE),
        "a part too few": ("malformed", f"{head}.{claims}", COFFEE),
        "no parts": ("malformed", "grant", COFFEE),
        "letters beyond ASCII": ("malformed", f"{head}.{claims}.é{mac[1:]}", COFFEE),
        "long": ("malformed", f"{genuine}{'A' * 4096}", COFFEE),
        "a reader's token": ("malformed", reader_token(KEYS, SITE, READER, NOW), COFFEE),
    }


def _keyless(head: str, claims: str) -> str:
    return f"{head}.{claims}.{base64url(hmac.digest(b'', f'{head}.{claims}'.encode(), hashlib.sha256))}"


def vectors() -> dict[str, Any]:
    told = [
        {"kty": "oct", "kid": token.kid, "alg": "HS256", "k": base64url(KEYS_OF[token.kid]), "expires": _instant(token)}
        for token in KEYS.tokens
    ]
    yes = [
        {"name": name, "granted": True, "page": page.data(), "grant": grant, **more}
        for name, (grant, page, more) in granted().items()
    ]
    no = [
        {"name": name, "granted": False, "why": why, "page": page.data(), "grant": grant}
        for name, (why, grant, page) in refused().items()
    ]
    pages = [
        {"name": name, "page": page.data(), "identity": sent.identity, "hash": sent.hash}
        for name, page in PAGES.items()
        for sent in [_as_browsers_send(name, page)]
    ]
    return {
        "now": NOW,
        "grant_keys": {"site": SITE, "soft_grants": False, "keys": told},
        "pages": pages,
        "grants": yes + no,
    }


KEYS_OF = {token.kid: Keyring("for ever", (token,)).signing_key("grant", SITE)[1] for token in KEYS.tokens}


def _instant(token: TokenSecret) -> str | None:
    return None if token.expires is None else instant(token.expires)


def main() -> None:
    VECTORS.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
