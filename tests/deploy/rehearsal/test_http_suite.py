"""`make test-http` against a deployment: here against this one, as a person would run it against AWS."""

from __future__ import annotations

import os
import re
import subprocess

from local.engine import ROOT
from tests.deploy.rehearsal.deployment import Deployment

# What ministack does otherwise than API Gateway: it answers OPTIONS itself, and leaves cookies among the headers
NOT_HERE = (
    "test_a_preflight_is_answered_to_any_origin",
    "test_a_preflight_allows_what_a_page_of_the_site_needs",
    "test_the_cookie_alone_carries_the_allowance",
    "test_the_first_of_two_cookies_of_a_name_counts",
    "test_on_the_publishers_own_path_the_cookie_does_and_stays",
)
SOME = ("test_reader.py", "test_views_cors.py", "test_views_tenants.py")  # all of it takes most of a minute here


def test_the_http_suite_passes_and_says_what_it_skipped(deployment: Deployment) -> None:
    settings = {
        **deployment.emulator.environment,
        "SSL_CERT_FILE": str(deployment.emulator.certificate),
        "READMETER_URL": deployment.address("PublicApi"),
        "READMETER_ADMIN_URL": deployment.address("AdminApi"),
        "TESTS": " ".join(f"tests/http/{name}" for name in SOME),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # these load schemathesis, which none of the files needs
        "PYTEST_ADDOPTS": f'-p pytest_socket -k "not ({" or ".join(NOT_HERE)})"',
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_", "MAKE"))}
    done = subprocess.run(
        ["make", "--no-print-directory", "test-http"],
        cwd=ROOT,
        env={**inherited, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    ran = re.search(r"(\d+) passed, (\d+) skipped", done.stdout)
    assert ran
    assert int(ran[1]) > 20
    reasons = set(re.findall(r"^SKIPPED \[\d+\] \S+: (.+)$", done.stdout, re.MULTILINE))
    assert reasons == {
        "looks into the local service: its log, its clock, its bytes on the wire",
        "sends the local word",
        "scoped by the local word; deployed, by a token",
    }


def test_without_an_address_it_says_what_it_needs() -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("READMETER_")}
    done = subprocess.run(["make", "test-http"], cwd=ROOT, env=inherited, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "READMETER_URL" in done.stderr
