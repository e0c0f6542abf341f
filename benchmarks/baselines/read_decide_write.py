"""What tutorials show: read the site, read the reader, decide in Python, write. Parallel tabs pass the limit."""

import json
from typing import Any

import boto3

from benchmarks.baselines.one_update import LIMIT, TABLE, answer

_client = boto3.client("dynamodb")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    view = json.loads(event["body"])
    site = {"pk": {"S": f"site#{view['site']}"}, "sk": {"S": "settings"}}
    _client.get_item(TableName="SiteTable", Key=site, ConsistentRead=True)
    key = {"pk": {"S": f"reader#{view['seed']}"}, "sk": {"S": "2026-11"}}
    item = _client.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
    read = set(item["a"]["SS"])
    if view["article"] not in read and len(read) < LIMIT:
        item["a"] = {"SS": sorted(read | {view["article"]})}
        _client.put_item(TableName=TABLE, Item={**item, **key})
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(answer(item))}
