"""What the baselines ask of DynamoDB: one conditional UpdateItem, the least that a meter without races needs."""

from typing import Any

TABLE = "MeterTable"
LIMIT = 5


def request(reader: str, article: str) -> dict[str, Any]:
    """UpdateItem's parameters: adds the article to the month's set unless the limit is reached."""
    return {
        "TableName": TABLE,
        "Key": {"pk": {"S": f"reader#{reader}"}, "sk": {"S": "2026-11"}},
        "UpdateExpression": "ADD a :articles SET x = if_not_exists(x, :expires)",
        "ConditionExpression": "attribute_not_exists(a) OR contains(a, :article) OR size(a) < :limit",
        "ExpressionAttributeValues": {
            ":articles": {"SS": [article]},
            ":article": {"S": article},
            ":limit": {"N": str(LIMIT)},
            ":expires": {"N": "1799999999"},
        },
        "ReturnValues": "ALL_NEW",
    }


def answer(attributes: dict[str, Any]) -> dict[str, Any]:
    """What a page is told: nothing but the number that remains."""
    return {"allowed": True, "remaining": LIMIT - len(attributes["a"]["SS"])}
