"""SAM and cfn-lint find nothing to say about the template."""

from __future__ import annotations

from tests.deploy.conftest import SAM_ENVIRONMENT, run


def test_sam_accepts_the_template() -> None:
    assert "is a valid SAM Template" in run(
        SAM_ENVIRONMENT / "sam", "validate", "--lint", "--template", "template.yaml"
    )


def test_cfn_lint_accepts_it_in_every_continent() -> None:
    regions = ("us-east-1", "sa-east-1", "eu-west-1", "ap-southeast-2")
    assert run(SAM_ENVIRONMENT / "cfn-lint", "--regions", *regions, "--", "template.yaml") == ""
