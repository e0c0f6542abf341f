"""`make deploy`: builds, runs `sam deploy`, and ends with the API's address, the next command and the script tag.

On first use it asks a few questions; `sam` keeps the answers in samconfig.toml.
"""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SAM = ".tools/sam/bin/sam"
AWS_PYTHON = ".tools/sam/bin/python"  # has boto3, and looks for credentials where `sam` does
CLIENT = "import boto3, sys; session = boto3.Session(profile_name=sys.argv[1] or None, region_name=sys.argv[2])\n"
WHO_AM_I = f"{CLIENT}session.client('sts').get_caller_identity()"
QUOTA = f"{CLIENT}print(session.client('lambda').get_account_settings()['AccountLimit']['ConcurrentExecutions'])"
WATCHED = "1000"  # executions at once: the default of LambdaConcurrency in template.yaml
SETTINGS = Path("samconfig.toml")


def settings() -> dict[str, Any]:
    """What samconfig.toml says for `sam deploy`."""
    commands = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))["default"]
    return {**commands["global"]["parameters"], **commands["deploy"]["parameters"]}


def parameters(saved: Mapping[str, Any]) -> dict[str, str]:
    """The template's parameters that samconfig.toml keeps, in any form that `sam` writes or takes."""
    overrides = saved.get("parameter_overrides", [])
    if isinstance(overrides, dict):
        return overrides
    pairs = overrides.split() if isinstance(overrides, str) else overrides
    return {name: value.strip('"') for name, _, value in (pair.partition("=") for pair in pairs)}


def ask(question: str, default: str = "") -> str:
    return input(f"{question}{f' [{default}]' if default else ''}: ").strip() or default


def first_answers(architecture: str) -> list[str]:
    """The arguments that a first deployment adds, and `sam` saves."""
    region = ask("AWS Region", os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1")
    email = ask("Who hears about alarms? An e-mail address, or Enter for nobody")
    budget = ask("Monthly budget in USD that this address is told about, or Enter for none") if email else ""
    finance = ask("Who hears when a month of usage is final? An e-mail address, or Enter for nobody")
    given = {"Architecture": architecture, "AlarmEmail": email, "FinanceEmail": finance, "MonthlyBudgetUSD": budget}
    overrides = [f"{name}={value}" for name, value in given.items() if value]
    return ["--region", region, "--parameter-overrides", *overrides, "--save-params"]


def asked(script: str, saved: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
    """What AWS answers to `script`, with the credentials and the Region of the deployment."""
    region = saved.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    words = [AWS_PYTHON, "-c", script, saved.get("profile", ""), region]
    return subprocess.run(words, check=False, capture_output=True, text=True)


def reason(errors: str) -> str:
    """What the last line of a Python program's errors says, without the exception's name where it says more."""
    last = errors.strip().rpartition("\n")[2]
    return last.partition(": ")[2] or last or "no reason was given"


def refusal(saved: Mapping[str, Any]) -> str | None:
    """Why AWS takes no credentials of ours, in its words; None where it does."""
    answer = asked(WHO_AM_I, saved)
    return reason(answer.stderr) if answer.returncode else None


def too_few(saved: Mapping[str, Any], allowed: str) -> str | None:
    """What to do where Lambda allows fewer executions at once than the alarm is told; None where it does not."""
    watched = parameters(saved).get("LambdaConcurrency", WATCHED)
    if not allowed or int(allowed) >= int(watched):
        return None
    return (
        f"Lambda allows this account {allowed} executions at once, and the alarm is told {watched}: write "
        f'LambdaConcurrency = "{allowed}" into samconfig.toml, or raise the quota (docs/operate.md, "Raise limits").'
    )


def outputs(saved: Mapping[str, Any]) -> dict[str, str]:
    where = [f"--{key}={saved[key]}" for key in ("region", "profile") if key in saved]
    listing = subprocess.run(
        [SAM, "list", "stack-outputs", f"--stack-name={saved['stack_name']}", "--output=json", *where],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return {output["OutputKey"]: output["OutputValue"] for output in json.loads(listing)}


def main() -> int:
    saved = settings()
    if refused := refusal(saved):
        where = "aws configure, aws sso login, or export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        print(f"AWS takes no credentials from here: {refused}. Type one of: {where}", file=sys.stderr)
        return 1
    first = "region" not in saved and sys.stdin.isatty()
    architecture = parameters(saved).get("Architecture") or os.environ.get("ARCHITECTURE") or "arm64"
    os.environ["SAM_CLI_TELEMETRY"] = "0"
    added = first_answers(architecture) if first else []
    for command in (["tools/build.sh", architecture], [SAM, "deploy", *added]):
        if status := subprocess.run(command, check=False).returncode:
            return status
    saved = settings()
    if few := too_few(saved, asked(QUOTA, saved).stdout.strip()):  # empty where these credentials may not ask
        print(f"\n{few}")
    made = outputs(saved)
    print(f"""
API      {made["ApiUrl"]}
Admin    {made["AdminUrl"]}

Next, store a site document (docs/deploy.md tells how to write one):
  {made["NextCommand"].strip()}

Then paste this into the head of every page, with the site's id:
  {made["ScriptTag"]}""")
    return 0


if __name__ == "__main__":
    sys.exit(main())
