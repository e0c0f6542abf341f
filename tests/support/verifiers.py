"""The verifiers of grants, each asked the same way: Python's in this process, JavaScript's in Node."""

import json
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.engine import ROOT
from readmeter.verify.readmeter_verify import Granted, GrantKeys, Page, Verifier

VECTORS: Mapping[str, Any] = json.loads((ROOT / "tests" / "vectors" / "grants.json").read_text(encoding="utf-8"))
HARNESSES = ROOT / "tests" / "verify"


@dataclass(frozen=True)
class Case:
    """A grant that is brought to a page."""

    grant: str
    page: Mapping[str, Any]
    grant_keys: Mapping[str, Any] = field(default_factory=lambda: VECTORS["grant_keys"])
    now: float = VECTORS["now"]


Verdict = str | None  # why it is refused; None where it is granted
Verifiers = Mapping[str, Callable[[Iterable[Case]], list[Verdict]]]


def by_python(cases: Iterable[Case]) -> list[Verdict]:
    return [_by_python(case) for case in cases]


def _by_python(case: Case) -> Verdict:
    keys = GrantKeys.parse(json.dumps(case.grant_keys))
    found = Verifier(lambda: keys).check(case.grant, Page(**case.page), case.now)
    return None if isinstance(found, Granted) else found.why


def by_webcrypto(cases: Iterable[Case]) -> list[Verdict]:
    told = [{"grant": case.grant, "page": case.page, "grant_keys": case.grant_keys, "now": case.now} for case in cases]
    return [each["why"] for each in asked_of_webcrypto(cases=told)["verdicts"]]


def by_cloudfront(cases: Iterable[Case]) -> list[Verdict]:
    answers = asked_of_cloudfront([edge_request(case) for case in cases])
    return [None if answer["status"] == 200 else answer["body"]["reason"] for answer in answers]


VERIFIERS: Verifiers = {"python": by_python, "webcrypto": by_webcrypto, "cloudfront": by_cloudfront}


def edge_request(case: Case, **kept: str) -> dict[str, Any]:
    """What a case is at the edge, where the page's own description is in the KeyValueStore; `kept`: what else is."""
    page = Page(**case.page)
    entry = json.dumps({"article": page.identity, "page": page.hash})
    return {
        "now": case.now,
        "uri": "/text",
        "headers": {"authorization": {"value": f"Readmeter {case.grant}"}, "accept": {"value": "*/*"}},
        "kept": {"grant-keys": json.dumps(case.grant_keys), "/text": entry, **kept},
    }


def asked_of_webcrypto(cases: list[Any] | None = None, pages: list[Any] | None = None) -> Any:
    return _run("webcrypto.mjs", {"cases": cases or [], "pages": pages or []})


def asked_of_cloudfront(requests: list[dict[str, Any]]) -> Any:
    return _run("cloudfront.mjs", requests, "--experimental-vm-modules", "--no-warnings")


def _run(harness: str, asked: object, *options: str) -> Any:
    done = subprocess.run(
        ["node", *options, HARNESSES / harness], input=json.dumps(asked), check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)
