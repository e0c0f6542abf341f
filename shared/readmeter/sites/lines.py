"""Where in a site document's text a finding stands. Cold side only, for people who wrote the text."""

from collections.abc import Mapping

import yaml

Lines = Mapping[str, int]  # a JSON Pointer: the line that its key or entry begins on, from 1


def lines(content: bytes) -> Lines:
    """Of every value in the text, which is YAML or JSON; nothing of a text that is neither."""
    try:
        root = yaml.compose(content.decode("utf-8-sig"), yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    found: dict[str, int] = {}
    if root is not None:
        _collect(root, "", root.start_mark.line, found)
    return found


def line_of(pointer: str, where: Lines) -> int | None:
    """The line of `pointer`; of what it would stand in where it is absent."""
    while pointer and pointer not in where:
        pointer = pointer.rpartition("/")[0]
    return where.get(pointer)


def _collect(node: yaml.Node, pointer: str, line: int, found: dict[str, int]) -> None:
    found[pointer] = line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = str(key.value).replace("~", "~0").replace("/", "~1")
            _collect(value, f"{pointer}/{name}", key.start_mark.line, found)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _collect(value, f"{pointer}/{index}", value.start_mark.line, found)
