"""Finance opens the files with a double click: a spreadsheet shows every cell as it is, and runs none."""

import csv
import io
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.exports import formula_like

UTF_8 = "--infilter=CSV:44,34,76"  # comma, quote: what the BOM tells the window, the command has to be told
AS_TEXT = "csv:Text - txt - csv (StarCalc):44,34,76"


NAMES = ("usage.csv", "invoice.csv")


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each file as it is given, as a workbook and as what that shows: two starts of the office for all."""
    folder = tmp_path_factory.mktemp("spreadsheet")
    bench, made = formula_like()
    for name in NAMES:
        (folder / name).write_bytes(bench.file(made, name))
    workbooks = convert(folder, [folder / name for name in NAMES], "ods", UTF_8)
    convert(folder, workbooks, AS_TEXT)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_spreadsheet_shows_every_cell_as_it_is_and_runs_none(converted: Path, name: str) -> None:
    given = converted / name
    with ZipFile(converted / "ods" / f"{given.stem}.ods") as parts:
        content = parts.read("content.xml")
    assert b"=1+2" in content or name == "usage.csv"  # which has no name of the site
    assert b"table:formula" not in content
    shown = rows(converted / "csv" / name)
    assert [[{"TRUE": "true", "FALSE": "false"}.get(cell, cell) for cell in row] for row in shown] == rows(given)


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def convert(folder: Path, files: list[Path], to: str, *options: str) -> list[Path]:
    kind = to.partition(":")[0]
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", profile, "--headless", *options, "--convert-to", to, "--outdir", str(folder / kind)]
    subprocess.run([*command, *map(str, files)], capture_output=True, check=True, timeout=120)
    return [folder / kind / f"{file.stem}.{kind}" for file in files]
