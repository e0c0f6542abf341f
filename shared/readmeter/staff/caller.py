"""Who calls the admin API, and which sites that caller may see and change."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from readmeter.web.problem import Problem

Scopes = Callable[[str], frozenset[str] | None]  # the sites that are written down for a principal, None where none are

_ROLE = re.compile(r"arn:([^:]+):(?:iam|sts)::(\d*):(?:role/(?:.+/)?|assumed-role/)([^/]+)(?:/.*)?", re.IGNORECASE)
_USER = re.compile(r"arn:([^:]+):iam::(\d*):user/(?:.+/)?([^/]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as API Gateway's authorizer says: `name` for the record, `sites` in scope (None: every site)."""

    name: str
    sites: frozenset[str] | None

    @classmethod
    def of(cls, event: Mapping[str, Any], scopes: Scopes) -> Self:
        """What is written down of the caller holds, else what the caller brings along.

        Raises `Problem` 403 where no authorizer vouches for the caller.
        """
        match event["requestContext"].get("authorizer"):
            case {"iam": {"userArn": str(arn)}} if arn:
                written = scopes(principal_of(arn))
                # Whoever may make a federated session names it: a user of some sites must not leave them that way
                named_at_will = ":federated-user/" in arn
                return cls(arn[:256], frozenset() if written is None and named_at_will else written)
            case {"jwt": {"claims": {"sub": str(subject), **claims}}} if subject:
                written = scopes(_subject_of_token(subject))
                return cls(subject[:256], _claimed(claims) if written is None else written)
        raise Problem(403, "This request comes without a caller that API Gateway has verified.")

    def may(self, site: str) -> bool:
        return self.sites is None or site in self.sites

    def require(self, site: str) -> None:
        """Raises `Problem` 403 where the site is out of scope, whether it exists or not."""
        if not self.may(site):
            raise Problem(403, "This caller's scope does not hold that site.")

    def require_every_site(self) -> None:
        """Raises `Problem` 403 for a caller who is scoped to some."""
        if self.sites is not None:
            raise Problem(403, "Only a caller whose scope is every site may do this.")


def principal_of(name: str) -> str:
    """What the scope of an ARN, or else of a token's subject, is written down under.

    A user or a role has one name, whatever its path and however its session is called: IAM tells none by case.
    """
    if not name.startswith("arn:"):
        return _subject_of_token(name)
    for kind, named in (("role", _ROLE), ("user", _USER)):
        if found := named.fullmatch(name):
            name = f"arn:{found[1]}:iam::{found[2]}:{kind}/{found[3]}"
    return name.lower()


def _subject_of_token(subject: str) -> str:
    """Apart from ARNs: a subject that spells one is none."""
    return f"sub:{subject}"


def _claimed(claims: Mapping[Any, Any]) -> frozenset[str] | None:
    """Every site where the claim `readmeter_admin` is true, else those of the claim `sites`. API Gateway makes text
    of both: "true", and of a list "[a b]"."""
    if claims.get("readmeter_admin") == "true":
        return None
    return frozenset(str(claims.get("sites", "")).strip("[]").split())
