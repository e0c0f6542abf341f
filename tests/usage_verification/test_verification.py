"""Whatever is done to an export, its verification says so; to a sound one it says nothing bad."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from readmeter.core.rules import Retention
from readmeter.store.database import Item
from readmeter.usage.corrections import inputs_key
from readmeter.usage.ledger import ReadRow
from readmeter.usage.manifest import Manifest
from readmeter.usage.meter_items import MeterItems
from readmeter.usage.period import ExportPeriod
from readmeter.usage.reconciliation import reconcile, store_result
from readmeter.usage.verification import Verification, verify
from tests.support.exports import SITE, Bench, at, version
from tests.support.items import Items, item, keyring, name_of, rows

NOVEMBER = "2026-11"
OPEN, FINAL, LATER = "2026-11-28", "2026-12-05", "2026-12-20"
ANA = item(
    "P#default#2026-11",
    {
        "a": "2026-11-22|1|anonymous|reader",
        "b": "2026-11-23|1|anonymous|unstored",
        "c": "2026-11-23|1|anonymous|reader",
    },
)
BEN = item("P#default#2026-11", {"a": "2026-11-22|1|registered|reader"}, reader="ben")
GIFT = item("N#gift#2026-11-22", {"a": "2026-11-22|1|anonymous|reader"}, reader="eva")
ITEMS = [ANA, BEN, GIFT]
LATE = item("P#default#2026-11", {"late": "2026-11-22|1|anonymous|reader"}, reader="zoe")
FILES = ("invoice.csv", "usage.csv", "usage.parquet", "usage.jsonl.gz", "counted.parquet")


class Office(Bench):
    """A site with items, the ledger of them, and exports: `check` verifies one."""

    def __init__(self, *items: Item) -> None:
        self.now = at("2026-11-24")
        super().__init__([version(written="2026-10-20")], clock=lambda: self.now)
        self.items: list[Mapping[str, Any]] = list(items or ITEMS)
        self.bring(*self.items)

    def bring(self, *items: Item, name: str = "1-1") -> None:
        self.arrive(*(row for row in rows(*items) if isinstance(row, ReadRow)), name=name)

    def check(
        self,
        period: str = NOVEMBER,
        now: str = LATER,
        items: MeterItems | None = None,
        retention: Retention | None = None,
    ) -> Verification:
        source = items or Items(self.items, at(now))
        return verify(
            *(self.exports, self.ledger, self.exporter, source, keyring, SITE, ExportPeriod.parse(period), at(now)),
            retention,
        )

    def path(self, manifest: Manifest, name: str) -> str:
        [path] = [file.path for file in manifest.files if file.name == name]
        return path

    def rewrite(self, manifest: Manifest, name: str, body: bytes, rows: int | None = None) -> Manifest:
        """Puts other bytes in a file's place and a manifest that fits them: what only its content can give away."""
        self.exports.bodies[self.path(manifest, name)] = body
        files = [
            replace(
                file, sha256=hashlib.sha256(body).hexdigest(), bytes=len(body), rows=file.rows if rows is None else rows
            )
            if file.name == name
            else file
            for file in manifest.files
        ]
        return self.say(replace(manifest, files=files))

    def say(self, manifest: Manifest) -> Manifest:
        self.exports.bodies[manifest.path] = manifest.text()
        return manifest


def failed(verification: Verification) -> set[str]:
    return {check.check for check in verification.checks if not check.holds}


def detail(verification: Verification, name: str) -> str:
    [found] = [check.detail for check in verification.checks if check.check == name]
    return found


@pytest.fixture
def office() -> Office:
    return Office()


class TestSound:
    @pytest.mark.parametrize("now", [OPEN, FINAL])
    def test_a_month_holds(self, office: Office, now: str) -> None:
        office.run(NOVEMBER, now)
        verification = office.check(now=now)
        assert not failed(verification), verification.document()
        assert [check.check for check in verification.checks] == [
            "manifest",
            "files",
            "row_counts",
            "same_rows",
            "invoice",
            "control_totals",
            "counted_reads",
            "days",
            "ledger",
            "counted_once",
            "meter_items",
        ]
        assert all(check.detail.endswith(".") for check in verification.checks)

    def test_a_month_without_reads_holds(self) -> None:
        office = Office(item("P#default#2026-10", {"a": "2026-10-22|1|anonymous|reader"}))
        office.run(NOVEMBER, FINAL)
        assert not failed(office.check())

    @pytest.mark.parametrize("now", [OPEN, FINAL])
    def test_a_day_holds(self, office: Office, now: str) -> None:
        office.run(NOVEMBER, now)
        office.run("2026-11-22", now)
        assert not failed(office.check("2026-11-22", now))

    def test_a_reader_that_was_erased_changes_nothing(self, office: Office) -> None:
        office.run(NOVEMBER, FINAL)
        office.items[0] = item("P#default#2026-11", {}, g=1, e=3)
        verification = office.check()
        assert not failed(verification)
        assert "3 reads were erased" in detail(verification, "meter_items")

    def test_a_read_that_came_late_is_told_of_and_then_corrected(self, office: Office) -> None:
        office.run(NOVEMBER, FINAL)
        office.items.append(LATE)
        office.bring(LATE, name="9-9")
        pending = office.check()
        assert not failed(pending)
        assert "will be corrections" in detail(pending, "ledger")
        december = office.run("2026-12", LATER)
        assert december.control_totals.correction_quantity == 1
        corrected = office.check()
        assert not failed(corrected)
        assert "1 reads came later and are corrections" in detail(corrected, "ledger")
        assert not failed(office.check("2026-12"))

    def test_a_revision_after_another_holds(self, office: Office) -> None:
        office.run(NOVEMBER, OPEN)
        office.now = at(OPEN) + 60
        office.items.append(LATE)
        office.bring(LATE, name="9-9")
        verification = office.check(now=OPEN)
        assert "in the next revision" in detail(verification, "ledger")
        assert office.run(NOVEMBER, FINAL).revision == 2
        assert not failed(verification)
        assert not failed(office.check())

    def test_without_an_export_there_is_nothing_to_verify(self, office: Office) -> None:
        with pytest.raises(ValueError, match="no export"):
            office.check()


def flip(body: bytes) -> bytes:
    """Another body of the same length."""
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


class TestDamagedFiles:
    @pytest.mark.parametrize("name", FILES)
    def test_a_flipped_bit_is_noticed(self, office: Office, name: str) -> None:
        path = office.path(office.run(NOVEMBER, FINAL), name)
        office.exports.bodies[path] = flip(office.exports.bodies[path])
        assert "files" in failed(office.check())

    @pytest.mark.parametrize("name", FILES)
    def test_a_missing_file_is_noticed(self, office: Office, name: str) -> None:
        office.exports.delete(office.path(office.run(NOVEMBER, FINAL), name))
        verification = office.check()
        assert "files" in failed(verification)
        assert name in detail(verification, "files")

    @pytest.mark.parametrize("name", FILES)
    def test_a_file_cut_short_is_noticed(self, office: Office, name: str) -> None:
        path = office.path(office.run(NOVEMBER, FINAL), name)
        office.exports.bodies[path] = office.exports.bodies[path][:-20]
        assert "files" in failed(office.check())


def without_last_line(text: bytes) -> bytes:
    return b"".join(text.splitlines(keepends=True)[:-1])


def parquet_without_a_row(body: bytes, folder: Any) -> bytes:
    old, new = folder / "old.parquet", folder / "new.parquet"
    old.write_bytes(body)
    duckdb.sql(
        f"COPY (SELECT * FROM read_parquet('{old}') LIMIT (SELECT count(*) - 1 FROM read_parquet('{old}'))) TO '{new}'"
    )
    return bytes(new.read_bytes())


class TestForgedFiles:
    """The hashes fit, since the manifest was written anew: the content gives it away."""

    def shortened(self, office: Office, manifest: Manifest, name: str, folder: Any) -> bytes:
        body = office.file(manifest, name)
        if name.endswith(".parquet"):
            return parquet_without_a_row(body, folder)
        if name.endswith(".gz"):
            return gzip.compress(without_last_line(gzip.decompress(body)))
        return without_last_line(body)

    @pytest.mark.parametrize("name", FILES)
    def test_a_row_less_than_the_manifest_says_is_noticed(self, office: Office, name: str, tmp_path: Any) -> None:
        manifest = office.run(NOVEMBER, FINAL)
        office.rewrite(manifest, name, self.shortened(office, manifest, name, tmp_path))
        verification = office.check()
        assert "row_counts" in failed(verification)
        assert name in detail(verification, "row_counts")

    @pytest.mark.parametrize(
        ("name", "check"),
        [
            ("invoice.csv", "invoice"),
            ("usage.csv", "same_rows"),
            ("usage.parquet", "same_rows"),
            ("usage.jsonl.gz", "control_totals"),
            ("counted.parquet", "counted_reads"),
        ],
    )
    def test_a_row_less_everywhere_it_is_counted_is_noticed(
        self, office: Office, name: str, check: str, tmp_path: Any
    ) -> None:
        manifest = office.run(NOVEMBER, FINAL)
        [rows] = [file.rows for file in manifest.files if file.name == name]
        office.rewrite(manifest, name, self.shortened(office, manifest, name, tmp_path), rows - 1)
        assert check in failed(office.check())

    def test_another_quantity_to_invoice_is_noticed(self, office: Office) -> None:
        manifest = office.run(NOVEMBER, FINAL)
        [line] = office.csv(manifest, "invoice.csv")
        line["quantity"] = "2"
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(line))
        writer.writeheader()
        writer.writerow(line)
        office.rewrite(manifest, "invoice.csv", b"\xef\xbb\xbf" + text.getvalue().encode())
        assert failed(office.check()) == {"invoice"}

    def forge_usage(self, office: Office, change: Callable[[dict[str, Any]], None]) -> set[str]:
        manifest = office.run(NOVEMBER, FINAL)
        said = office.usage(manifest)
        change(said[0])
        text = "".join(json.dumps(row) + "\n" for row in said)
        office.rewrite(manifest, "usage.jsonl.gz", gzip.compress(text.encode()))
        return failed(office.check())

    def test_a_changed_quantity_is_noticed_by_the_totals_and_the_reads(self, office: Office) -> None:
        assert self.forge_usage(office, lambda row: row.update(quantity=7)) >= {"control_totals", "counted_reads"}

    def test_a_changed_row_id_is_noticed_by_the_reads(self, office: Office) -> None:
        assert "counted_reads" in self.forge_usage(office, lambda row: row.update(row_id="row_0"))

    def test_a_free_read_made_billable_is_noticed(self, office: Office) -> None:
        assert "control_totals" in self.forge_usage(office, lambda row: row.update(billable=not row["billable"]))

    @pytest.mark.parametrize(
        "total",
        ["usage_rows", "correction_rows", "quantity", "billable_quantity", "correction_quantity", "to_invoice"],
    )
    def test_a_changed_total_is_noticed(self, office: Office, total: str) -> None:
        manifest = office.run(NOVEMBER, FINAL)
        totals = manifest.control_totals
        office.say(replace(manifest, control_totals=replace(totals, **{total: getattr(totals, total) + 1})))
        assert failed(office.check()) == {"control_totals"}

    @pytest.mark.parametrize("total", ["unstored", "suspected_bot"])
    def test_a_changed_count_of_traffic_is_noticed(self, office: Office, total: str) -> None:
        manifest = office.run(NOVEMBER, FINAL)
        office.say(replace(manifest, **{total: 9}))  # type: ignore[arg-type]
        assert failed(office.check()) == {"control_totals"}

    def test_other_unique_readers_are_noticed(self, office: Office) -> None:
        manifest = office.run(NOVEMBER, FINAL)
        first, *rest = manifest.unique_readers
        office.say(replace(manifest, unique_readers=[replace(first, unique_readers=9), *rest]))
        assert failed(office.check()) == {"counted_reads"}

    def test_another_hash_of_the_reads_is_noticed(self, office: Office) -> None:
        office.say(replace(office.run(NOVEMBER, FINAL), ledger_sha256="0" * 64))
        assert failed(office.check()) == {"counted_reads"}


class TestManifest:
    def test_that_of_another_month_is_noticed(self, office: Office) -> None:
        october, november = office.run("2026-10", FINAL), office.run(NOVEMBER, FINAL)
        office.exports.bodies[november.path] = october.text()
        assert "manifest" in failed(office.check())

    def test_that_of_another_revision_is_noticed(self, office: Office) -> None:
        first = office.run(NOVEMBER, OPEN)
        second = office.run(NOVEMBER, FINAL)
        office.exports.bodies[second.path] = first.text()
        assert "manifest" in failed(office.check())

    def test_a_revision_that_is_gone_is_noticed(self, office: Office) -> None:
        first = office.run(NOVEMBER, OPEN)
        office.run(NOVEMBER, FINAL)
        office.exports.delete(first.path)
        assert failed(office.check()) == {"manifest"}

    def test_a_revision_after_a_final_is_noticed(self, office: Office) -> None:
        final = office.run(NOVEMBER, FINAL)
        again = replace(final, revision=2, supersedes=1)
        office.exports.create(again.path, again.text())
        assert failed(office.check()) == {"manifest"}

    def test_a_file_elsewhere_is_noticed(self, office: Office) -> None:
        manifest = office.run(NOVEMBER, FINAL)
        first, *rest = manifest.files
        office.exports.create("elsewhere/invoice.csv", office.exports.bodies[first.path])
        office.say(replace(manifest, files=[replace(first, path="elsewhere/invoice.csv"), *rest]))
        assert failed(office.check()) == {"manifest"}

    def test_a_file_that_is_not_listed_is_noticed(self, office: Office) -> None:
        manifest = office.run(NOVEMBER, FINAL)
        office.say(replace(manifest, files=manifest.files[1:]))
        assert "manifest" in failed(office.check())


class TestDays:
    def test_days_that_are_there_are_added_up_and_the_others_are_named(self, office: Office) -> None:
        office.run(NOVEMBER, FINAL)
        for day in ("2026-11-22", "2026-11-23", "2026-11-24"):
            office.run(day, FINAL)
        said = detail(office.check(), "days")
        assert said.startswith("The exports of 3 days")
        assert "2026-11-01" in said
        assert "and 22 more" in said

    def test_a_day_that_says_something_else_is_named(self, office: Office) -> None:
        office.run(NOVEMBER, FINAL)
        day = office.run("2026-11-23", FINAL)
        office.rewrite(day, "usage.jsonl.gz", gzip.compress(b""), 0)
        verification = office.check()
        assert failed(verification) == {"days"}
        assert "2026-11-23" in detail(verification, "days")
        assert "days" in failed(office.check("2026-11-23"))

    def test_a_day_that_was_made_before_a_read_came_is_told_of(self, office: Office) -> None:
        office.run("2026-11-22", OPEN)
        office.bring(LATE, name="9-9")
        office.items.append(LATE)
        office.run(NOVEMBER, OPEN)
        verification = office.check(now=OPEN)
        assert not failed(verification)
        assert "other reads: 2026-11-22" in detail(verification, "days")

    def test_a_changed_file_of_a_day_is_noticed(self, office: Office) -> None:
        office.run(NOVEMBER, FINAL)
        path = office.path(office.run("2026-11-23", FINAL), "usage.jsonl.gz")
        office.exports.bodies[path] = flip(office.exports.bodies[path])
        assert failed(office.check()) == {"days"}


class TestLedger:
    @pytest.mark.parametrize("now", [OPEN, FINAL])
    def test_an_object_that_is_gone_is_noticed(self, office: Office, now: str) -> None:
        office.run(NOVEMBER, now)
        office.ledger.delete(next(key for key in office.ledger.bodies if "ledger/v1" in key))
        assert failed(office.check(now=now)) == {"ledger"}

    def test_a_changed_object_is_noticed(self, office: Office) -> None:
        office.run(NOVEMBER, FINAL)
        key = next(key for key in office.ledger.bodies if key.startswith("ledger/v1"))
        text = gzip.decompress(office.ledger.bodies[key]).replace(b'"registered"', b'"subscriber"')
        office.ledger.bodies[key] = gzip.compress(text.replace(b'"anonymous"', b'"institution"'))
        assert "ledger" in failed(office.check())

    @pytest.mark.parametrize("now", [OPEN, FINAL])
    def test_reads_that_an_export_left_out_are_noticed(self, now: str) -> None:
        """The whole export was made of less than the ledger held: it agrees with itself only."""
        office = Office(ANA, BEN)
        manifest = office.run(NOVEMBER, now)
        office.bring(GIFT, name="9-9")
        office.items.append(GIFT)
        if now == FINAL:
            made_of = "".join(f"{key}\n" for key in office.ledger.bodies).encode()
            office.exports.bodies[inputs_key(SITE, NOVEMBER, manifest.data)] = gzip.compress(made_of)
        assert failed(office.check(now=now)) == {"ledger", "meter_items"}

    def test_where_it_has_ended_the_rest_is_proven(self, office: Office) -> None:
        office.run(NOVEMBER, FINAL)
        for key in list(office.ledger.bodies):
            office.ledger.delete(key)
        verification = office.check(now="2027-03-01", retention=Retention(45, 90))
        assert "ledger" in failed(office.check())
        assert "ledger" not in failed(verification)
        assert "kept until" in detail(verification, "ledger")

    def test_a_read_that_two_months_tell_of_is_noticed(self, office: Office) -> None:
        office.run(NOVEMBER, FINAL)
        other = Office(*ITEMS, LATE)
        other.run(NOVEMBER, FINAL)
        office.bring(LATE, name="9-9")
        office.items.append(LATE)
        office.run("2026-12", LATER)
        office.exports.bodies |= {
            key: body for key, body in other.exports.bodies.items() if f"period={NOVEMBER}" in key
        }
        assert "counted_once" in failed(office.check())
        assert "counted_once" in failed(office.check("2026-12"))


class TestMeterItems:
    @pytest.mark.parametrize(
        "items",
        [
            [ANA, BEN],
            [*ITEMS, LATE],
            [{**ANA, name_of("a"): {"S": "2026-11-22|2|anonymous|reader"}}, BEN, GIFT],
            [item("P#default#2026-11", {}, g=1, e=2), BEN, GIFT],
        ],
    )
    def test_items_that_say_something_else_are_noticed(self, office: Office, items: list[Item]) -> None:
        office.run(NOVEMBER, FINAL)
        verification = office.check(items=Items(items, at(LATER)))  # type: ignore[arg-type]
        assert failed(verification) == {"meter_items"}

    def test_after_their_end_the_rest_is_proven(self, office: Office) -> None:
        office.run(NOVEMBER, FINAL)
        verification = office.check(now="2027-01-16", items=Items([], at("2027-01-16")))
        assert "meter_items" not in failed(verification)
        assert "retained until 2027-01-15" in detail(verification, "meter_items")

    def without_items(self, office: Office) -> Verification:
        period = ExportPeriod.parse(NOVEMBER)
        return verify(office.exports, office.ledger, office.exporter, None, keyring, SITE, period, at(LATER))

    def test_where_they_are_not_at_hand_the_last_comparison_is_told(self, office: Office) -> None:
        office.run(NOVEMBER, FINAL)
        assert "Not compared yet" in detail(self.without_items(office), "meter_items")
        store_result(office.exports, reconcile(office.ledger, Items(ITEMS, at(FINAL)), keyring, SITE, NOVEMBER))
        assert "matched" in detail(self.without_items(office), "meter_items")
        store_result(office.exports, reconcile(office.ledger, Items([ANA], at(LATER)), keyring, SITE, NOVEMBER))
        assert failed(self.without_items(office)) == {"meter_items"}


class TestRetention:
    def test_single_reads_that_have_ended_are_no_damage(self, office: Office) -> None:
        path = office.path(office.run(NOVEMBER, FINAL), "counted.parquet")
        office.exports.delete(path)
        early, late = office.check(), office.check(now="2027-04-01")
        assert {"files", "counted_reads"} <= failed(early)
        assert not failed(late)
        assert "is gone by now" in detail(late, "files")

    def test_the_rest_is_still_proven(self, office: Office) -> None:
        manifest = office.run(NOVEMBER, FINAL)
        office.exports.delete(office.path(manifest, "counted.parquet"))
        office.exports.delete(office.path(manifest, "usage.csv"))
        assert {"files", "same_rows"} <= failed(office.check(now="2027-04-01"))


def test_the_document(office: Office) -> None:
    office.run(NOVEMBER, FINAL)
    document = office.check().document()
    assert (document["export_id"], document["revision"], document["holds"]) == (f"{SITE}_{NOVEMBER}", 1, True)
    assert document["checks"][0].keys() == {"check", "holds", "detail"}
    assert "ana" not in json.dumps(document["checks"])
    office.exports.delete(office.path(office.run(NOVEMBER, FINAL), "usage.csv"))
    assert office.check().document()["holds"] is False
