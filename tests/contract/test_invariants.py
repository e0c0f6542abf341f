"""Where each invariant of the count is proven. A test named here says so in its own docstring.

| invariant | proven by |
|---|---|
| I1 never more different articles than the limit, each granted below the limit then in force | test_counting.py::test_no_more_articles_than_the_limit_are_ever_granted, test_races.py::test_exactly_the_limit_is_granted_and_nothing_is_lost, test_model.py::the_table_holds_what_the_model_says |
| I2 a repeat is free | test_counting.py::test_a_repeat_is_granted_and_not_counted, test_counting.py::test_a_repeat_changes_nothing |
| I3 a limit of 0 grants nothing new | test_counting.py::test_a_limit_of_zero_grants_nothing_and_writes_nothing |
| I4 a denial changes nothing | test_counting.py::test_a_denial_changes_nothing, test_faults.py::test_the_lost_reply_of_a_denial_changes_nothing |
| I5 what was acknowledged is stored, what is stored was asked for | test_races.py::test_lost_replies_grant_nothing_more_and_lose_nothing, test_faults.py::test_replies_that_stay_lost_are_a_503_and_asking_again_is_free |
| I6 histories are linearizable | test_races.py::test_histories_of_a_reader_are_linearizable |
| I7 remaining is max(0, limit - used) | test_counting.py::test_each_new_article_takes_exactly_one, test_model.py::is_whole |
| I8 a merge counts nothing, loses nothing, gives no second allowance | test_registered.py::TestTheMerge, test_merge_model.py::the_table_holds_what_the_model_says, test_merge_race.py::test_a_merge_loses_nothing_and_counts_nothing |
| I9 periods are independent | test_periods.py::test_the_next_period_begins_with_its_first_second, test_periods.py::test_it_is_over_exactly_then |
| I10 the ledger's rows are the counted and recorded reads of the store, erased ones included | test_lives_1.py::test_usage_ties_out_whatever_goes_wrong, test_notices.py::test_an_erasure_that_counts_as_usage, test_notices.py::test_a_stamp_that_every_repeat_writes_again |
| I11 no duplicate, order, crash, bisection or replay changes the ledger | test_lives_2.py::test_usage_ties_out_whatever_goes_wrong, test_notices.py::test_a_counter_that_counts_every_delivery, test_notices.py::test_a_failed_record_that_is_passed_over |
| I12 exports are the ledger, days are their month, and all is what readers were shown | test_lives_3.py::test_usage_ties_out_whatever_goes_wrong, test_notices.py::test_a_date_by_the_clock_of_who_writes_the_ledger |
| I13 a final never changes, and corrections make up for what it lacked | test_lives_4.py::test_usage_ties_out_whatever_goes_wrong, test_notices.py::test_a_final_that_is_made_again, test_notices.py::test_a_late_read_that_is_corrected_in_every_month_after |
| I14 one site cannot see or change another's | test_counting.py::test_sites_have_an_allowance_each, test_reader_api.py::test_nobody_with_the_token_of_another_site, test_events.py::test_a_token_of_another_site_names_nobody, test_tokens.py::test_one_of_another_site, test_state.py::test_another_sites |
| I15 invalid input asks nothing of the meter table | test_requests.py::test_invalid_input_asks_and_writes_nothing, test_events.py::test_invalid_reports_ask_and_write_nothing, test_reader_api.py::test_nobody_without_a_token |
| I16 nothing that a reader sent is logged | test_faults.py::test_a_503_says_nothing_of_the_reader |
| I17 no sentence promises a number without it | test_model.py::is_whole |
| I18 what a fault opened is no counted read, what a page cannot keep is not billable | test_faults.py::test_a_fault_that_stays_is_a_503_and_nothing_is_counted, test_item.py::test_a_page_that_keeps_no_token_is_stamped_so, test_events.py::test_every_kind_is_stored_and_none_is_usage |
| I19 erasure removes what was read and gives no allowance back | test_erasure.py::test_it_stays_spent_until_the_period_ends, test_erasure.py::test_an_older_state_brings_nothing_back, test_erasure.py::test_an_erasure_before_a_roll_over_is_not_undone_by_it, test_erasure_race.py::test_an_erasure_among_reads_neither_frees_nor_loses_one, test_erasure_race.py::test_an_erasure_while_a_window_closes_reaches_both_sides_of_it |
| I20 a view is one write at most, and none where nothing is counted or recorded | test_requests.py::test_a_counted_read_is_one_write, test_requests.py::test_what_no_meter_decides_asks_nothing, test_record.py::test_it_is_one_write_with_a_state_too, test_record.py::test_a_site_that_records_other_reads_writes_nothing, test_events.py::test_a_view_that_carries_events_costs_one_write_more, test_free_reads.py::test_once_it_has_given_all_the_one_write_is_the_meters, test_requests.py::test_the_view_that_merges_is_one_transaction_and_one_write |
"""  # noqa: E501

import ast
import re

import pytest

from local.engine import ROOT

ROWS = re.findall(r"^\| (I\d+) .*\| (.*) \|$", __doc__ or "", re.MULTILINE)
PROOFS = [(invariant, proof) for invariant, proofs in ROWS for proof in proofs.split(", ")]
APPLYING = {
    "I1",
    "I2",
    "I3",
    "I4",
    "I5",
    "I6",
    "I7",
    "I8",
    "I9",
    "I10",
    "I11",
    "I12",
    "I13",
    "I14",
    "I15",
    "I16",
    "I17",
    "I18",
    "I19",
    "I20",
}


def test_every_invariant_that_applies_is_proven() -> None:
    assert {invariant for invariant, _ in PROOFS} == APPLYING


@pytest.mark.parametrize(("invariant", "proof"), PROOFS)
def test_the_test_exists_and_names_its_invariant(invariant: str, proof: str) -> None:
    file, _, name = proof.partition("::")
    [path] = [path for suite in ("contract", "race", "simulation") for path in (ROOT / "tests" / suite).glob(file)]
    found = [node for node in ast.walk(ast.parse(path.read_text())) if getattr(node, "name", None) == name]
    assert found, f"{path} has no {name}"
    docstrings = [ast.get_docstring(node) or "" for node in found]  # type: ignore[arg-type]
    assert any(invariant in re.findall(r"I\d+", docstring) for docstring in docstrings)
