"""A site's rules as decisions read them: compiled once from the site document, loaded on the hot path unvalidated."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, Self

ReaderClass = Literal["anonymous", "registered", "subscriber", "institution"]
Unit = Literal["month", "week", "day", "days"]
Count = Literal["article", "view"]
Mode = Literal["live", "observe", "off"]

SITE_ID = re.compile(r"[a-z0-9-]{3,40}")


@dataclass(frozen=True, slots=True)
class Page:
    """What rules match on: section and tag names (casefolded) and the URL's path ("" when the URL is not known)."""

    sections: frozenset[str]
    tags: frozenset[str]
    path: str


@dataclass(frozen=True, slots=True)
class Match:
    """Names any of which picks a page. Sections and tags are casefolded; paths are globs (`*` also spans `/`)."""

    sections: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    def names(self, page: Page) -> bool:
        return (
            not page.sections.isdisjoint(self.sections)
            or not page.tags.isdisjoint(self.tags)
            or any(fnmatchcase(page.path, glob) for glob in self.paths)
        )

    @property
    def empty(self) -> bool:
        return not (self.sections or self.tags or self.paths)


@dataclass(frozen=True, slots=True)
class Meter:
    """A limit over a period for the articles that it matches.

    `limits` holds a total (0-500) per reader class that has one. `pool` names the meter whose allowance counts the
    reads: the meter itself, unless it shares another's; `unit`, `days` and `count` are then that meter's.
    """

    name: str
    limits: Mapping[str, int]
    unit: Unit
    days: int  # length of a `days` window, else 0
    count: Count
    match: Match
    pool: str

    def covers(self, page: Page) -> bool:
        return self.match.empty or self.match.names(page)


@dataclass(frozen=True, slots=True)
class Lift:
    """Opens what it matches to everybody, until an instant (epoch seconds)."""

    until: float
    match: Match


@dataclass(frozen=True, slots=True)
class Campaign:
    """Opens so many articles a calendar month to a reader who comes by its links."""

    name: str
    per_reader: int


@dataclass(frozen=True, slots=True)
class Institution:
    """A network whose readers have no limit."""

    name: str
    cidrs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gifts:
    """How many articles a reader may give away a calendar month, and how many days a link is good for."""

    per_month: int
    valid_days: int


@dataclass(frozen=True, slots=True)
class Key:
    """A public key (JWK) that identities are signed with, by the one algorithm that is accepted of it."""

    kid: str
    alg: Literal["ES256", "EdDSA", "RS256"]
    jwk: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """What an identity has to be to be believed. `keys` are the document's own; others stand at `jwks_url`."""

    issuer: str
    audience: str
    keys: tuple[Key, ...]
    jwks_url: str | None
    subscriber_claim: str


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class PromptRules:
    """How this site asks. URLs may hold `{return_url}`; `messages` overrides sentences: locale → kind → category."""

    subscribe_url: str
    sign_in_url: str | None = None
    register_url: str | None = None
    show_when_remaining: int | None = None
    at_limit: Literal["wall", "redirect"] = "wall"
    redirect_url: str | None = None
    help_url: str | None = None
    position: Literal["bottom", "top"] = "bottom"
    background: str = "#cc0000"
    text: str = "#ffffff"
    messages: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that what is known of a reader is kept: in the meter table after a period's end, and in the ledger."""

    reader_days: int = 45
    ledger_reader_days: int = 90


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of a site's rules. `timezone` is an IANA name; `own_paths` are the paths of the prompt's own URLs.

    `record` lists what unmetered reads are worth a usage row by: institution, gift, subscriber, campaign, exempt.
    `identity` is None where every reader is anonymous, `gifts` where none are given.
    """

    site: str
    version: int
    name: str
    origins: tuple[str, ...]
    timezone: str
    locale: str
    mode: Mode
    meters: tuple[Meter, ...]
    exempt: Match
    locked: Match
    own_paths: tuple[str, ...]
    prompt: PromptRules
    retention: Retention = Retention()
    record: tuple[str, ...] = ()
    lift: tuple[Lift, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    referrers: tuple[str, ...] = ()
    institutions: tuple[Institution, ...] = ()
    crawlers: Literal["verified", "none"] = "verified"
    gifts: Gifts | None = None
    soft_grants: bool = False
    identity: IdentityRules | None = None
    past_due_grace_days: int = 3

    def lifted(self, page: Page, now: float) -> bool:
        return any(now < lift.until and lift.match.names(page) for lift in self.lift)

    def fingerprint(self, meter: Meter) -> bytes:
        """Eight bytes that change when anything changes that `meter` decides by."""
        decides = [self.site, self.timezone, self.mode, {**_fields(meter), "match": _fields(meter.match)}]
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).digest()[:8]

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        """The rules that `dataclasses.asdict` turned into `data` (as JSON gives it back).

        What was stored before a key existed has that key's default.
        """
        prompt = data["prompt"]
        return cls(
            **{key: data[key] for key in ("site", "version", "name", "timezone", "locale", "mode")},
            origins=tuple(data["origins"]),
            meters=tuple(Meter(**{**meter, "match": _match(meter["match"])}) for meter in data["meters"]),
            exempt=_match(data["exempt"]),
            locked=_match(data["locked"]),
            own_paths=tuple(data["own_paths"]),
            prompt=PromptRules(**{**prompt, "links": tuple(Link(**link) for link in prompt["links"])}),
            retention=Retention(**data.get("retention", {})),
            record=tuple(data.get("record", ())),
            lift=tuple(Lift(each["until"], _match(each["match"])) for each in data.get("lift", ())),
            campaigns=tuple(Campaign(**each) for each in data.get("campaigns", ())),
            referrers=tuple(data.get("referrers", ())),
            institutions=tuple(
                Institution(each["name"], tuple(each["cidrs"])) for each in data.get("institutions", ())
            ),
            gifts=_gifts(data.get("gifts")),
            identity=_identity(data.get("identity")),
            **{key: data[key] for key in ("crawlers", "soft_grants", "past_due_grace_days") if key in data},
        )


def _fields(rules: Meter | Match) -> dict[str, Any]:
    """As `asdict`, without its deep copies: at a quarter of the cost."""
    return {name: getattr(rules, name) for name in rules.__slots__}


def _match(data: Mapping[str, list[str]]) -> Match:
    return Match(**{key: tuple(names) for key, names in data.items()})


def _gifts(data: Mapping[str, int] | None) -> Gifts | None:
    return Gifts(**data) if data else None


def _identity(data: Mapping[str, Any] | None) -> IdentityRules | None:
    return IdentityRules(**{**data, "keys": tuple(Key(**key) for key in data["keys"])}) if data else None


@dataclass(frozen=True, slots=True)
class CompiledSite:
    """The rules in force, and those that follow from an instant on (seconds since the epoch; the site's next month)."""

    current: Rules
    following: Rules | None = None
    following_from: float | None = None

    def in_force(self, now: float) -> Rules:
        if self.following is not None and self.following_from is not None and now >= self.following_from:
            return self.following
        return self.current

    def dump(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Self:
        data = json.loads(text)
        following = data["following"]
        return cls(Rules.load(data["current"]), following and Rules.load(following), data["following_from"])
