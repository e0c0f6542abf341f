"""`make deploy` the first time: what it prints, and that it works."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.deploy.rehearsal.deployment import Deployment
from tests.deploy.rehearsal.emulator import ACCOUNT
from tests.support.api import Api, fresh_id


def ending(printed: str) -> str:
    """What follows all that `sam` prints."""
    return printed[printed.index("\nAPI ") + 1 :]


def test_it_ends_with_the_addresses_the_next_command_and_the_script_tag(deployment: Deployment) -> None:
    made = deployment.outputs
    assert ending(deployment.printed) == (
        f"API      {made['ApiUrl']}\n"
        f"Admin    {made['AdminUrl']}\n"
        "\nNext, store a site document (docs/deploy.md tells how to write one):\n"
        f"  {made['NextCommand'].strip()}\n"
        "\nThen paste this into the head of every page, with the site's id:\n"
        f"  {made['ScriptTag']}\n"
    )
    assert made["ScriptTag"].startswith(f'<script async src="{made["ApiUrl"]}/v1/snippet.js"')


def test_the_next_command_stores_a_site_document(deployment: Deployment, tmp_path: Path) -> None:
    site = fresh_id()
    document = (
        f"site: {site}\norigins: [https://www.example.com]\nprompt: {{subscribe_url: https://www.example.com/s}}\n"
    )
    (tmp_path / f"{site}.yaml").write_text(document)
    # The printed address leads to AWS: here, to the emulator
    port = deployment.emulator.url.rpartition(":")[2]
    (tmp_path / ".curlrc").write_text(f'connect-to = "::127.0.0.1:{port}"\ninsecure\nsilent\n')
    done = subprocess.run(
        ["sh", "-c", deployment.outputs["NextCommand"].replace("SITE", site)],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "CURL_HOME": str(tmp_path),
            "AWS_ACCESS_KEY_ID": ACCOUNT["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": ACCOUNT["aws_secret_access_key"],
            "AWS_SESSION_TOKEN": "",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert deployment.api.admin("GET", f"/v1/admin/sites/{site}").json["site"] == site
    assert deployment.api.post({"site": site, "article": "a"}).json["reason"] == "metered"


def test_the_health_check_answers_at_the_printed_address(deployment: Deployment) -> None:
    assert Api(deployment.address("PublicApi")).call("GET", "/v1/health").json["status"] == "ok"
