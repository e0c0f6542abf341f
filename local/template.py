"""Reads template.yaml: the local service and the tests take routes, tables and environment from what is deployed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# What local engines do not know or do not need: it protects or bounds a deployed table, and changes no answer.
_DEPLOYED_ONLY = frozenset(
    {
        "TimeToLiveSpecification",
        "PointInTimeRecoverySpecification",
        "OnDemandThroughput",
        "DeletionProtectionEnabled",
        "StreamSpecification",
    }
)

_NAMED = re.compile(r"\$\{([^}]+)\}")  # in the text of Fn::Sub
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True)
class Route:
    """One route of one API. `method` is upper case, `ANY` for all; `authorizer` is `AWS_IAM` or None."""

    api: str
    method: str
    path: str
    function: str
    authorizer: str | None

    @property
    def key(self) -> str:
        """The route key that API Gateway puts into the event."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Function:
    """One function: its folder, its handler's module and attribute, its environment with every reference resolved."""

    name: str
    code: Path
    module: str
    attribute: str
    environment: Mapping[str, str]
    timeout: int


@dataclass(frozen=True)
class Table:
    """One table: `create` holds the arguments of boto3's create_table, `ttl` names the expiry attribute, if any."""

    name: str
    create: Mapping[str, Any]
    ttl: str | None


@dataclass(frozen=True)
class Bucket:
    """One bucket: `create` holds the arguments of boto3's create_bucket."""

    name: str
    create: Mapping[str, Any]


@dataclass(frozen=True)
class Schedule:
    """When a function is invoked by the clock: every so many seconds, with the event whose JSON text is `input`."""

    function: str
    seconds: int
    input: str

    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.input)
        return event


@dataclass(frozen=True)
class Template:
    """The part of template.yaml that the local service and the tests need."""

    routes: tuple[Route, ...]
    functions: Mapping[str, Function]
    schedules: tuple[Schedule, ...]
    tables: Mapping[str, Table]
    buckets: Mapping[str, Bucket]

    @classmethod
    def read(cls, path: Path, names: Mapping[str, str] | None = None) -> Template:
        """Read the template at `path`.

        `names` gives what a reference stands for (`{"MeterTable": "readmeter-test"}`, `{"Secret.Arn": …}`); a parameter
        stands for its default, and what is not named for its own logical id (a bucket's in lower case, as S3 wants it).
        Raises ValueError where the template asks for more than is understood here.
        """
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
        resources: dict[str, Any] = document["Resources"]
        defaults = {key: str(value.get("Default", "")) for key, value in document.get("Parameters", {}).items()}
        buckets = _of_type(resources, "AWS::S3::Bucket")
        logical = {name: name.lower() if name in buckets else name for name in resources}
        known = {"AWS::StackName": "local", **logical, **defaults, **(names or {})}
        shared = document.get("Globals", {}).get("Function", {})
        functions = _of_type(resources, "AWS::Serverless::Function")
        authorizers = {
            name: api.get("Auth", {}).get("DefaultAuthorizer")
            for name, api in _of_type(resources, "AWS::Serverless::HttpApi").items()
        }
        return cls(
            routes=tuple(
                route for name, function in functions.items() for route in _routes(name, function, authorizers)
            ),
            functions={
                name: _function(name, {**shared, **function}, _environment(shared, function), path.parent, known)
                for name, function in functions.items()
            },
            schedules=tuple(
                schedule for name, function in functions.items() for schedule in _schedules(name, function)
            ),
            tables={
                name: _table(known[name], table) for name, table in _of_type(resources, "AWS::DynamoDB::Table").items()
            },
            buckets={name: _bucket(known[name], bucket) for name, bucket in buckets.items()},
        )


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: `!Ref x` reads as `{"Ref": "x"}`, `!Sub x` as `{"Fn::Sub": "x"}`."""


def _intrinsic(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def _of_type(resources: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {name: resource.get("Properties", {}) for name, resource in resources.items() if resource["Type"] == kind}


def _routes(name: str, function: Mapping[str, Any], authorizers: Mapping[str, str | None]) -> tuple[Route, ...]:
    events = [event["Properties"] for event in function.get("Events", {}).values() if event["Type"] == "HttpApi"]
    return tuple(
        Route(
            api=event["ApiId"]["Ref"],
            method=event["Method"].upper(),
            path=event["Path"],
            function=name,
            authorizer=authorizers[event["ApiId"]["Ref"]],
        )
        for event in events
    )


def _schedules(name: str, function: Mapping[str, Any]) -> Iterator[Schedule]:
    for event in function.get("Events", {}).values():
        if event["Type"] == "Schedule":
            rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", event["Properties"]["Schedule"])
            if rate is None:
                raise ValueError(f"template.yaml: {event['Properties']['Schedule']!r} is not understood here")
            yield Schedule(name, int(rate[1]) * _SECONDS[rate[2]], event["Properties"]["Input"])


def _environment(shared: Mapping[str, Any], function: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **shared.get("Environment", {}).get("Variables", {}),
        **function.get("Environment", {}).get("Variables", {}),
    }


def _function(
    name: str, properties: Mapping[str, Any], environment: Mapping[str, Any], root: Path, known: Mapping[str, str]
) -> Function:
    module, attribute = properties["Handler"].rsplit(".", 1)
    return Function(
        name=name,
        code=root / properties["CodeUri"],
        module=module,
        attribute=attribute,
        environment={key: _resolve(value, known) for key, value in environment.items()},
        timeout=properties["Timeout"],
    )


def _table(name: str, properties: Mapping[str, Any]) -> Table:
    create = {key: value for key, value in properties.items() if key not in _DEPLOYED_ONLY}
    stream = properties.get("StreamSpecification")
    if stream:
        create["StreamSpecification"] = {"StreamEnabled": True, **stream}
    ttl = properties.get("TimeToLiveSpecification", {})
    return Table(
        name=name, create={"TableName": name, **create}, ttl=ttl.get("AttributeName") if ttl.get("Enabled") else None
    )


def _bucket(name: str, properties: Mapping[str, Any]) -> Bucket:
    locks = properties.get("ObjectLockEnabled", False)  # the bucket is versioned then
    return Bucket(name, {"Bucket": name, "ObjectLockEnabledForBucket": locks})


def _resolve(value: object, known: Mapping[str, str]) -> str:
    """The text that an environment variable's value stands for."""
    match value:
        case str() | int():
            return str(value)
        case {"Ref": str(name)} if name in known:
            return known[name]
        case {"Fn::GetAtt": [str(name), str(attribute)]} if name in known:
            return known.get(f"{name}.{attribute}", known[name])
        case {"Fn::Sub": str(text)} if set(_NAMED.findall(text)) <= known.keys():
            return _NAMED.sub(lambda found: known[found[1]], text)
        case _:
            raise ValueError(f"template.yaml: {value!r} is not understood here")
