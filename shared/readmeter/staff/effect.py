"""What a change of rules would do to the current readers: asked of the function that can read the ledger."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import boto3
from botocore.config import Config

from readmeter.core.rules import Rules

Ask = Callable[[dict[str, Any]], Any]  # a job's event to its answer; raises where there is none

SECONDS = 10  # that an answer may take: API Gateway ends a request after 30
UNKNOWN = "What this does to current readers could not be told now: try again, or replay a month."
_ONCE = Config(connect_timeout=1, read_timeout=SECONDS, retries={"total_max_attempts": 1})


def effect_job(proposed: Rules) -> dict[str, Any]:
    """The event of the exports function that asks for the effect of `proposed` on its site."""
    return {"job": "effect", "rules": asdict(proposed)}


def ask_function(environ: Mapping[str, str]) -> Ask:
    """Asks the exports function's live version, and waits for its answer."""
    client = boto3.client("lambda", config=_ONCE)

    def ask(event: dict[str, Any]) -> Any:
        answer = client.invoke(
            FunctionName=environ["EXPORTS_FUNCTION"], Qualifier="live", Payload=json.dumps(event).encode()
        )
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise RuntimeError("the exports function failed")
        return said

    return ask
