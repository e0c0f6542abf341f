"""The least that a meter on Lambda can be with AWS's client: JSON, one UpdateItem, JSON. No tokens, rules or prompt."""

import json
from typing import Any

import boto3

from benchmarks.baselines.one_update import answer, request

_client = boto3.client("dynamodb")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    view = json.loads(event["body"])
    stored = _client.update_item(**request(view["seed"], view["article"]))
    body = json.dumps(answer(stored["Attributes"]))
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body}
