"""What a cold start of the views function loads: counted, since counts are the same on every machine.

boto3 and its two clients are some 325 of them; what Readmeter and Powertools add to these is bounded closely.
"""

import json
import os
import subprocess
import sys
from functools import cache

import pytest

from local.engine import ROOT

VIEWS = ROOT / "functions" / "views" / "app.py"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "METER_TABLE": "MeterTable",
    "SITE_TABLE": "SiteTable",
    "SECRET_ID": "Secret",
    "SITE_CACHE_SECONDS": "10",
    "NETWORK_REQUESTS_PER_SECOND": "50",
    "NETWORK_BURST": "1000",
    "METRICS_NAMESPACE": "Readmeter/stack",
    "POWERTOOLS_SERVICE_NAME": "readmeter",
}
LIST = """
import json, runpy, sys  # json and runpy are the measurement's own
before = set(sys.modules)
{load}
print(json.dumps(sorted(set(sys.modules) - before)))
"""

# Cold code: building it into the hot path would double the time that a reader waits for the first answer.
FORBIDDEN = {
    "aws_lambda_powertools.event_handler",
    "aws_xray_sdk",
    "babel",
    "cryptography",
    "jinja2",
    "jwt",
    "pydantic",
    "readmeter.sites",
    "werkzeug",
    "yaml",
}


@cache
def loaded(load: str) -> list[str]:
    """The modules that `load` brings into a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", LIST.format(load=load)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "shared"), **ENVIRONMENT},
        capture_output=True,
        check=True,
        text=True,
    )
    return list(json.loads(done.stdout))


def views() -> list[str]:
    return loaded(f"runpy.run_path({str(VIEWS)!r})")


def test_the_views_function_loads_nothing_cold() -> None:
    found = {name for name in views() if any(name == cold or name.startswith(f"{cold}.") for cold in FORBIDDEN)}
    assert found == set()


def test_the_views_function_loads_few_modules() -> None:
    ours = [name for name in views() if name.split(".")[0] == "readmeter"]
    assert len(ours) <= 46, ours
    assert len(views()) <= 450


def test_what_boto3_does_not_bring_is_little() -> None:
    boto3 = loaded("import boto3; boto3.client('dynamodb'); boto3.client('secretsmanager')")
    added = set(views()) - set(boto3)
    assert len(added) <= 100, sorted(added)


@pytest.mark.parametrize("package", ["core", "web"])
def test_core_and_web_need_the_standard_library_alone(package: str) -> None:
    names = sorted(path.stem for path in (ROOT / "shared" / "readmeter" / package).glob("*.py"))
    imports = "; ".join(f"import readmeter.{package}.{name}" for name in names if name != "__init__")
    packages = {name.split(".")[0] for name in loaded(imports) if not name.startswith("_sysconfigdata")}
    assert packages <= sys.stdlib_module_names | {"readmeter"}
