"""Site document to the rules that decisions read, and when a changed document takes force."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from readmeter.core.article import folded
from readmeter.core.period import next_month
from readmeter.core.rules import (
    Campaign,
    CompiledSite,
    Gifts,
    IdentityRules,
    Institution,
    Key,
    Lift,
    Link,
    Match,
    Meter,
    PromptRules,
    Retention,
    Rules,
)
from readmeter.sites import document as written
from readmeter.sites.text import instant


def compile_site(document: written.SiteDocument, version: int, live: CompiledSite | None, now: float) -> CompiledSite:
    """The document as version `version`, following what is in force `now` (None: the site is new).

    A change of the time zone, or of a meter's period, count, pool or name, waits for the site's next month: counts of
    the running month would otherwise be void. So does the retention: what a month leaves ends as one. The baseline is
    what is in force, never a change that still waits.
    """
    wanted = compile_rules(document, version)
    if live is None:
        return CompiledSite(wanted)
    before = live.in_force(now)
    meters = _held(before.meters, wanted.meters)
    current = replace(wanted, timezone=before.timezone, meters=meters, retention=before.retention)
    if current == wanted:
        return CompiledSite(wanted)
    return CompiledSite(current, wanted, next_month(before.timezone, now).timestamp())


def compile_rules(document: written.SiteDocument, version: int) -> Rules:
    """The document's rules as if nothing had been in force before."""
    by_name = {meter.name: meter for meter in document.meters}
    return Rules(
        site=document.site,
        version=version,
        name=document.name or document.site,
        origins=tuple(document.origins),
        timezone=document.timezone,
        locale=document.locale,
        mode=document.mode,
        meters=tuple(_meter(meter, by_name[meter.pool or meter.name]) for meter in document.meters),
        exempt=_match(document.exempt),
        locked=_match(document.locked),
        own_paths=_own_paths(document.prompt),
        prompt=_prompt(document.prompt),
        retention=Retention(**document.retention.model_dump()),
        record=tuple(sorted(document.record)),
        lift=tuple(Lift(instant(each.until), _match(each.match)) for each in document.lift),
        campaigns=tuple(Campaign(each.name, each.per_reader) for each in document.campaigns),
        referrers=tuple(document.referrers),
        institutions=tuple(Institution(each.name, tuple(each.cidrs)) for each in document.institutions),
        crawlers=document.crawlers,
        gifts=_gifts(document.gifts),
        soft_grants=document.soft_grants,
        identity=_identity(document),
        past_due_grace_days=document.subscriptions.past_due_grace_days,
    )


def _meter(meter: written.Meter, pool: written.Meter) -> Meter:
    return Meter(
        name=meter.name,
        limits=meter.limits.model_dump(exclude_none=True),
        unit=pool.period.unit,
        days=pool.period.days or 0,
        count=pool.count,
        match=_match(meter.match),
        pool=pool.name,
    )


def _match(match: written.Match) -> Match:
    return Match(tuple(sorted(folded(match.sections))), tuple(sorted(folded(match.tags))), tuple(match.paths))


def _gifts(gifts: written.Gifts | None) -> Gifts | None:
    return None if gifts is None else Gifts(gifts.per_month, gifts.valid_days)


def _identity(document: written.SiteDocument) -> IdentityRules | None:
    identity = document.identity
    if identity is None:
        return None
    return IdentityRules(
        issuer=identity.issuer,
        audience=identity.audience or document.site,
        keys=tuple(Key(key.kid, key.alg, key.jwk) for key in identity.keys),
        jwks_url=identity.jwks_url,
        subscriber_claim=identity.subscriber_claim,
    )


def _own_paths(prompt: written.Prompt) -> tuple[str, ...]:
    urls = (prompt.subscribe_url, prompt.sign_in_url, prompt.register_url, prompt.redirect_url, prompt.help_url)
    paths = {urlsplit(url).path for url in urls if url is not None}
    return tuple(sorted(paths - {"", "/"}))  # a subscribe page at a host's root must not free this site's front page


def _prompt(prompt: written.Prompt) -> PromptRules:
    own = prompt.model_dump(exclude={"colors", "links"})
    links = tuple(Link(link.label, link.url) for link in prompt.links)
    return PromptRules(**own, background=prompt.colors.background, text=prompt.colors.text, links=links)


def _held(before: Sequence[Meter], wanted: Sequence[Meter]) -> tuple[Meter, ...]:
    """The meters until the month ends: each counts as before. Where names went and names came, a meter was renamed."""
    known = {meter.name: meter for meter in before}
    names = {meter.name for meter in wanted}
    if known.keys() - names and names - known.keys():
        return tuple(before)
    meters = [_counting_as(known.get(meter.name, meter), meter) for meter in wanted]
    pools = {meter.name: meter for meter in meters}
    return tuple(_within(pools.get(meter.pool, meter), meter) for meter in meters)


def _counting_as(before: Meter, meter: Meter) -> Meter:
    return replace(meter, unit=before.unit, days=before.days, count=before.count, pool=before.pool)


def _within(pool: Meter, meter: Meter) -> Meter:
    """`meter` in step with the allowance that it counts in, which may be held back or lowered without it."""
    of_pool = pool.limits.get("registered", pool.limits["anonymous"])
    most = {"anonymous": pool.limits["anonymous"], "registered": of_pool}
    limits = {reader: min(limit, most[reader]) for reader, limit in meter.limits.items()}
    return replace(_counting_as(pool, meter), pool=meter.pool, limits=limits)
