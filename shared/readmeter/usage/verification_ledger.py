"""The checks of an export against what it was made of: the ledger's own objects, and the meter items behind them."""

import gzip
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from readmeter.core.keys import Keyring
from readmeter.usage.comparison import Comparison, LedgerFile, ledger_files, spool
from readmeter.usage.corrections import inputs_key
from readmeter.usage.dataset import fetch, workspace
from readmeter.usage.figures import READ_COLUMNS
from readmeter.usage.files import COUNTED_FILE
from readmeter.usage.ledger import READ_KEY
from readmeter.usage.meter_items import MeterItems
from readmeter.usage.readback import load_counted, load_rows
from readmeter.usage.reconciliation import latest_result
from readmeter.usage.verification_case import Answer, Case, day_of, scalar, seconds, some, utc_date, without_counted
from readmeter.usage.verification_months import counted_of_neighbours

# ruff: noqa: S608 - the SQL is put together of names of our own

_UPLOAD = 300  # seconds that no object of the ledger takes to be stored
_KEY = ", ".join(READ_KEY)


def check_ledger(case: Case) -> Answer:
    """What the export was made of says the same, and whatever came later is, or will be, a correction."""
    if not case.has_counted:
        return without_counted(case)
    # Objects end so long after their creation, which is no earlier than their date
    kept_from = utc_date(case.now - case.retention.ledger_reader_days * 86_400) + timedelta(days=1)
    dates = [day.isoformat() for day in case.period.dates if day >= kept_from]
    if not dates:
        return True, f"The ledger was kept until {kept_from - timedelta(days=1)}; what does not need it is proven."
    made_of, since = _ledger_files(case, dates)
    with workspace() as (connection, folder):
        load_counted(connection, [case.file(COUNTED_FILE)])
        load_rows(connection, "made_of", case.ledger, made_of, folder)
        load_rows(connection, "since", case.ledger, since, folder)
        others = fetch(case.exports, counted_of_neighbours(case), folder / "others")
        load_counted(connection, others, "others")
        mine = f"(SELECT * FROM counted WHERE row_class = 'usage' AND local_date >= '{dates[0]}')"
        unknown = scalar(
            connection,
            f"SELECT count(*) FROM {mine} c"
            f" WHERE {_not_in('made_of', READ_COLUMNS)} AND {_not_in('since', READ_COLUMNS)}",
        )
        lacking = scalar(
            connection, f"SELECT count(*) FROM (SELECT DISTINCT {_KEY} FROM made_of) c WHERE {_not_in('counted')}"
        )
        late = f"(SELECT DISTINCT {_KEY} FROM since c WHERE {_not_in('counted')})"
        pending = scalar(connection, f"SELECT count(*) FROM {late} c WHERE {_not_in('others')}")
        corrected = scalar(connection, f"SELECT count(*) FROM {late} c") - pending
    wrong = []
    if unknown:
        wrong.append(f"{unknown} reads of the export are not in the ledger as it tells them")
    if lacking:
        wrong.append(f"{lacking} reads of the ledger are not in the export, though they were there when it was made")
    if wrong:
        return False, f"The export is not the ledger: {some(wrong)}."
    whole = len(dates) == len(case.period.dates)
    since_when = "" if whole else f", from {dates[0]} on (the ledger of earlier days is gone)"
    told = [f"The export is the ledger, read for read{since_when}."]
    if corrected:
        told.append(f"{corrected} reads came later and are corrections in the file of a later month.")
    if pending:
        then = (
            "corrections in the file of the open month" if case.manifest.status == "final" else "in the next revision"
        )
        told.append(f"{pending} reads came since and will be {then}.")
    return True, " ".join(told)


def _not_in(table: str, names: Sequence[str] = READ_KEY) -> str:
    return f"NOT EXISTS (FROM {table} t WHERE {' AND '.join(f't.{name} = c.{name}' for name in names)})"


def _ledger_files(case: Case, dates: Sequence[str]) -> tuple[list[LedgerFile], list[LedgerFile]]:
    """The ledger's objects of these dates that the export was certainly made of, and the others."""
    files = [file for file in ledger_files(case.ledger, case.site, case.period.text) if file.day in dates]
    if case.manifest.status == "final":
        text = case.exports.read(inputs_key(case.site, case.period.text, case.manifest.data))
        known = set(gzip.decompress(text or b"").decode().splitlines())
        made_of = [file for file in files if file.key in known]
    else:
        # The cut-off is when the run began. An upload that began shortly before may have ended after the listing.
        made_of = [file for file in files if file.created < seconds(case.manifest.cut_off) - _UPLOAD]
    return made_of, [file for file in files if file not in set(made_of)]


def check_meter_items(case: Case, items: MeterItems | None, keyring: Callable[[], Keyring]) -> Answer:
    until = seconds(case.manifest.period_end) + case.retention.reader_days * 86_400
    if case.now >= until or not case.has_counted:
        return True, f"Meter items are retained until {day_of(until)}; the rest is proven."
    if items is None:
        return _last_result(case)
    _, since = _ledger_files(case, [day.isoformat() for day in case.period.dates])
    at = items.at
    with TemporaryDirectory() as name, workspace() as (connection, folder):
        said = spool(items(), at, keyring, {case.site}, case.period.text, Path(name))
        comparison = Comparison(connection, case.ledger, keyring, case.site, said, folder)
        comparison.load(since, case.retention.reader_days, case.file(COUNTED_FILE))
        missing, surplus, differing = comparison.missing(), comparison.surplus().count, comparison.differing().count
        _, off = comparison.miscounted()
        compared, explained = comparison.compared(), comparison.explained()
    wrong = {
        f"{missing} reads of the items are in neither export nor ledger": missing,
        f"{surplus} reads of the export are in no item": surplus,
        f"{differing} reads are told otherwise by their item": differing,
        f"{off} reads were erased that the export does not have, or has and were not": off,
    }
    if any(wrong.values()):
        return False, f"Export and meter items differ: {some([text for text, count in wrong.items() if count])}."
    told = [f"Every read of the meter items is in the export, and no other ({compared} reads)."]
    if explained.get("erased"):
        told.append(f"{explained['erased']} reads were erased on their readers' request: their number is right.")
    if explained.get("expired"):
        told.append(f"{explained['expired']} reads' items have ended.")
    return True, " ".join(told)


def _last_result(case: Case) -> Answer:
    result = latest_result(case.exports, case.site, case.period.text)
    if result is None:
        return True, "Not compared yet: the meter items are compared with the ledger when the month has closed."
    if result["status"] != "matched":
        return False, f"The ledger and the meter items of {result['items_at']} differ: see the reconciliation's result."
    return True, f"The ledger and the meter items of {result['items_at']} were compared read for read and matched."
