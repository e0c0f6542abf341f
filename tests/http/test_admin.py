"""Site documents over HTTP: written, read back, versioned, guarded by ETag, deleted for good."""

import json
import os
from dataclasses import replace
from typing import Any

import pytest
import yaml

from readmeter.core.rules import CompiledSite
from readmeter.staff.answers import instant
from readmeter.store.database import Conflict, Unavailable
from tests.support.admin_api import RIO, SITES, document

YAML = """
site: riotimes
name: The Rio Times
origins: [https://www.riotimesonline.com]
timezone: America/Sao_Paulo
mode: live
prompt:
  subscribe_url: https://www.riotimesonline.com/subscribe?back={return_url}
"""


def test_the_first_put_makes_the_site(admin):
    answer = admin("PUT", RIO, document())
    assert answer.status == 201
    assert answer.headers["etag"] == '"1"'
    assert answer.json == {"site": "riotimes", "version": 1, "warnings": [], "differences": []}


def test_get_gives_the_whole_document_with_its_defaults(admin):
    admin("PUT", RIO, YAML)
    answer = admin("GET", RIO)
    assert (answer.status, answer.headers["etag"], answer.headers["content-type"]) == (200, '"1"', "application/json")
    assert answer.json["name"] == "The Rio Times"
    assert answer.json["meters"][0]["limits"] == {"anonymous": 5}


def test_what_get_gave_can_be_put_back_unchanged_as_json_and_as_yaml(admin):
    admin("PUT", RIO, YAML)
    as_json, as_yaml = admin("GET", RIO), admin("GET", RIO, accept="application/yaml")
    assert as_yaml.headers["content-type"] == "application/yaml"
    assert yaml.safe_load(as_yaml.body) == as_json.json
    assert admin("PUT", RIO, as_json.json).json["differences"] == []
    assert admin("PUT", RIO, as_yaml.body).json["differences"] == []


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "json"),
        ("text/html", "json"),
        ("application/yaml, */*;q=0.1", "yaml"),
        ("application/json;q=0.5, application/yaml", "yaml"),
        ("application/yaml;q=0.5, application/json", "json"),
        ("application/x-yaml", "yaml"),
    ],
)
def test_accept_chooses_between_json_and_yaml(admin, accept, kind):
    admin("PUT", RIO, document())
    assert admin("GET", RIO, accept=accept).headers["content-type"] == f"application/{kind}"


def test_a_body_may_come_base64_encoded(admin):
    assert admin("PUT", RIO, YAML.encode(), content_type="application/yaml").status == 201


def test_every_put_is_a_new_immutable_version(admin):
    admin("PUT", RIO, document(name="One"))
    admin.clock.now += 60
    second = admin("PUT", RIO, document(name="Two"), by={"jwt": {"claims": {"sub": "bia", "sites": "riotimes"}}})
    assert (second.status, second.json["version"]) == (200, 2)
    assert admin("GET", f"{RIO}/versions").json == {
        "versions": [
            {"version": 2, "written_at": "2026-11-20T12:01:00Z", "written_by": "bia"},
            {"version": 1, "written_at": "2026-11-20T12:00:00Z", "written_by": "arn:aws:iam::123456789012:user/ana"},
        ]
    }
    assert admin("GET", f"{RIO}?version=1").json["name"] == "One"
    assert admin("GET", f"{RIO}?version=3").status == 404


def test_an_old_version_that_is_put_again_is_the_newest_one_word_for_word(admin):
    meter = {"name": "default", "limits": {"anonymous": 3}}
    admin("PUT", RIO, document(name="Good", exempt={"tags": ["service"]}))
    admin("PUT", RIO, document(name="Bad", meters=[meter]))
    live, old = admin("GET", RIO), admin("GET", f"{RIO}?version=1")
    assert (live.headers["etag"], old.headers["etag"]) == ('"2"', '"1"')
    rehearsed = admin("PUT", f"{RIO}?dry_run=true", old.body.encode(), if_match=live.headers["etag"])
    assert [each["path"] for each in rehearsed.json["differences"]] == [
        "/name",
        "/meters/default/limits/anonymous",
        "/exempt/tags",
    ]
    back = admin("PUT", RIO, old.body.encode(), if_match=live.headers["etag"])
    assert (back.status, back.json["version"], back.headers["etag"]) == (200, 3, '"3"')
    assert back.json["differences"] == rehearsed.json["differences"]
    assert admin("GET", RIO).body == old.body
    assert [admin("GET", f"{RIO}?version={number}").json["name"] for number in (1, 2, 3)] == ["Good", "Bad", "Good"]


def test_an_old_version_is_not_put_over_what_a_colleague_wrote_meanwhile(admin):
    admin("PUT", RIO, document(name="Good"))
    live = admin("PUT", RIO, document(name="Bad"))
    old = admin("GET", f"{RIO}?version=1").body.encode()
    admin("PUT", RIO, document(name="A colleague's"))
    assert admin("PUT", RIO, old, if_match=live.headers["etag"]).status == 412
    assert admin("GET", RIO).json["name"] == "A colleague's"


def test_a_put_says_what_changes_and_when(admin):
    admin("PUT", RIO, document())
    meter = {"name": "default", "limits": {"anonymous": 3}, "period": {"unit": "week"}}
    answer = admin("PUT", RIO, document(meters=[meter]))
    assert answer.json["differences"] == [
        {
            "path": "/meters/default/limits/anonymous",
            "from": 5,
            "to": 3,
            "in_force": "2026-11-20T09:00:00-03:00",
        },
        {
            "path": "/meters/default/period/unit",
            "from": "month",
            "to": "week",
            "in_force": "2026-12-01T00:00:00-03:00",
        },
    ]


def test_warnings_do_not_refuse_a_document(admin):
    prompt = {"subscribe_url": "https://a.example/s", "colors": {"background": "#777777", "text": "#888888"}}
    answer = admin("PUT", RIO, document(prompt=prompt))
    assert answer.status == 201
    assert [warning["pointer"] for warning in answer.json["warnings"]] == ["/prompt/colors"]


def test_a_lift_that_is_over_is_warned_of(admin):
    now, later = (instant(admin.clock() + seconds) for seconds in (0, 60))
    lifts = [{"until": until, "match": {"paths": ["*"]}} for until in (later, now)]
    answer = admin("PUT", RIO, document(lift=lifts))
    assert answer.json["warnings"] == [
        {"pointer": "/lift/1/until", "detail": "This instant is past: the lift opens nothing."}
    ]


def test_a_dry_run_answers_alike_and_writes_nothing(admin):
    rehearsed = admin("PUT", f"{RIO}?dry_run=true", document())
    assert (rehearsed.status, rehearsed.json["version"], admin.items()) == (200, 1, [])
    admin("PUT", RIO, document())
    before = admin.items()
    rehearsed = admin("PUT", f"{RIO}?dry_run=true", document(name="New"))
    assert [each["path"] for each in rehearsed.json["differences"]] == ["/name"]
    assert admin("PUT", f"{RIO}?dry_run=true", document(site="other")).status == 422
    assert admin.items() == before


def test_if_match_guards_a_put(admin):
    assert admin("PUT", RIO, document(), if_match="*").status == 412
    admin("PUT", RIO, document())
    assert admin("PUT", RIO, document(), if_match='"2"').status == 412
    assert admin("PUT", RIO, document(), if_match='"7", "1"').json["version"] == 2
    assert admin("PUT", RIO, document(), if_match="*").json["version"] == 3
    assert admin("PUT", RIO, document(), if_match='W/"3"').status == 412


def test_if_none_match_writes_a_new_site_only(admin):
    assert admin("PUT", f"{RIO}?dry_run=true", document(), if_none_match="*").status == 200
    assert admin("PUT", RIO, document(), if_none_match="*").status == 201
    assert admin("PUT", RIO, document(), if_none_match="*").status == 412
    assert admin("PUT", RIO, document(), if_none_match='"7"').json["version"] == 2  # an ETag there guards no write


def test_if_match_guards_a_delete(admin):
    admin("PUT", RIO, document())
    assert admin("DELETE", RIO, if_match='"2"').status == 412
    assert admin("DELETE", RIO, if_match='"1"').status == 204


def test_a_deleted_site_is_gone_its_id_taken_its_versions_readable(admin):
    admin("PUT", RIO, document())
    gone = admin("DELETE", RIO)
    assert (gone.status, gone.body) == (204, "")
    assert admin("GET", RIO).status == 404
    assert admin("DELETE", RIO).status == 404
    assert admin("PUT", RIO, document()).status == 409
    assert admin("GET", f"{RIO}?version=1").json["site"] == "riotimes"
    assert len(admin("GET", f"{RIO}/versions").json["versions"]) == 1
    assert admin("GET", SITES).json == {"sites": []}


def test_the_list_names_each_site_at_its_newest_version(admin):
    admin("PUT", RIO, document())
    admin("PUT", RIO, document())
    admin("PUT", f"{SITES}/another", document(site="another"))
    assert admin("GET", SITES).json == {
        "sites": [
            {"site": "another", "version": 1, "written_at": "2026-11-20T12:00:00Z"},
            {"site": "riotimes", "version": 2, "written_at": "2026-11-20T12:00:00Z"},
        ]
    }


def test_what_views_read_is_the_compiled_document(admin):
    admin("PUT", RIO, document())
    live = next(item for item in admin.items() if item["sk"]["S"] == "LIVE")
    rules = CompiledSite.parse(live["rules"]["S"]).current
    assert (rules.site, rules.version, rules.timezone) == ("riotimes", 1, "America/Sao_Paulo")
    assert rules.own_paths == ("/subscribe",)


def test_the_largest_document_fits_an_item(admin):
    terms = [f"{n:02}" + "Ⱥ" * 60 for n in range(100)]  # each takes half as many bytes again in lower case
    match = {"sections": terms, "tags": terms}
    meters = [{"name": f"m{n}", "limits": {"anonymous": 1}, "match": {"tags": terms[n::20]}} for n in range(20)]
    for suffix in ("", "-renamed"):
        renamed = [meter | {"name": meter["name"] + suffix} for meter in meters]
        body = json.dumps(document(meters=renamed, exempt=match, locked=match), ensure_ascii=False).encode()
        assert 60_000 < len(body) < 65_536
        assert admin("PUT", RIO, body, content_type="application/json").json["version"]


class Rival:
    """A store before which somebody else writes once, at the worst instant."""

    def __init__(self, store: Any, rival: Any) -> None:
        self._store = store
        self._rival = rival

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self, *arguments: Any) -> None:
        rival, self._rival = self._rival, lambda: None
        rival()
        self._store.write(*arguments)

    def delete(self, *arguments: Any) -> None:
        rival, self._rival = self._rival, lambda: None
        rival()
        self._store.delete(*arguments)


@pytest.fixture
def racing(admin, monkeypatch):
    """An admin client whose next write comes second to one that names the site Rival."""

    def second(*arguments: Any) -> Rival:
        return Rival(store(*arguments), lambda: admin("PUT", RIO, document(name="Rival")))

    store = admin.app.SiteStore
    with monkeypatch.context() as patch:
        patch.setattr(admin.app, "SiteStore", second)
        return replace(admin, handler=admin.app.build(os.environ, admin.clock))


def test_a_put_that_comes_second_follows_the_first(admin, racing):
    admin("PUT", RIO, document(name="Old"))
    answer = racing("PUT", RIO, document(name="New"))
    assert (answer.status, answer.json["version"]) == (200, 3)
    assert [(each["from"], each["to"]) for each in answer.json["differences"]] == [("Rival", "New")]


def test_a_put_with_if_match_that_comes_second_is_refused(admin, racing):
    admin("PUT", RIO, document(name="Old"))
    assert racing("PUT", RIO, document(name="New"), if_match='"1"').status == 412
    assert admin("GET", RIO).json["name"] == "Rival"


def test_two_first_puts_make_two_versions(admin, racing):
    answer = racing("PUT", RIO, document(name="New"))
    assert (answer.status, answer.json["version"]) == (200, 2)


def test_of_two_who_write_a_new_site_the_second_is_refused(admin, racing):
    assert racing("PUT", RIO, document(name="New"), if_none_match="*").status == 412


def test_a_delete_with_if_match_that_comes_second_is_refused(admin, racing):
    admin("PUT", RIO, document(name="Old"))
    assert racing("DELETE", RIO, if_match='"1"').status == 412


@pytest.mark.parametrize(
    ("fault", "status", "retry"),
    [(Unavailable("secret detail"), 503, "1"), (Conflict("x"), 503, "1"), (RuntimeError("secret detail"), 500, None)],
)
def test_a_fault_shows_no_internals_and_logs_no_content(admin, monkeypatch, caplog, fault, status, retry):
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(admin.app.SiteStore, "write", fail)
    answer = admin("PUT", RIO, document(name="Planted Canary"))
    assert (answer.status, answer.headers.get("retry-after")) == (status, retry)
    logged = str([vars(record) for record in caplog.records])
    for text in ("secret detail", "Planted Canary", "Traceback", "riotimesonline"):
        assert text not in answer.body + logged
    if not isinstance(fault, Conflict):
        assert "request-1" in logged
        assert type(fault).__name__ in logged


def test_the_admin_api_sends_no_cors_headers(admin):
    for answer in (admin("GET", SITES, origin="https://a.example"), admin("OPTIONS", RIO, origin="https://a.example")):
        assert not [name for name in answer.headers if name.startswith("access-control")]
