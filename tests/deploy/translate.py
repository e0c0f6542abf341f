"""Prints what SAM makes of a template, as JSON: the resources that CloudFormation would be asked for. Calls nothing.

Runs in the environment of the `sam` command, which pins the translator: translate.py TEMPLATE [LAYER_KEY], where `-` is
the standard input. What is not uploaded yet is given a place.
"""

import json
import os
import sys
from pathlib import Path

os.environ["AWS_DEFAULT_REGION"] = "us-east-1"

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """The template names no managed policy of its own, so there is none to look up."""

    def load(self) -> dict[str, str]:
        return {}


def is_here(place: str | None) -> bool:
    return place is not None and not place.startswith("s3://")


def main(path: str, layer_key: str = "layer") -> None:
    template = yaml_parse(sys.stdin.read() if path == "-" else Path(path).read_text())
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if is_here(properties.get("CodeUri")):
            properties["CodeUri"] = f"s3://uploads/{properties['CodeUri']}"
        if is_here(properties.get("ContentUri")):
            properties["ContentUri"] = f"s3://uploads/{layer_key}"
    json.dump(transform(template, {}, NoManagedPolicies()), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
