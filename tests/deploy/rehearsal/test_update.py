"""What a later deployment changes: test_build.py shows that the same sources are built into the same bytes."""

from __future__ import annotations

from tests.deploy.rehearsal.deployment import LOG_DAYS, Deployment
from tests.support.api import fresh_id, site_document


def days_kept(deployment: Deployment) -> int:
    [group] = deployment.client("logs").describe_log_groups(logGroupNamePrefix=deployment.names["ViewsLog"])[
        "logGroups"
    ]
    days: int = group["retentionInDays"]
    return days


def test_a_second_deployment_changes_nothing(deployment: Deployment) -> None:
    assert "No changes to deploy. Stack readmeter is up to date" in deployment.deploy_again()


def test_a_changed_parameter_arrives_and_all_that_was_kept_stays(deployment: Deployment) -> None:
    document = site_document(fresh_id())
    deployment.api.publish(document)
    reader = deployment.api.post({"site": document["site"], "article": "a"}).json["reader"]
    assert days_kept(deployment) == int(LOG_DAYS), "from samconfig.toml"
    before = deployment.outputs
    with deployment.changed(LogRetentionDays="14"):
        assert days_kept(deployment) == 14
        assert deployment.outputs == before
        again = deployment.api.post({"site": document["site"], "article": "a", "reader": reader}).json
        assert (again["reason"], again["used"]) == ("repeat", 1)
