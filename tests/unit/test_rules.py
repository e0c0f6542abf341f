"""Compiled rules: stored and read without a loss, and in force from when they should be."""

import json
from dataclasses import replace

from readmeter.core.rules import CompiledSite, Link, Match, PromptRules, Retention
from tests.support.site import meter, rules


def test_rules_are_read_as_they_were_stored() -> None:
    prompt = PromptRules(
        "https://a.example/s", messages={"en": {"wall": {"other": "…"}}}, links=(Link("x", "https://y.example"),)
    )
    current = rules(meter(match=Match(paths=("/a/*",))), meter("second", unit="days", days=30), prompt=prompt)
    current = replace(current, retention=Retention(20, 365), record=("exempt", "gift"))
    site = CompiledSite(current, replace(current, version=2), 1_796_083_200.0)
    assert CompiledSite.parse(site.dump()) == site


def test_rules_that_were_stored_before_a_key_existed_have_its_default() -> None:
    stored = json.loads(CompiledSite(rules()).dump())
    del stored["current"]["retention"], stored["current"]["record"]
    loaded = CompiledSite.parse(json.dumps(stored)).current
    assert (loaded.retention, loaded.record) == (Retention(reader_days=45, ledger_reader_days=90), ())


def test_the_following_rules_are_in_force_from_their_instant_on() -> None:
    site = CompiledSite(rules(), rules(version=2), 100.0)
    assert site.in_force(99.9).version == 1
    assert site.in_force(100.0).version == 2


def test_a_fingerprint_changes_with_what_decides_and_with_nothing_else() -> None:
    before = rules()
    assert before.fingerprint(before.meters[0]) == rules(version=9, name="Renamed").fingerprint(before.meters[0])
    for after in (rules(meter(anonymous=6)), rules(mode="observe"), rules(timezone="UTC"), rules(site="another")):
        assert after.fingerprint(after.meters[0]) != before.fingerprint(before.meters[0])
