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


@pytest.mark.parametrize("name", ["usage.csv", "invoice.csv"])
def test_a_spreadsheet_shows_every_cell_as_it_is_and_runs_none(tmp_path: Path, name: str) -> None:
    bench, made = formula_like()
    given = tmp_path / name
    given.write_bytes(bench.file(made, name))
    workbook = convert(tmp_path, given, "ods", UTF_8)
    with ZipFile(workbook) as parts:
        content = parts.read("content.xml")
    assert b"=1+2" in content or name == "usage.csv"  # which has no name of the site
    assert b"table:formula" not in content
    shown = rows(convert(tmp_path, workbook, AS_TEXT))
    assert [[{"TRUE": "true", "FALSE": "false"}.get(cell, cell) for cell in row] for row in shown] == rows(given)


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def convert(tmp_path: Path, file: Path, to: str, *options: str) -> Path:
    folder = tmp_path / "converted"
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", *options, "--convert-to", to, "--outdir", str(folder), str(file)]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    return folder / f"{file.stem}.{to.partition(':')[0]}"
