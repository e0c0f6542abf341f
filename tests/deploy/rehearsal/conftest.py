"""One deployment for all of the rehearsal: the shipped template, on ministack with IAM enforced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.deploy.project import HERE, Project
from tests.deploy.rehearsal.deployment import Deployment, deployed, eventually
from tests.support.api import fresh_id, site_document

READS = 4


@pytest.fixture(scope="session")
def deployment(projects: Callable[[str], Project], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(projects(HERE), tmp_path_factory.mktemp("aws")) as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(made.emulator.certificate))
        yield made


@pytest.fixture(scope="session")
def site(deployment: Deployment) -> str:
    """A site with four counted reads, by its id, once they are in the ledger."""
    document = site_document(fresh_id())
    deployment.api.publish(document)
    site = str(document["site"])
    for number in range(READS):
        view = deployment.api.post({"site": site, "article": str(number)})
        assert view.json["reason"] == "metered", view.body

    def counted() -> bool:
        rows = deployment.api.admin("GET", f"/v1/admin/sites/{site}/usage?by=month").json["rows"]
        return sum(row["quantity"] for row in rows) == READS

    eventually(counted)
    return site


@pytest.fixture(scope="session")
def export(deployment: Deployment, site: str) -> dict[str, Any]:
    """The export of the site's month, as the API tells it when it is made."""
    [row] = deployment.api.admin("GET", f"/v1/admin/sites/{site}/usage?by=month").json["rows"]
    asked = deployment.api.admin("POST", "/v1/admin/exports", {"site": site, "period": row["period"]})
    assert asked.status == 202, asked.body

    def made() -> Any:
        told = deployment.api.admin("GET", f"/v1/admin/exports/{asked.json['export_id']}").json
        assert told["status"] != "failed"
        return told if told["status"] == "provisional" else None

    told: dict[str, Any] = eventually(made)
    return told
