"""The bodies that the API takes and gives, as pydantic models: what tools/openapi.py publishes. Never deployed.

The site document is readmeter.sites.document. Requests of readers are checked by hand (readmeter.web.body): a fuzz test
holds that to `ViewRequest` and `Report`.
"""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, model_validator

from readmeter.core.decision import Access, Reason
from readmeter.core.prompt import ActionKind, PromptKind
from readmeter.sites.articles import MOST_ARTICLES, Article, Articles
from readmeter.web.body import EVENT_KINDS


def _identity(text: str) -> str:
    size = len(unicodedata.normalize("NFC", text).encode())
    if not 0 < size <= 512 or re.search(r"[\x00-\x1f\x7f-\x9f]", text):
        raise ValueError("1 to 512 bytes of visible text")
    return text


def _display(text: str) -> str:
    if not 0 < len(text.encode()) <= 64:
        raise ValueError("1 to 64 bytes")
    return text


def _instant(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", text, re.ASCII):
        raise ValueError("RFC 3339 with its offset")
    datetime.fromisoformat(text.upper())
    return text


Identity = Annotated[str, AfterValidator(_identity), Field(json_schema_extra={"minLength": 1})]
Names = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=20)]


class Event(BaseModel):
    """Something that happened on a page. It is stored once for its kind, article and instant."""

    model_config = ConfigDict(strict=True)

    kind: Literal[EVENT_KINDS] = Field(description="What happened")  # type: ignore[valid-type]
    article: Identity = Field(
        description="What views count by: the publisher's id, else the URL without query and fragment"
    )
    at: (
        Annotated[float, Field(ge=-8.64e15, le=8.64e15)]
        | Annotated[str, AfterValidator(_instant), Field(json_schema_extra={"format": "date-time"})]
    ) = Field(
        description="When: RFC 3339 text with its offset, or milliseconds since 1970. What a page's clock puts outside "
        "the last 7 days happened at their nearest instant"
    )


class ViewRequest(BaseModel):
    """One page view. null is absent; unknown fields are ignored. `article` or `url` is required."""

    model_config = ConfigDict(
        strict=True, json_schema_extra={"anyOf": [{"required": ["article"]}, {"required": ["url"]}]}
    )

    site: Annotated[str, Field(min_length=1, max_length=40)] = Field(description="The site's id")
    article: Identity | None = Field(
        default=None, description="The publisher's id of the article; at most 512 bytes in UTF-8 (NFC)"
    )
    url: Identity | None = Field(
        default=None,
        description="The page's URL; at most 512 bytes. Without `article` it is the article's identity, "
        "query and fragment left out",
    )
    reader: str | None = Field(default=None, description="The token of an earlier answer; a wrong one counts as absent")
    seed: str | None = Field(
        default=None,
        description="22 base64url characters that the page made and stored before its first request: without a valid "
        "`reader`, the reader is derived from it, so that a retry is the same reader",
    )
    view: (
        Annotated[str, AfterValidator(_display), Field(json_schema_extra={"minLength": 1, "maxLength": 64})] | None
    ) = Field(default=None, description="One per page display, at most 64 bytes: makes a retry free where views count")
    state: str | None = Field(default=None, description="The signed state of the last answer")
    identity: str | None = Field(
        default=None,
        description="A JWT that the publisher signed: who is signed in. What proves nothing is ignored, and `warnings` "
        "says why",
    )
    sections: Names | None = Field(default=None, description="The article's sections")
    tags: Names | None = Field(default=None, description="The article's tags")
    referrer: str | None = Field(default=None, description="Where the reader came from: an address or its host")
    campaign: str | None = Field(default=None, description="What the link says that led here (`utm_campaign`)")
    gift: str | None = Field(default=None, description="The token in a gift link")
    locale: str | None = Field(default=None, description="The page's language (BCP 47)")
    storage: Literal["none"] | None = Field(default=None, description="`none` when the page cannot keep a token")
    events: Annotated[list[Event], Field(max_length=20)] | None = Field(
        default=None, description="What happened since the last view: as /v1/events takes it"
    )

    @model_validator(mode="after")
    def _names_the_article(self) -> Self:
        if self.article is None and self.url is None:
            raise ValueError("article or url is required")
        return self


class Report(BaseModel):
    """What happened on a page. `reader`, else `seed`, names whose events they are."""

    model_config = ConfigDict(strict=True)

    site: Annotated[str, Field(min_length=1, max_length=40)] = Field(description="The site's id")
    reader: str | None = Field(default=None, description="The token of an earlier answer; a wrong one counts as absent")
    seed: str | None = Field(default=None, description="As in a view")
    events: list[Event] = Field(max_length=20, description="Those that are not known yet are kept")


class Reported(BaseModel):
    accepted: int = Field(description="Events that were taken: all of them, or 0 where no reader was named")


class GiftRequest(BaseModel):
    """An article that a signed-in reader gives away. Unknown fields are ignored."""

    model_config = ConfigDict(strict=True)

    site: Annotated[str, Field(min_length=1, max_length=40)] = Field(description="The site's id")
    identity: str = Field(description="As in a view")
    article: Identity = Field(
        description="What views count by: the publisher's id, else the URL without query and fragment"
    )
    url: Identity | None = Field(
        default=None, description="The article's address on the site, where `article` is none: the link leads there"
    )


class Gift(BaseModel):
    """A link that opens its article for whoever has it."""

    url: str = Field(description="The article's address with the token in `gift`", json_schema_extra={"format": "uri"})
    expires_at: str = Field(description="Until when it does, UTC", json_schema_extra={"format": "date-time"})
    remaining: int = Field(description="Articles that this reader may still give away this month")


class Allowance(BaseModel):
    meter: str
    limit: int
    used: int = Field(description="Of the meter whose allowance it shares, where it shares one")
    remaining: int = Field(description="max(0, `limit` − `used`)")
    resets_at: str | None = Field(
        description="First instant of the next period, ISO 8601 in the site's zone; null while no window is open",
        json_schema_extra={"format": "date-time"},
    )
    articles: list[str] = Field(description="Digests of the counted articles; none where the meter counts views")


class KnownReader(BaseModel):
    """What is known of a reader: each meter in force with its allowance in the current period."""

    site: str
    meters: list[Allowance]


class Action(BaseModel):
    kind: ActionKind
    label: str
    url: str


class ShownLink(BaseModel):
    label: str
    url: str


class ShownColors(BaseModel):
    background: str
    text: str


class ShownPrompt(BaseModel):
    """What the page shows the reader: whole sentences, numbers and plurals in place."""

    kind: PromptKind = Field(description="`last`: nothing remains and this article is granted")
    lang: str = Field(description="Language of `message` (BCP 47)")
    dir: Literal["ltr", "rtl"]
    message: str
    actions: list[Action]
    dismissible: bool = Field(description="A wall is not")
    close_label: str
    redirect_url: str | None = Field(description="Where the reader is sent instead of a wall")
    position: Literal["bottom", "top"]
    colors: ShownColors
    links: list[ShownLink]


class Rule(BaseModel):
    version: int = Field(description="Of the site document")
    name: str = Field(description="The meter, campaign or institution that decided, else the reason")


class Decision(BaseModel):
    """The answer to a view. `limit`, `used` and `remaining` are null together: where no meter applies."""

    access: Access
    reason: Reason
    meter: str | None
    limit: int | None
    used: int | None
    remaining: int | None = Field(description="max(0, `limit` − `used`)")
    resets_at: str | None = Field(
        description="First instant of the next period, ISO 8601 in the site's zone",
        json_schema_extra={"format": "date-time"},
    )
    article: str = Field(description="The article's digest on this site")
    reader: str | None = Field(description="The token to keep; null only from /v1/access")
    state: str | None = Field(description="The signed state to keep")
    grant: str | None = Field(description="Signed proof of this decision for an edge or origin; null when denied")
    rule: Rule
    warnings: list[str]
    prompt: ShownPrompt | None


class FieldError(BaseModel):
    pointer: str = Field(description="JSON Pointer (RFC 6901) into the body; of a parameter of the query, its name")
    detail: str = Field(description="What is allowed")


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = Field(default=[], description="One per wrong field")


class StripeEvent(BaseModel):
    """What Stripe sends; of its many members those that are read of every event. Any others may be there."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="The event is taken in once, however often it comes")
    type: str = Field(description="One that says nothing of a subscription is passed over")
    created: int = Field(description="Seconds since 1970: of two events the later one holds, whichever comes first")
    data: dict[str, Any] = Field(description="`object` is what the event is about")


class Received(BaseModel):
    received: Literal[True]


class Health(BaseModel):
    status: Literal["ok"]
    version: str


class SnippetFile(BaseModel):
    """The released file behind /v1/snippet.js, to pin it in a page."""

    file: str = Field(description="Its name below /v1/, the same bytes for ever")
    integrity: str = Field(description="For the script tag's `integrity`")


class Difference(BaseModel):
    path: str = Field(description="JSON Pointer into the document, a meter by its name")
    before: Any = Field(alias="from", description="null where it was absent")
    after: Any = Field(alias="to", description="null where it is absent now")
    in_force: str = Field(description="ISO 8601 in the site's zone", json_schema_extra={"format": "date-time"})


class MeterEffect(BaseModel):
    meter: str
    readers: int = Field(description="Readers of its allowance in the current period")
    walled_before: int = Field(description="Of them, those with nothing left by the rules in force")
    walled_now: int = Field(
        description="Those with nothing left by the proposed rules: their next new article would be refused (see "
        "`notes`)"
    )


class Effect(BaseModel):
    """What the change would do to the current readers at once."""

    meters: list[MeterEffect] = Field(description="As they would take force now, counted from the ledger")
    notes: list[str] = Field(description="What the figures cannot know: sentences for people, in English")
    complete_until: str = Field(
        description="All that was counted before is in it", json_schema_extra={"format": "date-time"}
    )


class Written(BaseModel):
    """What a PUT did, or would do."""

    site: str
    version: int
    warnings: list[FieldError] = Field(description="What the publisher probably did not mean")
    differences: list[Difference] = Field(description="Against the version before; empty for a new site")
    effect: Effect | None = Field(
        default=None,
        description="Of a dry run alone; null for a new site, and where it could not be told (then a warning says so)",
    )


class ListedSite(BaseModel):
    site: str
    version: int
    written_at: str = Field(json_schema_extra={"format": "date-time"})


class Sites(BaseModel):
    sites: list[ListedSite]


class ListedVersion(BaseModel):
    version: int
    written_at: str = Field(json_schema_extra={"format": "date-time"})
    written_by: str


class Versions(BaseModel):
    versions: list[ListedVersion] = Field(description="Newest first")


class GrantKey(BaseModel):
    """A JSON Web Key (RFC 7517) that signs or signed this site's grants."""

    kty: Literal["oct"]
    kid: str = Field(description="What a grant's header names it by")
    alg: Literal["HS256"]
    k: str = Field(description="The key, 32 bytes in base64url")
    expires: str | None = Field(
        description="When it verifies no more; null: not yet decided", json_schema_extra={"format": "date-time"}
    )


class GrantKeys(BaseModel):
    """What a verifier of grants has to know. Secret: whoever has it can write grants."""

    site: str
    soft_grants: bool = Field(description="Whether grants marked `soft` are good enough for this site")
    keys: list[GrantKey] = Field(description="Those that verify now, the one that signs first")


class NamedArticles(RootModel[Articles | Annotated[list[Article], Field(max_length=MOST_ARTICLES)]]):
    """`{"articles": […]}`, or the list alone."""


class StoredArticles(BaseModel):
    site: str
    stored: int = Field(description="How many labels were written")


class UsageRow(BaseModel):
    period: str = Field(description="A date or a month on the site's calendar, as `by` says")
    meter: str | None = Field(description="The meter whose allowance was counted; null for free reads")
    reader_class: Literal["anonymous", "registered", "subscriber", "institution"]
    decision: str = Field(description="`metered`, or why the read was free")
    billable: bool = Field(description="Metered, and by a reader whose page could keep a token")
    quantity: int
    unique_readers: int | None = Field(
        description="Different readers of the row: rows do not add up. null where the time to keep readers is over and "
        "the totals that stay cannot say"
    )


class Usage(BaseModel):
    """What was read. Periods without a read have no row."""

    site: str
    first: str = Field(alias="from")
    end: str = Field(alias="to", description="Exclusive")
    by: Literal["day", "month"]
    rows: list[UsageRow]
    complete_until: str = Field(
        description="All that was counted before is in the rows", json_schema_extra={"format": "date-time"}
    )


class ReplayedMeter(BaseModel):
    meter: str | None = Field(description="Of the proposal; null for articles that it exempts (granted) or locks")
    reader_class: Literal["anonymous", "registered"]
    reads: int
    readers: int
    granted: int
    walled: int = Field(description="Reads that the proposal would have refused")
    readers_walled: int
    readers_at_limit_before: int = Field(description="Who had used all that their meter then allowed")
    readers_at_limit_after: int


class ReplayedBefore(BaseModel):
    granted: int = Field(description="All of them: reads are recorded when they are granted")
    readers_at_limit: int


class ReplayedAfter(BaseModel):
    granted: int
    walled: int
    readers_walled: int
    readers_at_limit: int


class Unknown(BaseModel):
    reads_without_section: int = Field(description="Reads that a rule by section may or may not be about")


class Replay(BaseModel):
    """A month's reads under a proposed document. `reads` are those that a meter counted, and the open ones."""

    site: str
    period: str
    version: int = Field(description="In force now")
    reads: int
    readers: int
    before: ReplayedBefore
    after: ReplayedAfter
    meters: list[ReplayedMeter] = Field(description="In the proposal's order")
    unknown: Unknown
    notes: list[str] = Field(description="What the figures cannot know: sentences for people, in English")


class StartedExport(BaseModel):
    export_id: str = Field(description="Fixed per site and period")
    status: Literal["running"]


class ListedExport(BaseModel):
    export_id: str
    site: str
    period: str
    status: Literal["running", "provisional", "final", "failed"] = Field(
        description="`failed`: the last run. A final stays one"
    )
    revision: int | None = Field(description="The newest one that was made; null before the first")


class Exports(BaseModel):
    exports: list[ListedExport] = Field(description="By site, the newest period first")


class LinkedFile(BaseModel):
    name: str
    url: str = Field(description="Downloads the file for 15 minutes")
    sha256: str
    bytes: int
    rows: int | None = Field(description="Records in it; null for the manifest")


class Export(ListedExport):
    """An export. `files` is absent while it runs and where the last run failed."""

    files: list[LinkedFile] = Field(default=[], description="All files of the revision, the manifest among them")


class Check(BaseModel):
    check: str
    holds: bool
    detail: str


class ManualEntitlement(BaseModel):
    plan: str | None
    valid_from: str | None = Field(json_schema_extra={"format": "date-time"}, description="null: no bound")
    valid_until: str | None = Field(json_schema_extra={"format": "date-time"}, description="Exclusive; null: no bound")


class KnownSubscription(BaseModel):
    id: str
    status: str = Field(description="As the payment service calls it")
    plan: str | None
    paid_until: str | None = Field(json_schema_extra={"format": "date-time"})


class KnownBonus(BaseModel):
    meter: str
    reads: int = Field(description="Above the meter's limit")
    until: str = Field(json_schema_extra={"format": "date-time"})


class KnownEntitlement(BaseModel):
    """Whether a reader may read without limit now, and all that says so."""

    subject: str
    entitled: bool
    manual: ManualEntitlement | None = Field(description="What staff gave")
    subscriptions: list[KnownSubscription] = Field(description="What the payment service told")
    bonus: list[KnownBonus] = Field(description="Those in force")


class NamedArticle(BaseModel):
    article: str = Field(description="Its digest, as views answer it")
    title: str | None = Field(description="null where no label is known")
    section: str | None


class AllowanceByStaff(BaseModel):
    meter: str
    limit: int = Field(description="The bonus in it")
    used: int = Field(description="Of the meter whose allowance it shares, where it shares one")
    remaining: int
    resets_at: str | None = Field(
        description="First instant of the next period, ISO 8601 in the site's zone; null while no window is open",
        json_schema_extra={"format": "date-time"},
    )
    bonus: int = Field(description="Reads above the meter's own limit, in force now")
    articles: list[NamedArticle] = Field(description="Those that counted; none where the meter counts views")


class GivenAway(BaseModel):
    per_month: int
    given: int = Field(description="This month")
    remaining: int


class ReaderByStaff(BaseModel):
    """A registered reader, as staff see one."""

    subject: str
    registered: Literal[True]
    entitled: bool = Field(description="Reads without limit now")
    meters: list[AllowanceByStaff]
    gifts: GivenAway | None = Field(description="null where the site's readers give nothing away")


class ViewToExplain(ViewRequest):
    """A view, and what only staff may add to it."""

    site: Annotated[str, Field(min_length=1, max_length=40)] | None = Field(  # type: ignore[assignment]
        default=None, description="The id in the path"
    )
    address: str | None = Field(
        default=None, description="The reader's IPv4 or IPv6 address: for institutions, crawlers"
    )
    user_agent: str | None = Field(default=None, description="What the reader's program calls itself: for crawlers")
    subject: str | None = Field(
        default=None, description="Who is signed in, by the publisher's own id, in place of `identity`"
    )


class Because(BaseModel):
    rule: str = Field(description="In the order in which rules are asked; `meter <name>` for each meter")
    decides: bool
    why: str


class Explained(Decision):
    """A decision, and why."""

    rules: list[Because]


class BadLine(BaseModel):
    line: int = Field(description="From 1, the header's")
    column: str | None = Field(description="null: the whole line")
    detail: str


_MORE_BAD = "How many faults there are beyond the first 500, which `bad` names"


class ReadFile(BaseModel):
    """What became of a file of entitlements."""

    site: str
    lines: int = Field(description="Readers in it")
    written: int = Field(description="0 in a rehearsal")
    bad: list[BadLine] = Field(description="In a rehearsal; else such a file is refused")
    more_bad: int = Field(default=0, description=_MORE_BAD)


class RefusedFile(Problem):
    """A file that is refused for its bad lines. Where the query is wrong, a problem alone."""

    site: str | None = None
    lines: int | None = None
    written: int | None = None
    bad: list[BadLine] = []
    more_bad: int = Field(default=0, description=_MORE_BAD)


class WrittenScope(BaseModel):
    """The sites that a member of staff reaches."""

    principal: str = Field(
        description="As it is compared: a user or role without path and session, an ARN in lower case"
    )
    sites: list[str]


class Verification(BaseModel):
    """The last verification of an export. Only one that is `done` has more than its status."""

    export_id: str
    status: Literal["running", "done", "failed"]
    revision: int | None = Field(default=None, description="The revision that was proven")
    holds: bool | None = Field(default=None, description="Whether every check holds")
    checks: list[Check] = []


class FunnelRow(BaseModel):
    date: str = Field(json_schema_extra={"format": "date"})
    article: str | None = Field(description="Digest; null for the day's reads of a meter that counts views")
    title: str | None
    section: str | None
    views: int
    shown: int = Field(description="Prompts: countdowns and walls")
    countdowns: int | None = Field(description="Null where a meter counts views, as `walls`")
    walls: int | None
    clicks: int


class Funnel(BaseModel):
    """From a counted view to a click, of the site. More keys than these may come."""

    model_config = ConfigDict(extra="allow")

    views: int | None = Field(description="Null, as all others, where the reads or events begin to be gone")
    shown: int | None
    countdowns: int | None
    walls: int | None
    clicks: int | None
    rows: list[FunnelRow] = Field(
        description="By date and article; at most 10,000 (fewer where titles are long), those with the most steps"
    )
    rows_left_out: int


class MonthReport(BaseModel):
    """A month for people, as data: `readmeter report` makes a page of it. More keys than these may come."""

    model_config = ConfigDict(extra="allow")

    schema_version: str
    export_id: str
    site: str
    site_name: str
    site_timezone: str
    period: str
    status: Literal["provisional", "final"]
    revision: int | None
    cut_off: str = Field(json_schema_extra={"format": "date-time"})
    invoice: dict[str, Any] = Field(description="What to invoice, and the corrections in it")
    totals: dict[str, Any]
    days: list[dict[str, Any]]
    funnel: Funnel
