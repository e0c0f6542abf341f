"""Every verifier gives the same verdict on the same grants: those of tests/vectors/grants.json, and all near them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from readmeter.verify.readmeter_verify import Page
from tests.support.verifiers import VECTORS, VERIFIERS, Case, Verdict, asked_of_webcrypto
from tools.grant_vectors import vectors

each_verifier = pytest.mark.parametrize("verifier", VERIFIERS)


def case_of(vector: dict[str, Any]) -> Case:
    told = {**VECTORS["grant_keys"], "soft_grants": vector.get("soft_grants", False)}
    return Case(vector["grant"], vector["page"], told)


@pytest.fixture(scope="module")
def verdicts() -> dict[str, dict[str, Verdict]]:
    """By verifier and name of a grant."""
    cases = [case_of(vector) for vector in VECTORS["grants"]]
    names = [vector["name"] for vector in VECTORS["grants"]]
    return {name: dict(zip(names, ask(cases), strict=True)) for name, ask in VERIFIERS.items()}


@each_verifier
@pytest.mark.parametrize("vector", VECTORS["grants"], ids=lambda vector: vector["name"].replace(" ", "-"))
def test_all_come_to_the_same_verdict(
    verdicts: dict[str, dict[str, Verdict]], verifier: str, vector: dict[str, Any]
) -> None:
    assert verdicts[verifier][vector["name"]] == vector.get("why")


def test_the_vectors_are_those_of_the_tool() -> None:
    assert json.loads(json.dumps(vectors())) == VECTORS, "run `python -m tools.grant_vectors`"


def test_python_describes_a_page_as_the_service_does() -> None:
    for vector in VECTORS["pages"]:
        page = Page(**vector["page"])
        assert (page.identity, page.hash) == (vector["identity"], vector["hash"]), vector["name"]


def test_javascript_describes_a_page_as_the_service_does() -> None:
    found = asked_of_webcrypto(pages=[vector["page"] for vector in VECTORS["pages"]])["hashes"]
    for vector, told in zip(VECTORS["pages"], found, strict=True):
        assert told == {"identity": vector["identity"], "hash": vector["hash"]}, vector["name"]


@each_verifier
def test_any_single_change_of_a_grant_is_refused(verifier: str) -> None:
    vector = next(vector for vector in VECTORS["grants"] if vector["name"] == "metered")
    changed = sorted(set(changes(vector["grant"])) - {vector["grant"]})
    assert len(changed) > 2500
    found = VERIFIERS[verifier](Case(grant, vector["page"]) for grant in changed)
    assert [grant for grant, why in zip(changed, found, strict=True) if why is None] == []


def changes(grant: str) -> Iterator[str]:
    """Every character changed (by its last bit too: base64 may not need it), left out, doubled, put after the next."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for at, letter in enumerate(grant):
        before, after = grant[:at], grant[at + 1 :]
        for other in (letters[letters.find(letter) ^ 1], letters[letters.find(letter) ^ 32], ".", "="):
            yield before + other + after
        yield before + after
        yield before + letter + letter + after
        yield before + after[:1] + letter + after[1:]


@each_verifier
def test_every_beginning_of_a_grant_is_refused(verifier: str) -> None:
    vector = next(vector for vector in VECTORS["grants"] if vector["name"] == "metered")
    beginnings = [vector["grant"][:length] for length in range(len(vector["grant"]))]
    assert None not in VERIFIERS[verifier](Case(grant, vector["page"]) for grant in beginnings)
