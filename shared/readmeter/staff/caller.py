"""Who calls the admin API, and which sites that caller may see and change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from readmeter.web.problem import Problem


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as API Gateway's authorizer says: `name` for the record, `sites` in scope (None: every site)."""

    name: str
    sites: frozenset[str] | None

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        """Raises `Problem` 403 where no authorizer vouches for the caller."""
        match event["requestContext"].get("authorizer"):
            case {"iam": {"userArn": str(arn)}} if arn:
                return cls(arn[:256], None)
            case {"jwt": {"claims": {"sub": str(subject), **claims}}} if subject:
                # API Gateway turns a list of claims into "[a b]"
                return cls(subject[:256], frozenset(str(claims.get("sites", "")).strip("[]").split()))
        raise Problem(403, "This request comes without a caller that API Gateway has verified.")

    def may(self, site: str) -> bool:
        return self.sites is None or site in self.sites

    def require(self, site: str) -> None:
        """Raises `Problem` 403 where the site is out of scope, whether it exists or not."""
        if not self.may(site):
            raise Problem(403, "This caller's scope does not hold that site.")
