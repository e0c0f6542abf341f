"""The table of attacks names tests that there are."""

import re

from local.engine import ROOT

NAMED = re.compile(r"`(?:(tests/[\w/]+\.py)::)?(test_\w+)`")


def test_every_attack_is_tried_by_a_test() -> None:
    rows = [line for line in (ROOT / "docs" / "attacks.md").read_text("utf-8").splitlines() if line.startswith("|")][2:]
    assert len(rows) > 20
    for row in rows:
        file, named = "", NAMED.findall(row)
        assert named, f"no test shows {row}"
        for path, name in named:
            file = path or file
            assert f"def {name}(" in (ROOT / file).read_text("utf-8"), f"{file} has no {name}"
