"""The files that publishers copy: each stands alone, and the CloudFront Function is one that its runtime takes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from local.engine import ROOT
from tests.support.verifiers import VECTORS, Case, asked_of_cloudfront, edge_request

FILES = ROOT / "shared" / "readmeter" / "verify"
FUNCTION = FILES / "cloudfront-function.js"
# What CloudFront's documentation does not list for runtime 2.0, or is known to fail there.
LACKING = (
    "array-spread",
    "async-generator",
    "bigint",
    "class",
    "class-field",
    "default-argument",
    "destructuring",
    "dynamic-import",
    "exponent-operator",
    "for-await",
    "for-of",
    "generator",
    "logical-assignment",
    "nullish-coalescing",
    "object-accessors",
    "object-rest-spread",
    "optional-catch-binding",
    "optional-chain",
    "regexp-lookbehind-assertions",
    "regexp-named-capture-groups",
    "regexp-unicode-property-escapes",
    "top-level-await",
)
[METERED] = [each for each in VECTORS["grants"] if each["name"] == "metered"]
CASE = Case(METERED["grant"], METERED["page"])


def test_pythons_file_runs_alone(tmp_path: Path) -> None:
    shutil.copy(FILES / "readmeter_verify.py", tmp_path)
    load = "import sys; sys.path.insert(0, '.'); import readmeter_verify; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", load], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded <= sys.stdlib_module_names | {"__main__", "readmeter_verify"}


def test_javascripts_file_is_of_the_types_that_it_says() -> None:
    options = "--allowJs --checkJs --noEmit --strict --target es2022 --module esnext --lib es2022,dom,dom.iterable"
    types = ["--types", ""]
    subprocess.run(
        [ROOT / "node_modules/.bin/tsc", *options.split(), *types, FILES / "readmeter-verify.js"], check=True
    )


def test_javascripts_guard_and_keys_do_as_pythons() -> None:
    subprocess.run(["node", "--test", ROOT / "tests/verify/guard.test.mjs"], check=True, stdout=subprocess.PIPE)


def test_the_function_fits_into_cloudfronts_ten_kilobytes_comments_and_all() -> None:
    assert len(FUNCTION.read_bytes()) <= 10 * 1024


def test_the_function_is_written_in_what_its_runtime_knows() -> None:
    """esbuild rewrites what a runtime lacks: here there is nothing to rewrite."""
    assert transformed(*(f"--supported:{name}=false" for name in LACKING)) == transformed()


def transformed(*options: str) -> str:
    esbuild = [ROOT / "node_modules/.bin/esbuild", "--loader=js", "--target=esnext", *options]
    return subprocess.run(esbuild, input=FUNCTION.read_text(), check=True, capture_output=True, text=True).stdout


def test_at_the_edge_a_request_goes_on_without_the_grant_so_that_the_text_can_be_cached() -> None:
    [answer] = asked_of_cloudfront([edge_request(CASE)])
    assert answer == {"status": 200, "uri": "/text", "headers": {"accept": {"value": "*/*"}}}


def test_at_the_edge_what_has_no_grant_is_a_problem_that_nobody_keeps() -> None:
    asked = edge_request(CASE)
    del asked["headers"]["authorization"]
    [answer] = asked_of_cloudfront([asked])
    assert (answer["status"], answer["body"]["reason"], answer["body"]["status"]) == (403, "missing", 403)
    assert answer["headers"]["content-type"]["value"] == "application/problem+json"
    assert answer["headers"]["cache-control"]["value"] == "no-store"


def test_at_the_edge_a_path_that_the_store_does_not_know_is_refused() -> None:
    asked = [edge_request(CASE) | {"uri": uri} for uri in ("/another", "/%74ext", "/TEXT", "/text/", "grant-keys")]
    assert {answer["body"]["reason"] for answer in asked_of_cloudfront(asked)} == {"wrong_article"}


def test_at_the_edge_an_entry_that_cannot_be_read_is_refused() -> None:
    asked = [edge_request(CASE, **{"/text": entry}) for entry in ("", "null", "[]", "{}", "{", '{"article": "A-1"}')]
    assert {answer["status"] for answer in asked_of_cloudfront(asked)} == {403}


def test_at_the_edge_nobody_gets_in_without_keys() -> None:
    asked = edge_request(CASE)
    del asked["kept"]["grant-keys"]
    [answer] = asked_of_cloudfront([asked])
    assert (answer["status"], answer["body"]["reason"]) == (503, "no_keys")


def test_at_the_edge_enforcement_can_be_switched_off() -> None:
    case = Case("", METERED["page"])
    values = ("off", "on", "", "OFF", json.dumps("off"))
    answers = asked_of_cloudfront([edge_request(case, enforce=value) for value in values])
    assert [answer["status"] for answer in answers] == [200, 403, 403, 403, 403]
