"""What one string of the site document must look like: origins, URLs, zones, languages. Errors say what is allowed."""

import re
import unicodedata
from datetime import date, datetime
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic_core import PydanticCustomError

from readmeter.core import article

LOCALE = r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$"
RETURN_URL = "{return_url}"

_NO_ZONES = {"Factory", "localtime"}
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_ORIGIN = re.compile(rf"(https?)://({_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::([1-9][0-9]{{0,4}}))?")
_NOT_IN_URLS = re.compile(r"""[\s\x00-\x20\x7f"'<>\\^`{|}]""")


def line(value: str) -> str:
    """One line of text: something visible, no control characters."""
    if not value.strip() or any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in value):
        raise PydanticCustomError("line", "must be one line of visible text")
    return value


def term(value: str) -> str:
    """A section or tag: a line that is at most 64 characters long also as it is compared."""
    if len(article.normal(line(value)).casefold()) > 64:
        raise PydanticCustomError("term", "must have at most 64 characters in lower case")
    return value


def locale(value: str) -> str:
    """A language tag: language, then perhaps script, region and variants."""
    if not re.fullmatch(LOCALE, value):
        raise PydanticCustomError("locale", "must be a language tag, as in en, pt-BR or zh-Hant")
    return value


def origin(value: str) -> str:
    """An origin exactly as browsers send it."""
    match = _ORIGIN.fullmatch(value)
    if not match or not _real_host(match[2]) or not _real_port(match[1], match[3]):
        raise PydanticCustomError(
            "origin",
            "must be an origin as browsers send it: https://host or https://host:port in lower case, "
            "without path, trailing slash or default port (international names in their xn-- form)",
        )
    if match[1] == "http" and not _is_loopback(match[2]):
        raise PydanticCustomError("origin", "must be https (http only on loopback, as in http://localhost:8081)")
    return value


def url(value: str) -> str:
    """An absolute https URL (http on loopback) that may hold `{return_url}` in its query or fragment."""
    bare = value.replace(RETURN_URL, "")
    try:
        parts = urlsplit(bare)
        port = parts.port
    except ValueError:
        raise _not_a_url() from None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    if _NOT_IN_URLS.search(bare) or parts.scheme not in ("https", "http") or "@" in parts.netloc or port == 0:
        raise _not_a_url()
    if not _ORIGIN.fullmatch(f"https://{host}") or not _real_host(host):
        raise _not_a_url()
    if parts.scheme == "http" and not _is_loopback(host):
        raise PydanticCustomError("url", "must be https (http only on loopback)")
    if RETURN_URL in re.split(r"[?#]", value, maxsplit=1)[0]:
        raise PydanticCustomError("url", "may hold {return_url} only in its query or fragment")
    return value


def host(value: str) -> str:
    """A host as browsers name it, without scheme, port or path."""
    if not _ORIGIN.fullmatch(f"https://{value}") or ":" in value or not _real_host(value):
        raise PydanticCustomError("host", "must be a host in lower case, as in news.example.com")
    return value


def network(value: str) -> str:
    """A network as a router has it: its first address and the length of its mask."""
    address, _, mask = value.partition("/")
    try:
        if "%" in address or not (mask.isascii() and mask.isdigit()):  # no interface, and no mask that has dots
            raise ValueError
        meant = ip_network(value, strict=False)
    except ValueError:
        raise PydanticCustomError(
            "network",
            "must be a network, its first address and its mask: 143.107.0.0/16, 2001:12d0::/32 "
            "(one address alone: /32, in IPv6 /128)",
        ) from None
    if isinstance(meant, IPv6Network) and meant.network_address.ipv4_mapped:
        raise PydanticCustomError("network", "must be written as IPv4 where it is IPv4: 143.107.0.0/16")
    if ip_address(address) != meant.network_address:
        raise PydanticCustomError(
            "network",
            "must begin with its first address, with this mask {network}: is it the mask that is wrong?",
            {"network": str(meant)},
        )
    return value


def instant_text(value: str) -> str:
    """An instant with its offset (RFC 3339)."""
    instant(value)
    return value


def instant(value: str) -> float:
    """Seconds since the epoch. Raises `PydanticCustomError` where the text is no instant."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PydanticCustomError("instant", "must be an instant with its offset, as in 2026-11-23T06:00:00Z")
    return moment.timestamp()


def of_day(value: str) -> str:
    """A day (2026-11-23) as the instant that it begins at in UTC; any other text as it is."""
    try:
        return f"{date.fromisoformat(value).isoformat()}T00:00:00Z"
    except ValueError:
        return value


def timezone(value: str) -> str:
    if value not in _zones():
        raise PydanticCustomError("timezone", "must be an IANA time zone, as in America/Sao_Paulo or UTC")
    return value


@cache
def _zones() -> frozenset[str]:
    """A site's whole history is validated whenever its past is asked for: the zones are looked up once."""
    return frozenset(available_timezones() - _NO_ZONES)


def _not_a_url() -> PydanticCustomError:
    return PydanticCustomError(
        "url", "must be an absolute https URL without spaces or credentials; the only placeholder is {return_url}"
    )


def _real_port(scheme: str, port: str | None) -> bool:
    return port is None or (int(port) < 65536 and (scheme, port) not in (("https", "443"), ("http", "80")))


def _real_host(host: str) -> bool:
    """A name of at most 253 characters, an IPv4 address where it ends in a number, or a bracketed IPv6 address."""
    try:
        if host.startswith("["):
            return str(IPv6Address(host[1:-1])) == host[1:-1]
        if host.rsplit(".", 1)[-1].isdigit():
            IPv4Address(host)
    except ValueError:
        return False
    return len(host) <= 253


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    if host.startswith("["):
        return IPv6Address(host[1:-1]).is_loopback
    return host.rsplit(".", 1)[-1].isdigit() and IPv4Address(host).is_loopback
