"""PUT /v1/admin/sites/{site}/secrets/{name}: what others prove themselves to a site with. Written, never read here."""

from typing import Annotated

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2 as Event
from pydantic import BaseModel, ConfigDict, Field

from readmeter.staff.answers import Answer, nothing
from readmeter.staff.body import model_in
from readmeter.staff.caller import Caller
from readmeter.staff.live import live_site
from readmeter.store.secrets import SiteSecrets
from readmeter.store.sites import SiteStore
from readmeter.web.problem import Problem

NAMES = ("stripe",)


class SecretValue(BaseModel):
    """A secret of a site. It is kept apart from all other data, and no answer ever holds it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    value: Annotated[str, Field(pattern=r"^whsec_[\x21-\x7e]{16,249}$")] = Field(
        description="The webhook endpoint's signing secret, as Stripe shows it: it begins with `whsec_`"
    )


class Secrets:
    """The route's work."""

    def __init__(self, sites: SiteStore, secrets: SiteSecrets) -> None:
        self._sites = sites
        self._secrets = secrets

    def put(self, _: Caller, event: Event, site: str, name: str) -> Answer:
        if name not in NAMES:
            raise Problem(404, f"There is no secret of that name; names are {', '.join(NAMES)}.")
        secret = model_in(event, SecretValue, "The secret")
        live_site(self._sites, site)
        self._secrets.write(site, name, secret.value)
        return nothing()
