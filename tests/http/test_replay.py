"""Rules changed safely, over HTTP: a month replayed under a proposed document, and what a dry run says of readers."""

import json
import os
import time
from dataclasses import replace

import pytest

from tests.support.admin_api import RIO, SITES, Answer, document, scoped
from tests.support.api import Api, fresh_id, site_document
from tests.support.usage_api import UsageService, read

REPLAY = f"{RIO}/replay?period=2026-11"
DRY_RUN = f"{RIO}?dry_run=true"
LOWER = document(meters=[{"name": "default", "limits": {"anonymous": 2}}])
LOWER_IN_YAML = """
site: riotimes
origins: [https://www.riotimesonline.com]
timezone: America/Sao_Paulo
meters:
  - name: default
    limits: {anonymous: 2}
prompt: {subscribe_url: "https://www.riotimesonline.com/subscribe"}
"""


@pytest.fixture
def rio(usage: UsageService) -> UsageService:
    """The site `riotimes` at noon of 2026-11-20 (UTC): five a month. One reader has read five, one has read one."""

    def ask(event):
        return usage.api.handler(json.loads(json.dumps(event)), object())

    handler = usage.admin.app.build(dict(os.environ), usage.admin.clock, ask=ask)
    service = replace(usage, admin=replace(usage.admin, handler=handler))
    service.admin("PUT", RIO, document())
    service.count(*(read(1, article=article) for article in "abcde"), read(2))
    return service


class TestReplay:
    def test_before_against_after(self, rio):
        answer = rio("POST", REPLAY, LOWER)
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
        assert {key: answer.json[key] for key in ("reads", "readers", "before", "after")} == {
            "reads": 6,
            "readers": 2,
            "before": {"granted": 6, "readers_at_limit": 1},
            "after": {"granted": 3, "walled": 3, "readers_walled": 1, "readers_at_limit": 1},
        }

    def test_yaml_says_the_same_and_nothing_is_written(self, rio):
        before = rio.admin.items()
        assert rio("POST", REPLAY, LOWER_IN_YAML).json == rio("POST", REPLAY, LOWER).json
        assert rio.admin.items() == before

    def test_labels_are_those_that_staff_wrote(self, rio):
        rio.admin("PUT", f"{RIO}/articles", {"articles": [{"id": "known", "title": "Shares", "section": "Markets"}]})
        [digest] = rio.articles.labels("riotimes")
        rio.count(read(3, article=digest, date="2026-11-11"))
        meters = [{"name": "markets", "limits": {"anonymous": 0}, "match": {"sections": ["MARKETS"]}}]
        lines = rio("POST", REPLAY, document(meters=[*meters, {"name": "default", "limits": {"anonymous": 5}}])).json
        assert [(line["meter"], line["walled"]) for line in lines["meters"]] == [("markets", 1), ("default", 0)]

    @pytest.mark.parametrize(
        ("body", "status", "pointers"),
        [
            (document(mode="loud"), 422, ["/mode"]),
            (document(site="another"), 422, ["/site"]),
            (b"{", 400, []),
            (b" " * 70_000, 413, []),
        ],
    )
    def test_a_document_is_checked_as_put_checks_it(self, rio, body, status, pointers):
        refused = rio("POST", REPLAY, body)
        assert (refused.status, refused.pointers) == (status, pointers)
        assert rio.admin("PUT", RIO, body).body == refused.body

    @pytest.mark.parametrize(
        "query", ["", "?period=2026-11-20", "?period=november", "?period=2026-12", "?period=2020-01"]
    )
    def test_the_period_is_a_month_that_has_reads(self, rio, query):
        answer = rio("POST", f"{RIO}/replay{query}", LOWER)
        assert (answer.status, answer.pointers) == (422, ["/period"])
        assert "`period` in the query" in answer.json["detail"]

    def test_a_month_whose_first_reads_are_gone_is_refused(self, rio):
        rio.clock.now += 72 * 86_400
        assert rio("POST", REPLAY, LOWER).status == 422

    def test_there_is_no_replay_of_an_unknown_site(self, rio):
        assert rio("POST", f"{SITES}/another/replay?period=2026-11", document(site="another")).status == 404

    @pytest.mark.parametrize("by", [scoped("another"), scoped(), None])
    def test_a_caller_of_another_site_is_refused(self, rio, by):
        assert rio("POST", REPLAY, LOWER, by=by).status == 403

    def test_a_scoped_caller_replays_its_own(self, rio):
        assert rio("POST", REPLAY, LOWER, by=scoped("riotimes")).status == 200

    def test_other_methods_are_named(self, rio):
        assert rio("GET", REPLAY).status == 405


def warnings(answer: Answer) -> list[str]:
    return [warning["detail"] for warning in answer.json["warnings"]]


class TestEffect:
    def test_a_dry_run_tells_how_many_current_readers_would_be_walled(self, rio):
        rio.complete_until.append(rio.clock.now - 60)
        answer = rio.admin("PUT", DRY_RUN, document(meters=[{"name": "default", "limits": {"anonymous": 1}}]))
        assert answer.json["effect"] == {
            "meters": [{"meter": "default", "readers": 2, "walled_before": 1, "walled_now": 2}],
            "notes": [],
            "complete_until": "2026-11-20T11:59:00Z",
        }
        assert answer.json["warnings"] == []

    def test_what_waits_for_the_next_month_has_no_effect_yet(self, rio):
        """A renamed meter: the month ends as it began."""
        answer = rio.admin("PUT", DRY_RUN, document(meters=[{"name": "other", "limits": {"anonymous": 0}}]))
        [line] = answer.json["effect"]["meters"]
        assert (line["meter"], line["walled_now"]) == ("default", 1)

    def test_a_put_that_writes_does_not_ask(self, rio):
        assert "effect" not in rio.admin("PUT", RIO, LOWER).json

    def test_a_new_site_has_no_readers(self, rio):
        answer = rio.admin("PUT", f"{SITES}/another?dry_run=true", document(site="another"))
        assert (answer.json["effect"], answer.json["warnings"]) == (None, [])

    def test_without_an_answer_a_dry_run_says_the_rest(self, rio, caplog):
        def fails(_):
            raise RuntimeError("this is not told")

        handler = rio.admin.app.build(dict(os.environ), rio.admin.clock, ask=fails)
        answer = replace(rio.admin, handler=handler)("PUT", DRY_RUN, LOWER)
        assert (answer.status, answer.json["effect"]) == (200, None)
        assert [difference["path"] for difference in answer.json["differences"]] == ["/meters/default/limits/anonymous"]
        assert warnings(answer) == [
            "What this does to current readers could not be told now: try again, or replay a month."
        ]
        [logged] = caplog.records
        assert (logged.message, logged.cause, logged.request_id) == ("fault", "RuntimeError", "effect")
        assert "is not told" not in str(vars(logged))


def test_a_change_is_tried_on_a_running_service_before_it_is_made(api: Api) -> None:
    site = fresh_id()
    path = f"/v1/admin/sites/{site}"
    api.publish(site_document(site))
    for seed, number in (("A" * 22, 5), ("B" * 22, 2)):
        for article in range(number):
            assert api.post({"site": site, "article": f"a{article}", "seed": seed}).json["reason"] == "metered"
    proposed = site_document(site, meters=[{"name": "default", "limits": {"anonymous": 2}}])
    deadline = time.monotonic() + 30
    while True:  # the ledger follows the meter
        rehearsed = api.admin("PUT", f"{path}?dry_run=true", proposed).json
        [line] = rehearsed["effect"]["meters"]
        if line["walled_now"] == 2 or time.monotonic() > deadline:
            break
    assert line == {"meter": "default", "readers": 2, "walled_before": 1, "walled_now": 2}
    month = rehearsed["effect"]["complete_until"][:7]
    replayed = api.admin("POST", f"{path}/replay?period={month}", proposed).json
    assert replayed["after"] == {"granted": 4, "walled": 3, "readers_walled": 1, "readers_at_limit": 2}
    assert api.post({"site": site, "article": "a9", "seed": "B" * 22}).json["reason"] == "metered"  # nothing changed
