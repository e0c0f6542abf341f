"""`readmeter export`: usage files of a month or a day: made, listed, downloaded, proven."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from readmeter.command import files
from readmeter.command.client import Client, Misused, Refused, Unreachable, segment
from readmeter.command.output import Desk, command, number
from readmeter.usage.period import ExportPeriod, export_id

EXPORTS = "/v1/admin/exports"
_ASK_EVERY = 1.0  # seconds


@click.group()
def export() -> None:
    """Usage files of a month (2026-11) or a day (2026-11-22)."""


def period(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    try:
        return ExportPeriod.parse(text).text
    except ValueError:
        raise click.BadParameter("a period is a month (2026-11) or a day (2026-11-22)") from None


def month(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    try:
        if ExportPeriod.parse(text).is_month:
            return text
    except ValueError:
        pass
    raise click.BadParameter("a month is written 2026-11")


def path_of(site: str, text: str) -> str:
    return f"{EXPORTS}/{segment(export_id(site, ExportPeriod.parse(text)))}"


@export.command()
@click.argument("site")
@click.argument("period", callback=period)
@click.option("--no-wait", is_flag=True, help="Return at once; `export get` says when it is there")
@click.option("--timeout", type=click.IntRange(1), default=900, show_default=True, help="Seconds to wait")
@command
def create(desk: Desk, site: str, period: str, no_wait: bool, timeout: int) -> None:
    """Make the files of PERIOD for SITE, and wait until they are there.

    Nothing new is made where nothing changed; a final month never changes.
    """
    answer = desk.client.call("POST", EXPORTS, body={"site": site, "period": period})
    if not no_wait:
        path = f"{EXPORTS}/{segment(answer['export_id'])}"
        answer = wait(desk, f"Exporting {period} of {site}", timeout, lambda: desk.client.call("GET", path))
    if desk.as_json:
        desk.answer(answer)
    else:
        desk.say(_sentence(answer))
    if answer["status"] == "failed":
        raise Refused(f"The export of {period} failed. What was there before still stands.")


@export.command("list")
@click.argument("site")
@command
def list_(desk: Desk, site: str) -> None:
    """List the exports of SITE."""
    answer = desk.client.call("GET", EXPORTS, {"site": site})
    if desk.as_json:
        desk.answer(answer)
        return
    rows = [
        [each["period"], each["status"], str(each.get("revision") or "–"), each["export_id"]]
        for each in answer["exports"]
    ]
    if rows:
        desk.table(["period", "status", "revision", "export"], rows, {"revision"})
    else:
        desk.say(f"No export of {site} yet.")


@export.command()
@click.argument("site")
@click.argument("period", callback=period)
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), show_default="SITE_PERIOD", help="Where to")
@click.option("--revision", type=click.IntRange(1), show_default="the newest", help="An earlier revision")
@click.option("--replace", is_flag=True, help="Overwrite files of the same name that differ")
@command
def get(desk: Desk, site: str, period: str, folder: Path | None, revision: int | None, replace: bool) -> None:
    """Download all files of PERIOD and check each against the manifest.

    A file that is there already and differs is not overwritten, unless --replace says so.
    """
    answer = finished(desk.client, site, period, revision)
    target = folder or Path(answer["export_id"])
    target.mkdir(parents=True, exist_ok=True)
    found = download(desk, answer, target, replace)
    if desk.as_json:
        listed = [{"name": file["name"], "path": str(target / file["name"])} for file in found]
        desk.answer({key: answer[key] for key in ("export_id", "status", "revision")} | {"files": listed})
        return
    desk.say(_sentence(answer))
    rows = [[file["name"], _rows(file), number(file["bytes"]), file["sha256"][:16]] for file in found]
    desk.table(["file", "rows", "bytes", "sha256 begins"], rows, {"rows", "bytes"})
    desk.say(f"All {len(found)} files are in {target}, each as the manifest names it.")


@export.command()
@click.argument("site")
@click.argument("period", callback=period)
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Also prove the files in this folder",
)
@click.option("--timeout", type=click.IntRange(1), default=900, show_default=True, help="Seconds to wait")
@command
def verify(desk: Desk, site: str, period: str, folder: Path | None, timeout: int) -> None:
    """Prove the export of PERIOD: hashes, totals, days against the month, rows against what the database holds."""
    path = f"{path_of(site, period)}/verification"
    answer = desk.client.call("POST", path)
    if "checks" not in answer:
        answer = wait(desk, f"Verifying {period} of {site}", timeout, lambda: desk.client.call("GET", path))
    if "checks" not in answer:
        raise Refused(f"The verification of {period} ended as {answer.get('status')} without a result.")
    checks = [*answer["checks"]]
    if folder is not None:
        checks += _folder_checks(desk.client, site, period, folder)
    holds = all(check["holds"] for check in checks)
    if desk.as_json:
        desk.answer({**answer, "holds": holds, "checks": checks})
    else:
        for check in checks:
            desk.say(f"{_MARKS[check['holds']]}  {check['detail']}")
        desk.say(f"{answer['export_id']}, revision {answer['revision']}: {'holds' if holds else 'DOES NOT HOLD'}.")
    if not holds:
        wrong = sum(not check["holds"] for check in checks)
        raise Refused(
            f"{wrong} of {len(checks)} checks failed." if wrong > 1 else f"One of {len(checks)} checks failed."
        )


_MARKS = {True: "holds", False: "FAILS"}


def finished(client: Client, site: str, text: str, revision: int | None = None) -> Any:
    """The export's answer with its files. Raises `Refused` where it is running or has none."""
    query = {"revision": None if revision is None else str(revision)}
    answer = client.call("GET", path_of(site, text), query)
    if not answer.get("files"):
        raise Refused(f"The export of {text} is {answer['status']} and has no files now. Try again in a minute.")
    return answer


def download(desk: Desk, answer: Any, folder: Path, replace: bool) -> list[dict[str, Any]]:
    """Saves every file of the export into `folder`, the manifest first. Returns what they are, as the manifest says.

    Raises `Refused` before anything is downloaded where a file is in the way, and for a file that is not as named.
    """
    listed = {files.plain_name(file["name"]): file for file in answer["files"]}
    if files.MANIFEST not in listed:
        raise Refused("The service lists no manifest.")
    in_the_way = [
        name for name, file in listed.items() if (folder / name).exists() and not files.matches(folder / name, file)
    ]
    if in_the_way and not replace:
        names = " and ".join(in_the_way)
        raise Refused(f"{names} in {folder}: there already, and different. Choose another --folder, or --replace.")
    ordered = sorted(listed.values(), key=lambda file: (file["name"] != files.MANIFEST, file["name"]))
    with _bar(desk, sum(file["bytes"] for file in ordered)) as advance:
        for file in ordered:
            target = folder / file["name"]
            expected = file if file["name"] == files.MANIFEST else _as_named(folder, file)
            if files.matches(target, expected):
                advance(file["bytes"])
            else:
                files.save(target, desk.client.download(file["url"]), expected, advance)
    return ordered


def fetched(desk: Desk, answer: Any, name: str) -> bytes:
    """One file of the export, as the manifest names it."""
    with tempfile.TemporaryDirectory() as scratch:
        wanted = [file for file in answer["files"] if file["name"] in (files.MANIFEST, name)]
        download(desk, {**answer, "files": wanted}, Path(scratch), replace=False)
        return (Path(scratch) / name).read_bytes()


def wait(desk: Desk, doing: str, timeout: int, ask: Callable[[], Any]) -> Any:
    """Asks until the status is no longer `running`. Raises `Unreachable` when that takes longer than `timeout`."""
    until = desk.clock() + timeout
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=desk.screen,
        disable=not desk.screen.is_terminal,
        transient=True,
    ) as shown:
        shown.add_task(doing)
        while (answer := ask()).get("status") == "running":
            if desk.clock() >= until:
                raise Unreachable(f"{doing}: not done after {timeout} s. It goes on; ask again later.")
            desk.sleep(_ASK_EVERY)
    return answer


@contextmanager
def _bar(desk: Desk, size: int) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("Downloading"), BarColumn(), TaskProgressColumn(), DownloadColumn())
    with Progress(*columns, console=desk.screen, disable=not desk.screen.is_terminal, transient=True) as shown:
        task = shown.add_task("download", total=size)
        yield lambda amount: shown.advance(task, amount)


def _as_named(folder: Path, file: dict[str, Any]) -> dict[str, Any]:
    """What the manifest in `folder` says of a file. Raises `Refused` where it says other than the service."""
    entries = [each for each in files.read_manifest(folder / files.MANIFEST)["files"] if each["name"] == file["name"]]
    if not entries or (entries[0]["sha256"], entries[0]["bytes"]) != (file["sha256"], file["bytes"]):
        raise Refused(f"{file['name']}: the manifest and the service name different files. Try again.")
    return dict(entries[0])


def _folder_checks(client: Client, site: str, text: str, folder: Path) -> list[dict[str, Any]]:
    """Whether the folder holds one whole revision of this export, byte for byte."""
    if not (folder / files.MANIFEST).is_file():
        raise Misused(f"{folder} has no {files.MANIFEST}: download there with `readmeter export get`.")
    manifest = files.read_manifest(folder / files.MANIFEST)
    revision = manifest.get("revision")
    listed = finished(client, site, text, revision)["files"]
    wrong = [file["name"] for file in listed if not files.matches(folder / files.plain_name(file["name"]), file)]
    same = f"The {len(listed)} files in {folder} are revision {revision} of this export, byte for byte."
    other = f"In {folder}, not as in revision {revision}: {', '.join(wrong)}."
    return [{"check": "folder", "holds": not wrong, "detail": other if wrong else same}]


def _sentence(answer: Any) -> str:
    if answer["status"] == "running":
        return f"{answer['export_id']} is being made."
    revision = f", revision {answer['revision']}" if answer.get("revision") else ""
    return f"{answer['export_id']} is {answer['status']}{revision}."


def _rows(file: dict[str, Any]) -> str:
    return "" if file.get("rows") is None else number(file["rows"])
