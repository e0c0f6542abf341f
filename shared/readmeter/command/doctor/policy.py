"""Content Security Policy, as far as two questions go: may this file run, may that address be asked."""

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from readmeter.command.doctor.page import Page
from readmeter.command.doctor.visit import origin_of

SCRIPT = ("script-src-elem", "script-src", "default-src")
CONNECT = ("connect-src", "default-src")
Policy = Mapping[str, Collection[str]]


def policies(page: Page) -> list[Policy]:
    """All that hold for the page: each of them has to allow what is done."""
    metas = (
        each.get("content")
        for each in page.root.named("meta")
        if each.get("http-equiv").lower() == "content-security-policy"
    )
    texts = [*page.fetched.header("content-security-policy").split(","), *metas]
    return [dict(_directives(text)) for text in texts if text.strip()]


def allows(policy: Policy, kinds: Collection[str], url: str, page: Page, proofs: Collection[str] = ()) -> bool:
    sources = next((policy[kind] for kind in kinds if kind in policy), None)
    if sources is None or any(proof in sources for proof in proofs):
        return True
    return "'strict-dynamic'" not in sources and any(_covers(source, url, page.origin) for source in sources)


def _directives(text: str) -> Iterator[tuple[str, list[str]]]:
    for part in reversed(text.split(";")):  # of a directive that is there twice, the first holds
        words = part.split()
        if words:
            yield words[0].lower(), words[1:]


def _covers(source: str, url: str, page_origin: str) -> bool:
    """Whether a source expression covers the address."""
    wanted = urlsplit(url)
    if source == "*":
        return True
    if source.startswith("'"):
        return source.lower() == "'self'" and origin_of(url) == page_origin
    if source.endswith(":"):
        return source.lower()[:-1] == wanted.scheme
    scheme, _, rest = source.rpartition("://")
    named = urlsplit(f"//{rest}")
    host = (named.hostname or "").lower()
    at = wanted.hostname or ""
    standard = {"http": "80", "https": "443"}.get(wanted.scheme, "")
    port = named.netloc.rpartition(":")[2] if ":" in named.netloc.rpartition("]")[2] else ""
    return (
        scheme.lower() in ("", wanted.scheme, "http")
        and (at.endswith(host[1:]) if host.startswith("*.") else at == host)
        and port in ("*", str(wanted.port or standard), *([""] if wanted.port in (None, int(standard or 0)) else []))
        and (wanted.path.startswith(named.path) if named.path.endswith("/") else named.path in ("", wanted.path))
    )
