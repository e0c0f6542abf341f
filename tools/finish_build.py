"""Finishes what `sam build` made: removes what no function reads and compiles the byte code that it leaves out.

Lambda's disks are read-only, so without byte code every cold start compiles every module again. Run by the Python
version of the functions: `python3.13 tools/finish_build.py .aws-sam/build`.
"""

import compileall
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from py_compile import PycInvalidationMode

LAYER = "SharedLayer"
ELSEWHERE = ("command", "usage/report", "verify")  # of the package: run by the `readmeter` command, and by publishers
INSTALLER_NOTES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "sboms"})


def surplus(artifact: Path) -> Iterator[Path]:
    """What the artifact has no use for: a function is its Python and its assets, the layer is its packages."""
    if artifact.name == LAYER:
        yield artifact / "python" / "requirements.txt"
        yield from artifact.glob("python/*.data")
        yield from (artifact / "python" / "readmeter" / part for part in ELSEWHERE)
    else:
        yield from (path for path in artifact.iterdir() if not is_served(path))
    yield from (path for path in artifact.rglob("*.dist-info/*") if path.name in INSTALLER_NOTES)
    yield from artifact.rglob("__pycache__")


def is_served(path: Path) -> bool:
    """Whether a function reads it: code of its own, a package that its requirements name or its version, its assets."""
    return path.suffix in (".py", ".so", ".dist-info") or path.name == "assets" or (path / "__init__.py").exists()


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def compile_in_place(artifact: Path) -> bool:
    """Byte code that is never checked against its source: the zip's dates would make every other kind stale."""
    return bool(
        compileall.compile_dir(
            artifact,
            quiet=1,
            force=True,
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
            stripdir=str(artifact),
            prependdir="/opt" if artifact.name == LAYER else "/var/task",  # where Lambda puts it: tracebacks name this
        )
    )


def main(build: Path) -> int:
    compiled = True
    for artifact in sorted(path for path in build.iterdir() if path.is_dir()):
        for path in list(surplus(artifact)):
            remove(path)
        compiled = compile_in_place(artifact) and compiled
        size = sum(path.stat().st_size for path in artifact.rglob("*") if path.is_file())
        print(f"{artifact.name:16} {size / 1024:8.0f} kB")
    return 0 if compiled else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
