"""Loads the template's Lambda functions into this process: the same files, handlers and environment as deployed."""

import importlib.util
import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from threading import Lock
from types import MappingProxyType
from typing import Any

from local.template import Function
from readmeter.web.fault import fault_fields

Handler = Callable[[dict[str, Any], object], dict[str, Any]]
# Handlers without state of their own may answer side by side. Powertools' resolver keeps the current event on its
# class: one request at a time through all functions that have one. What is no request never reaches the resolver.
_STATELESS = {"ViewsFunction", "ReaderFunction", "SnippetFunction", "WebhooksFunction"}
_RESOLVER = Lock()


class Context:
    """The Lambda context, as far as handlers and Powertools read it."""

    def __init__(self, request_id: str) -> None:
        self.aws_request_id = request_id
        self.function_name = "local"
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = 256
        self.invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:local"


def load(
    functions: Mapping[str, Function],
    clock: Callable[[], float],
    settings: Mapping[str, str],
    parts: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
) -> dict[str, Handler]:
    """A handler per function. AWS's environment must be set.

    `clock` (epoch seconds) replaces the real one, `settings` go over the template's environment, and `parts` stand in
    for what only AWS has: further arguments of a function's `build`, by its name.
    """
    return {name: _load(function, clock, settings, parts.get(name, {})) for name, function in functions.items()}


def _load(
    function: Function, clock: Callable[[], float], settings: Mapping[str, str], parts: Mapping[str, object]
) -> Handler:
    os.environ.update({**function.environment, **settings})  # read when the module is imported, and by Powertools
    path = function.code / f"{function.module}.py"
    spec = importlib.util.spec_from_file_location(f"functions.{function.code.name}.{function.module}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    handler: Handler = module.build(os.environ, clock, **parts)
    return handler if function.name in _STATELESS else _one_at_a_time(handler)


def _one_at_a_time(handler: Handler) -> Handler:
    def locked(event: dict[str, Any], context: object) -> dict[str, Any]:
        with _RESOLVER if "requestContext" in event else nullcontext():
            return handler(event, context)

    return locked


Start = Callable[[dict[str, Any]], None]


@contextmanager
def background(handler: Callable[[], Handler]) -> Iterator[Start]:
    """Gives what invokes a function asynchronously: one event after the other, the last ends before the block is left.

    `handler` is asked for the function when the first event comes.
    """

    def invoke(event: dict[str, Any]) -> None:
        context = Context(secrets.token_urlsafe(12))
        try:
            handler()(event, context)
        except Exception as fault:
            report(context.aws_request_id, fault)

    with ThreadPoolExecutor(max_workers=1) as pool:

        def start(event: dict[str, Any]) -> None:
            pool.submit(invoke, event)

        yield start


def report(request_id: str, fault: Exception) -> None:
    """One line of JSON, as Powertools would log it."""
    print(json.dumps({"message": "fault", **fault_fields(request_id, fault)}), file=sys.stderr)
