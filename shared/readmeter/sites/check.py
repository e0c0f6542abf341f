"""What a site document's fields mean together: errors that refuse it, warnings that its publisher wants to read.

Each is (JSON Pointer, sentence). Sentences say what is allowed or what will happen, never what was sent.
"""

from collections.abc import Iterator, Sequence

from readmeter.core.article import folded
from readmeter.core.language import broader, shipped
from readmeter.core.messages import message_problems
from readmeter.sites.document import Match, Meter, SiteDocument
from readmeter.sites.institutions import network_errors, network_warnings
from readmeter.sites.keys import key_errors, key_warnings
from readmeter.sites.text import instant

Finding = tuple[str, str]
_READABLE = 4.5  # contrast ratio that WCAG AA asks of text
_EVERYTHING = ("*", "/*")


def errors(document: SiteDocument) -> list[Finding]:
    return [
        *_unique("origins", document.origins, "origin"),
        *_unique("record", document.record, "entry"),
        *_unique("campaigns", [campaign.name for campaign in document.campaigns], "campaign's name", "/name"),
        *_unique("referrers", document.referrers, "host"),
        *_unique("institutions", [each.name for each in document.institutions], "institution's name", "/name"),
        *network_errors(document),
        *_unique(
            "identity/keys",
            [key.kid for key in document.identity.keys] if document.identity else [],
            "key's name",
            "/kid",
        ),
        *key_errors(document),
        *_lift_errors(document),
        *_meter_errors(document.meters),
        *_prompt_errors(document),
    ]


def warnings(document: SiteDocument) -> list[Finding]:
    return [
        *_meter_warnings(document),
        *_gift_warnings(document),
        *_match_warnings(document),
        *network_warnings(document),
        *key_warnings(document),
        *_prompt_warnings(document),
    ]


def lifts_over(document: SiteDocument, now: float) -> list[Finding]:
    """Warnings of lifts that open nothing: what is over only who knows the time can tell."""
    return [
        (f"/lift/{index}/until", "This instant is past: the lift opens nothing.")
        for index, lift in enumerate(document.lift)
        if instant(lift.until) <= now
    ]


def _unique(key: str, values: Sequence[str], what: str, below: str = "") -> Iterator[Finding]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield f"/{key}/{index}{below}", f"must differ from every other {what}"


def _lift_errors(document: SiteDocument) -> Iterator[Finding]:
    for index, lift in enumerate(document.lift):
        if _is_empty(lift.match):
            yield f"/lift/{index}/match", "must name sections, tags or paths; paths: ['*'] is every article"


def _meter_errors(meters: list[Meter]) -> Iterator[Finding]:
    by_name = {meter.name: meter for meter in reversed(meters)}
    for index, meter in enumerate(meters):
        at = f"/meters/{index}"
        if by_name[meter.name] is not meter:
            yield f"{at}/name", "must differ from the name of every other meter"
        if (meter.period.unit == "days") != (meter.period.days is not None):
            yield f"{at}/period/days", "is required with unit days, and only there"
        if meter.pool is not None:
            yield from _pool_errors(at, meter, by_name.get(meter.pool))


def _pool_errors(at: str, meter: Meter, pool: Meter | None) -> Iterator[Finding]:
    if pool is None or pool is meter or pool.pool is not None:
        yield f"{at}/pool", "must name another meter that has no pool itself"
        return
    for key in ("period", "count"):
        if key in meter.model_fields_set:
            yield f"{at}/{key}", "must be absent where `pool` is given: the pool's holds"
    for reader_class, limit in meter.limits:
        of_pool = getattr(pool.limits, reader_class)
        if limit is not None and limit > (pool.limits.anonymous if of_pool is None else of_pool):
            yield f"{at}/limits/{reader_class}", "must not exceed the pool's limit"


def _prompt_errors(document: SiteDocument) -> Iterator[Finding]:
    if document.prompt.at_limit == "redirect" and document.prompt.redirect_url is None:
        yield "/prompt/redirect_url", "is required where `at_limit` is redirect"
    limits = [meter.limits.model_dump(exclude_none=True) for meter in document.meters]
    for pointer, problem in message_problems(document.prompt.model_dump()["messages"], limits):
        yield f"/prompt/messages{pointer}", problem


def _meter_warnings(document: SiteDocument) -> Iterator[Finding]:
    if not document.meters:
        yield "/meters", "Without a meter every article is free."
    for index, meter in enumerate(document.meters):
        at = f"/meters/{index}"
        if _is_covered(meter.match, [earlier.match for earlier in document.meters[:index]]):
            yield f"{at}/match", "This meter never decides: meters before it match all of its articles."
        registered = meter.limits.registered
        if registered is None:
            continue
        if registered <= meter.limits.anonymous:
            yield f"{at}/limits/registered", "Registering gives a reader no further article."
        if document.prompt.register_url is None:
            yield f"{at}/limits/registered", "Readers are not offered to register: `prompt.register_url` is absent."


def _is_covered(match: Match, earlier: list[Match]) -> bool:
    """Whether every article that `match` picks is picked by one of `earlier`."""
    if any(_is_empty(each) or "*" in each.paths for each in earlier):
        return True
    return not _is_empty(match) and _names(match) <= set().union(*map(_names, earlier))


def _names(match: Match) -> set[tuple[str, str]]:
    names = {"section": folded(match.sections), "tag": folded(match.tags), "path": match.paths}
    return {(kind, name) for kind in names for name in names[kind]}


def _is_empty(match: Match) -> bool:
    return not (match.sections or match.tags or match.paths)


def _gift_warnings(document: SiteDocument) -> Iterator[Finding]:
    """A registered reader gives away what is counted, and displays name no article."""
    counts = {meter.count for meter in document.meters if meter.pool is None}
    if document.gifts is not None and counts == {"view"}:
        yield "/gifts", "Only subscribers can give articles away: the meters count views, which name no article."


def _match_warnings(document: SiteDocument) -> Iterator[Finding]:
    for key, effect in (("exempt", "free"), ("locked", "for subscribers only")):
        if any(glob in _EVERYTHING for glob in getattr(document, key).paths):
            yield f"/{key}/paths", f"Every article is {effect}."


def _prompt_warnings(document: SiteDocument) -> Iterator[Finding]:
    prompt = document.prompt
    if not any(tag in shipped() for tag in broader(document.locale)):
        yield (
            "/locale",
            "Readmeter has no sentences in this language; where `prompt.messages` has none, English is shown.",
        )
    contrast = _contrast(prompt.colors.background, prompt.colors.text)
    if contrast < _READABLE:
        yield "/prompt/colors", f"Contrast is {contrast:.1f}:1; text is hard to read below {_READABLE}:1."
    if prompt.redirect_url is not None and prompt.at_limit != "redirect":
        yield "/prompt/redirect_url", "Not used: `at_limit` is wall."
    tiers = any(meter.limits.registered is not None for meter in document.meters)
    if prompt.register_url is not None and not tiers:
        yield "/prompt/register_url", "Not used: no meter has a limit for registered readers."


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of two #rrggbb colours (WCAG 2)."""
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
