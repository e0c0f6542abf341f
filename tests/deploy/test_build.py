"""What `make build` uploads: byte code for the functions' Python, one processor, small, nothing that is not needed."""

from __future__ import annotations

import importlib.util
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT
from tests.deploy.project import HERE, Project
from tests.deploy.test_resources import FUNCTIONS

DUCKDB = {"duckdb", "_duckdb", "adbc_driver_duckdb", "duckdb-2"}  # of the exports function alone
RUNTIME = ROOT / ".tools" / "python3.13" / "bin" / "python3.13"
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}

# docs/deploy.md, "What is uploaded"
MOST_CODE_OF_A_FUNCTION = 64 * 1024
MOST_OF_THE_EXPORTS_FUNCTION = 90 * 1024 * 1024
MOST_OF_THE_LAYER = 38 * 1024 * 1024


@pytest.fixture(scope="module")
def builds(projects: Callable[[str], Project]) -> dict[str, Path]:
    """The built folders, per processor."""
    return {architecture: projects(architecture).build for architecture in MACHINES}


@pytest.fixture(params=MACHINES)
def architecture(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def build(builds: dict[str, Path], architecture: str) -> Path:
    return builds[architecture]


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def size(paths: Iterator[Path]) -> int:
    return sum(path.stat().st_size for path in paths)


def test_every_module_has_byte_code_that_needs_no_check(build: Path) -> None:
    magic = subprocess.run(
        [RUNTIME, "-c", "import importlib.util; print(importlib.util.MAGIC_NUMBER.hex())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    modules = list(build.rglob("*.py"))
    assert len(modules) > 300
    for module in modules:
        compiled = module.parent / "__pycache__" / f"{module.stem}.cpython-313.pyc"
        header = compiled.read_bytes()[:8]
        assert header[:4].hex() == magic, compiled
        assert struct.unpack("<I", header[4:]) == (0b01,), compiled  # hash-based, never checked


def test_there_is_no_byte_code_without_its_module(build: Path) -> None:
    for compiled in build.rglob("*.pyc"):
        assert Path(importlib.util.source_from_cache(str(compiled))).exists()


def test_what_is_compiled_is_for_one_processor(build: Path, architecture: str) -> None:
    libraries = list(build.rglob("*.so*"))
    assert libraries
    machine = {"arm64": 183, "x86_64": 62}[architecture]
    assert {struct.unpack_from("<H", path.read_bytes(), 18)[0] for path in libraries} == {machine}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_a_few_kilobytes_of_its_own_code(build: Path, name: str) -> None:
    own = [path for path in (build / name).iterdir() if path.name.split(".")[0] not in DUCKDB]
    assert {path.name for path in own} <= {"app.py", "__pycache__", "assets"}
    code = (build / name / "app.py", *(build / name / "__pycache__").iterdir())
    assert size(iter(code)) < MOST_CODE_OF_A_FUNCTION


def test_duckdb_comes_with_the_exports_function_and_nowhere_else(build: Path) -> None:
    carrying = {path.relative_to(build).parts[0] for path in files(build) if "duckdb" in str(path.relative_to(build))}
    assert carrying == {"ExportsFunction"}
    assert size(files(build / "ExportsFunction")) < MOST_OF_THE_EXPORTS_FUNCTION


def test_the_layer_stays_small(build: Path) -> None:
    assert size(files(build / "SharedLayer")) < MOST_OF_THE_LAYER


def test_the_layer_holds_the_package_and_what_it_needs_and_nothing_else(build: Path) -> None:
    names = {path.name for path in (build / "SharedLayer" / "python").iterdir() if "." not in path.name}
    assert names == {
        "readmeter",
        "aws_lambda_powertools",
        "annotated_types",
        "cffi",
        "cryptography",
        "jmespath",
        "jwt",
        "pycparser",
        "pydantic",
        "pydantic_core",
        "typing_inspection",
        "tzdata",
        "yaml",
        "_yaml",
        "__pycache__",
    }


def test_what_runs_elsewhere_is_not_uploaded(build: Path) -> None:
    package = build / "SharedLayer" / "python" / "readmeter"
    assert (package / "usage" / "report_data.py").exists()
    assert not (package / "command").exists()
    assert not (package / "usage" / "report").exists()
    assert not (package / "verify").exists()


def test_no_tests_no_documents_no_settings_are_uploaded(build: Path) -> None:
    uploaded = {path.relative_to(build) for path in files(build)}
    unwanted = {"tests", "test", "docs", "node_modules", ".git", ".venv", "src", "local"}
    assert not [path for path in uploaded if unwanted & set(path.parts)]
    assert not [path for path in uploaded if path.name.startswith((".env", "samconfig", "requirements"))]


def test_nothing_uploaded_names_the_machine_that_built_it(build: Path) -> None:
    place = str(ROOT).encode()
    assert not [path for path in files(build) if path.name != "template.yaml" and place in path.read_bytes()]


def test_the_same_sources_make_the_same_bytes(builds: dict[str, Path]) -> None:
    """Only what is compiled for a processor differs, so an unchanged function is not uploaded again."""

    def contents(build: Path) -> dict[Path, bytes]:
        return {
            path.relative_to(build): path.read_bytes()
            for path in files(build)
            if ".so" not in path.suffixes and path.name not in ("WHEEL", "template.yaml")
        }

    arm, x86 = (contents(folder) for folder in builds.values())
    assert {path for path in arm.keys() | x86.keys() if arm.get(path) != x86.get(path)} == set()


@pytest.mark.parametrize(
    ("folder", "modules"),
    [
        ("SharedLayer/python", "readmeter.sites.document, readmeter.core.decision"),
        ("SharedLayer/python", "jwt.algorithms, cryptography.hazmat.primitives.asymmetric.ec"),
        ("ExportsFunction", "duckdb"),  # it reads its version from what the installer noted
    ],
)
def test_what_is_built_works_on_the_functions_python(builds: dict[str, Path], folder: str, modules: str) -> None:
    script = f"import sys; sys.path.insert(0, sys.argv[1]); import {modules}"
    subprocess.run([RUNTIME, "-I", "-c", script, builds[HERE] / folder], check=True)
