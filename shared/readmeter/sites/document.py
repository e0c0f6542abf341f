"""The site document: every key that a publisher may set, with its type, default and bounds. Cold side only."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer
from pydantic_core import PydanticCustomError

from readmeter.core.language import Category
from readmeter.core.messages import LONGEST
from readmeter.core.rules import SITE_ID
from readmeter.core.sentences import Kind
from readmeter.sites import text

SiteId = Annotated[str, Field(pattern=f"^{SITE_ID.pattern}$")]
MeterName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
Limit = Annotated[int, Field(ge=0, le=500)]
Label = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(text.line)]
Term = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(text.term)]
PathGlob = Annotated[str, Field(pattern=r"^[/*]", max_length=200), AfterValidator(text.line)]
Locale = Annotated[str, Field(max_length=35, json_schema_extra={"pattern": text.LOCALE}), AfterValidator(text.locale)]
Origin = Annotated[str, Field(max_length=265, json_schema_extra={"format": "uri"}), AfterValidator(text.origin)]
Timezone = Annotated[str, AfterValidator(text.timezone)]
Url = Annotated[str, Field(max_length=2000, json_schema_extra={"format": "uri-template"}), AfterValidator(text.url)]
Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Sentence = Annotated[str, Field(min_length=1, max_length=LONGEST)]
Instant = Annotated[
    str, Field(max_length=40, json_schema_extra={"format": "date-time"}), AfterValidator(text.instant_text)
]
CampaignName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Host = Annotated[str, Field(max_length=253, json_schema_extra={"format": "hostname"}), AfterValidator(text.host)]
Cidr = Annotated[str, Field(max_length=43), AfterValidator(text.network)]
Recorded = Literal["institution", "gift", "subscriber", "campaign", "exempt"]
Messages = dict[Locale, dict[Kind, dict[Category, Sentence]]]


LEDGER_DAYS = (60, 90, 180, 365)


def _with_an_expiry_rule(days: int) -> int:
    if days not in LEDGER_DAYS:
        raise PydanticCustomError(
            "ledger_days",
            "must be 60, 90, 180 or 365: objects expire by their tag, with one rule of the bucket for each",
        )
    return days


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Match(_Model):
    """Articles picked by any one of these names."""

    sections: list[Term] = Field(default=[], max_length=100, description="Section names; case does not matter")
    tags: list[Term] = Field(default=[], max_length=100, description="Tag names; case does not matter")
    paths: list[PathGlob] = Field(
        default=[], max_length=100, description="Globs over the URL's path: `*` any characters (also `/`), `?` one"
    )


class Limits(_Model):
    """Free articles per period, as totals. 0 is a hard wall."""

    anonymous: Limit = Field(description="For readers who have not signed in")
    registered: Limit | None = Field(default=None, description="For signed-in readers; absent: no registration tier")


class Period(_Model):
    """What the limit covers: the site's calendar month, week (from Monday) or day, or a window from the first read."""

    unit: Literal["month", "week", "day", "days"] = Field(description="`days`: counted from the reader's first read")
    days: Annotated[int, Field(ge=1, le=366)] | None = Field(default=None, description="Length of a `days` window")


class Lift(_Model):
    """Opens articles to everybody until an instant: a storm, an election night."""

    until: Instant = Field(description="RFC 3339 with its offset; from then on the articles are metered again")
    match: Match = Field(description="The articles, by at least one name; `paths: ['*']` is all")
    note: Label | None = Field(default=None, description="Why, for whoever reads the document next")


class Campaign(_Model):
    """Readers who come by this campaign's links read some articles beside their allowance."""

    name: CampaignName = Field(description="As `utm_campaign` of its links says it")
    per_reader: Annotated[int, Field(ge=1, le=500)] = Field(description="Articles a reader and calendar month")


class Institution(_Model):
    """A library, school or company whose network reads without limit."""

    name: Label = Field(description="Whose network it is")
    cidrs: list[Cidr] = Field(
        min_length=1, max_length=100, description="Its addresses on the internet, IPv4 and IPv6: `143.107.0.0/16`"
    )


class Gifts(_Model):
    """Links by which subscribers and registered readers give an article away."""

    per_month: Annotated[int, Field(ge=1, le=500)] = Field(description="Articles that one reader may give a month")
    valid_days: Annotated[int, Field(ge=1, le=90)] = Field(description="Days that a link opens its article")


class Key(_Model):
    """A public key that signs identities. Two stand side by side while one replaces the other."""

    kid: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(text.line)] = Field(
        description="Names the key, as the header of a token does"
    )
    alg: Literal["ES256", "EdDSA", "RS256"] = Field(description="The one algorithm that is accepted of it")
    jwk: dict[str, Any] = Field(max_length=20, description="Its public part as a JSON Web Key (RFC 7517)")


class Identity(_Model):
    """How pages prove who is signed in: a JWT that the publisher signs."""

    issuer: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(text.line)] = Field(
        description="What `iss` must be"
    )
    audience: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(text.line)] | None = Field(
        default=None, description="What `aud` must be or hold; default: the site's id"
    )
    keys: list[Key] = Field(default=[], max_length=20, description="The public keys, where they are written here")
    jwks_url: Url | None = Field(default=None, description="Where the publisher keeps them, fetched on a schedule")
    subscriber_claim: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(text.line)] = Field(
        default="subscriber", description="The claim that, where it is exactly `true`, names a subscriber"
    )


class Subscriptions(_Model):
    """What subscriptions that a payment service tells of are worth when something is wrong with them."""

    past_due_grace_days: Annotated[int, Field(ge=0, le=60)] = Field(
        default=3, description="Days that a subscriber reads on after a payment has failed"
    )


class Meter(_Model):
    """A limit over a period for the articles that it matches. The first meter that matches decides."""

    name: MeterName = Field(description="Names the meter in answers and exports")
    limits: Limits = Field(description="How many")
    period: Period = Field(default=Period(unit="month"), description="What the limits cover")
    count: Literal["article", "view"] = Field(
        default="article", description="`article`: a re-read is free; `view`: it counts"
    )
    match: Match = Field(default=Match(), description="The articles that this meter covers; empty: all")
    pool: MeterName | None = Field(
        default=None, description="Count in that meter's allowance (then no `period` or `count` here)"
    )

    @model_serializer(mode="wrap")
    def _without_the_pools_own(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = serialize(self)
        return data if self.pool is None else {k: v for k, v in data.items() if k not in ("period", "count")}


class Colors(_Model):
    """The prompt's colours. Contrast under 4.5:1 is a warning."""

    background: Color = Field(default="#cc0000", description="`#rrggbb`")
    text: Color = Field(default="#ffffff", description="`#rrggbb`")


class Link(_Model):
    """One more link in the prompt."""

    label: Label = Field(description="The text of the link")
    url: Url = Field(description="Where it leads")


class Prompt(_Model):
    """What readers are shown, and where its buttons lead. URLs may hold `{return_url}` in the query or fragment."""

    subscribe_url: Url = Field(description="Where the Subscribe button leads")
    sign_in_url: Url | None = Field(default=None, description="Where the Sign in button leads; absent: no button")
    register_url: Url | None = Field(default=None, description="Where a free account is made")
    show_when_remaining: Limit | None = Field(
        default=None, description="Show the countdown when remaining is at most this; absent: always"
    )
    at_limit: Literal["wall", "redirect"] = Field(default="wall", description="`redirect` needs `redirect_url`")
    redirect_url: Url | None = Field(default=None, description="Where readers at the limit are sent")
    help_url: Url | None = Field(
        default=None, description="Where a reader finds help whose paid article does not open; absent: no link"
    )
    position: Literal["bottom", "top"] = Field(default="bottom", description="The edge that the bar sits on")
    colors: Colors = Field(default=Colors(), description="Of the bar and the buttons")
    messages: Messages = Field(
        default={},
        max_length=40,
        description="Own sentences: locale → kind → plural category; "
        "placeholders `{remaining}`, `{limit}`, `{used}`, `{resets}`, `{extra}`",
    )
    links: list[Link] = Field(default=[], max_length=10, description="Shown in the prompt: other content")


class Retention(_Model):
    """How long what is known of a reader is kept."""

    reader_days: Annotated[int, Field(ge=10, le=400)] = Field(
        default=45, description="Days that a reader's items outlive their period"
    )
    ledger_reader_days: Annotated[
        int, Field(json_schema_extra={"enum": list(LEDGER_DAYS)}), AfterValidator(_with_an_expiry_rule)
    ] = Field(default=90, description="Days that the ledger's rows, which tell readers apart, are kept")


class SiteDocument(_Model):
    """Everything that Readmeter knows about one site. Required: `site`, `origins`, `prompt.subscribe_url`."""

    site: SiteId = Field(description="The site's id, for ever")
    name: Label | None = Field(default=None, description="The publication's name; default: the id")
    origins: list[Origin] = Field(
        min_length=1, max_length=20, description="Where its pages live: https, or http on loopback; no path"
    )
    timezone: Timezone = Field(
        default="UTC", max_length=64, description="IANA zone; a month is the site's calendar month"
    )
    locale: Locale = Field(default="en", description="Language of the prompt where the page names none (BCP 47)")
    mode: Literal["live", "observe", "off"] = Field(
        default="live",
        description="`observe` counts to the limit, then grants and never prompts; `off`: every view is exempt",
    )
    meters: list[Meter] = Field(
        default=[Meter(name="default", limits=Limits(anonymous=5))],
        max_length=20,
        description="The first that matches decides; by default one, `default`: 5 a month for anonymous readers",
    )
    exempt: Match = Field(default=Match(), description="Articles that are never metered")
    locked: Match = Field(default=Match(), description="Articles for subscribers only")
    lift: list[Lift] = Field(default=[], max_length=20, description="Articles that are open to everybody for a while")
    campaigns: list[Campaign] = Field(default=[], max_length=50, description="Whose links open articles")
    referrers: list[Host] = Field(
        default=[], max_length=50, description="Hosts (and what lies below them) whose links open an article"
    )
    institutions: list[Institution] = Field(
        default=[], max_length=200, description="Networks that read without limit, by address"
    )
    crawlers: Literal["verified", "none"] = Field(
        default="verified",
        description="`verified`: search engines that prove to be one read everything; `none`: none does",
    )
    gifts: Gifts | None = Field(default=None, description="Articles that readers may give away; absent: none")
    record: list[Recorded] = Field(
        default=[],
        max_length=5,
        description="Unmetered reads worth a usage row (one write each), never billable: "
        "`institution`, `gift`, `subscriber`, `campaign`, `exempt`",
    )
    soft_grants: bool = Field(
        default=False,
        description="Whether a body that is withheld opens for campaigns and referrers too, which anybody can claim",
    )
    identity: Identity | None = Field(
        default=None, description="How signed-in readers are known; absent: every reader is anonymous"
    )
    subscriptions: Subscriptions = Field(default=Subscriptions(), description="What a payment service told")
    prompt: Prompt = Field(description="What readers are shown")
    retention: Retention = Field(
        default=Retention(),
        description="How long what is known of a reader is kept; a change waits for the site's next month",
    )

    def data(self) -> dict[str, Any]:
        """The whole document as plain values, defaults filled in, absent keys left out; reads back as the same."""
        return {"site": self.site, "name": self.name or self.site, **self.model_dump(mode="json", exclude_none=True)}
