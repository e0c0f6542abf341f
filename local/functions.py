"""Loads the template's Lambda functions into this process: the same files, handlers and environment as deployed."""

import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from local.template import Function

Handler = Callable[[dict[str, Any], object], dict[str, Any]]
# Handlers without state of their own may answer side by side. Powertools' resolver keeps the current event on its
# class: one request at a time, as in a Lambda environment.
_STATELESS = {"ViewsFunction", "SnippetFunction"}


def load(
    functions: Mapping[str, Function], clock: Callable[[], float], settings: Mapping[str, str]
) -> dict[str, Handler]:
    """A handler per function. AWS's environment must be set.

    `clock` (epoch seconds) replaces the real one, `settings` go over the template's environment.
    """
    return {name: _load(function, clock, settings) for name, function in functions.items()}


def _load(function: Function, clock: Callable[[], float], settings: Mapping[str, str]) -> Handler:
    os.environ.update({**function.environment, **settings})  # read when the module is imported, and by Powertools
    path = function.code / f"{function.module}.py"
    spec = importlib.util.spec_from_file_location(f"functions.{function.code.name}.{function.module}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    handler: Handler = module.build(os.environ, clock)
    return handler if function.name in _STATELESS else _one_at_a_time(handler)


def _one_at_a_time(handler: Handler) -> Handler:
    lock = Lock()

    def locked(event: dict[str, Any], context: object) -> dict[str, Any]:
        with lock:
            return handler(event, context)

    return locked
