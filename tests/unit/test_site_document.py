"""What a publisher may write in a site document, what is refused, and what is only warned of."""

import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from readmeter.sites.check import warnings
from readmeter.sites.document import SiteDocument
from readmeter.sites.parse import Invalid, parse_document, read_document
from tools import site_document

DEFAULT: dict[str, Any] = {"name": "default", "limits": {"anonymous": 5}}


def document(**changes: Any) -> dict[str, Any]:
    prompt = {"subscribe_url": "https://rio.example/subscribe", **changes.pop("prompt", {})}
    return {"site": "riotimes", "origins": ["https://rio.example"], "prompt": prompt, **changes}


def refused(**changes: Any) -> list[str]:
    """The pointers at which a document with `changes` is refused."""
    try:
        read_document(document(**changes))
    except Invalid as error:
        return [pointer for pointer, _ in error.errors]
    return []


def warned(**changes: Any) -> list[str]:
    return [pointer for pointer, _ in warnings(read_document(document(**changes)))]


def test_the_least_document_has_the_defaults_of_the_contract():
    assert read_document(document()).data() == {
        "site": "riotimes",
        "name": "riotimes",
        "origins": ["https://rio.example"],
        "timezone": "UTC",
        "locale": "en",
        "mode": "live",
        "meters": [
            {
                "name": "default",
                "limits": {"anonymous": 5},
                "period": {"unit": "month"},
                "count": "article",
                "match": {"sections": [], "tags": [], "paths": []},
            }
        ],
        "exempt": {"sections": [], "tags": [], "paths": []},
        "locked": {"sections": [], "tags": [], "paths": []},
        "lift": [],
        "campaigns": [],
        "referrers": [],
        "institutions": [],
        "crawlers": "verified",
        "record": [],
        "soft_grants": False,
        "subscriptions": {"past_due_grace_days": 3},
        "prompt": {
            "subscribe_url": "https://rio.example/subscribe",
            "at_limit": "wall",
            "position": "bottom",
            "colors": {"background": "#cc0000", "text": "#ffffff"},
            "messages": {},
            "links": [],
        },
        "retention": {"reader_days": 45, "ledger_reader_days": 90},
    }


def test_a_document_as_data_reads_back_as_itself():
    pooled = {"name": "markets", "limits": {"anonymous": 1}, "pool": "default"}
    read = read_document(
        document(name="Rio", meters=[pooled, DEFAULT], prompt={"sign_in_url": "https://rio.example/in"})
    )
    assert read_document(read.data()).data() == read.data()
    assert "period" not in read.data()["meters"][0]


STORM = {"until": "2026-11-23T06:00:00Z", "match": {"tags": ["storm"]}, "note": "hurricane"}


@pytest.mark.parametrize("until", ["2026-11-23T06:00:00Z", "2026-11-23T03:00:00-03:00", "2026-11-23T06:00:00.5+00:00"])
def test_a_lift_ends_at_an_instant(until):
    assert not refused(lift=[STORM, STORM | {"until": until}])


@pytest.mark.parametrize("until", ["2026-11-23", "2026-11-23T06:00:00", "tomorrow", "", 1795348800])
def test_a_lift_without_an_instant_is_refused(until):
    assert refused(lift=[STORM | {"until": until}]) == ["/lift/0/until"]


def test_a_lift_names_its_articles():
    assert refused(lift=[STORM | {"match": {}}]) == ["/lift/0/match"]
    assert not refused(lift=[STORM | {"match": {"paths": ["*"]}}])


def test_campaigns_are_named_once_and_have_a_bound():
    newsletter = {"name": "newsletter", "per_reader": 5}
    assert not refused(campaigns=[newsletter, newsletter | {"name": "Spring.Sale_26"}])
    assert refused(campaigns=[newsletter, newsletter]) == ["/campaigns/1/name"]
    for name in ("", "a b", "a#b", "a:b", "x" * 65):
        assert refused(campaigns=[newsletter | {"name": name}]) == ["/campaigns/0/name"]
    for bound in (0, 501, None):
        assert refused(campaigns=[newsletter | {"per_reader": bound}]) == ["/campaigns/0/per_reader"]


def test_referrers_are_hosts():
    assert not refused(referrers=["t.co", "news.google.com", "localhost"])
    assert refused(referrers=["t.co", "t.co"]) == ["/referrers/1"]
    for host in ("https://t.co", "t.co/", "T.co", "t.co:80", "*.t.co", "", "a..b"):
        assert refused(referrers=[host]) == ["/referrers/0"]


def test_gifts_have_a_quota_and_an_end():
    assert not refused(gifts={"per_month": 10, "valid_days": 5})
    assert refused(gifts={"per_month": 0, "valid_days": 91}) == ["/gifts/per_month", "/gifts/valid_days"]
    assert refused(gifts={}) == ["/gifts/per_month", "/gifts/valid_days"]


@pytest.mark.parametrize(
    ("key", "wrong"),
    [("crawlers", "all"), ("soft_grants", "yes"), ("subscriptions", {"past_due_grace_days": 61})],
)
def test_switches_have_few_positions(key, wrong):
    assert [pointer.split("/")[1] for pointer in refused(**{key: wrong})] == [key]


@pytest.mark.parametrize(
    "origin",
    [
        "https://rio.example",
        "https://rio.example:8443",
        "http://localhost:8081",
        "http://127.0.0.1:8081",
        "http://[::1]:8081",
        "http://rio.localhost",
        "https://xn--fiqs8s.example",
        "https://192.0.2.1",
    ],
)
def test_origins_are_what_browsers_send(origin):
    assert not refused(origins=[origin])


@pytest.mark.parametrize(
    "origin",
    [
        "https://rio.example/",
        "https://rio.example/path",
        "https://Rio.example",
        "HTTPS://rio.example",
        "https://rio.example:443",
        "http://localhost:80",
        "https://rio.example:99999",
        "https://rio.example:0",
        "https://*.rio.example",
        "https://user@rio.example",
        "https://rio.example?x",
        "https://rio..example",
        "https://-rio.example",
        "https://中国.example",
        "https://1.2.3",
        "https://[::0001]",
        "https://",
        "http://rio.example",
        "http://127.0.0.1.rio.example",
        "http://localhost.rio.example",
        "ftp://localhost",
        "null",
        "*",
        "https://rio.example\n",
        "https://" + "a." * 130 + "example",
    ],
)
def test_origins_that_no_browser_sends_or_that_are_not_safe_are_refused(origin):
    assert refused(origins=["https://rio.example", origin]) == ["/origins/1"]


def test_an_origin_is_named_once_and_at_least_one_is():
    assert refused(origins=[]) == ["/origins"]
    assert refused(origins=["https://a.example", "https://b.example", "https://a.example"]) == ["/origins/2"]


@pytest.mark.parametrize(
    "url",
    [
        "https://rio.example",
        "https://rio.example/s?back={return_url}&x=%20",
        "https://rio.example/#/join?back={return_url}",
        "http://localhost:8081/subscribe",
        "http://[::1]/subscribe",
        "https://rio.example/assinar/notícias",
    ],
)
def test_urls_are_https_and_may_hold_the_return_url(url):
    assert not refused(prompt={"subscribe_url": url})


@pytest.mark.parametrize(
    "url",
    [
        "http://rio.example/s",
        "javascript:alert(1)",
        "//rio.example/s",
        "/subscribe",
        "https://",
        "https:///s",
        "https://{return_url}/s",
        "https://rio.example/{return_url}",
        "https://rio.example/s?{reader}",
        "https://rio.example/s?{return_url",
        "https://rio.example/a b",
        'https://rio.example/"',
        "https://rio.example/\n",
        "https://a@rio.example/",
        "https://rio.example:0/",
        "https://rio.example:x/",
        "https://[::1/",
        "https://rio.example\\@evil.example/",
        "https://RIO.example:99999/",
        "data:text/html,x",
        "",
    ],
)
def test_urls_that_lead_astray_are_refused(url):
    assert refused(prompt={"subscribe_url": url}) == ["/prompt/subscribe_url"]
    assert refused(prompt={"links": [{"label": "x", "url": url}]}) == ["/prompt/links/0/url"]


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "UTC", "Asia/Kathmandu", "Etc/GMT+3"])
def test_time_zones_are_iana_names(zone):
    assert not refused(timezone=zone)


@pytest.mark.parametrize(
    "zone", ["", "BRT", "GMT-3", "america/sao_paulo", "../../etc/passwd", "localtime", "Mars/Base"]
)
def test_other_time_zones_are_refused(zone):
    assert refused(timezone=zone) == ["/timezone"]


@pytest.mark.parametrize(
    ("tag", "good"), [("pt-BR", 1), ("zh-Hant-TW", 1), ("es-419", 1), ("", 0), ("english", 0), ("en_US", 0)]
)
def test_the_locale_is_a_language_tag(tag, good):
    assert refused(locale=tag) == ([] if good else ["/locale"])


@pytest.mark.parametrize("name", ["", "A", "a#b", "a b", "x" * 41, "é"])
def test_meter_names_are_plain(name):
    assert refused(meters=[DEFAULT | {"name": name}]) == ["/meters/0/name"]


def test_meter_names_differ():
    assert refused(meters=[DEFAULT, DEFAULT | {"name": "b"}, DEFAULT]) == ["/meters/2/name"]


def test_a_site_has_at_most_twenty_meters():
    meters = [DEFAULT | {"name": f"m{n}"} for n in range(21)]
    assert not refused(meters=meters[:20])
    assert refused(meters=meters) == ["/meters"]


@pytest.mark.parametrize(
    ("period", "pointers"),
    [
        ({"unit": "week"}, []),
        ({"unit": "days", "days": 1}, []),
        ({"unit": "days", "days": 366}, []),
        ({"unit": "days", "days": 0}, ["/meters/0/period/days"]),
        ({"unit": "days", "days": 367}, ["/meters/0/period/days"]),
        ({"unit": "days"}, ["/meters/0/period/days"]),
        ({"unit": "month", "days": 30}, ["/meters/0/period/days"]),
        ({"unit": "year"}, ["/meters/0/period/unit"]),
        ({}, ["/meters/0/period/unit"]),
        ("month", ["/meters/0/period"]),
    ],
)
def test_periods(period, pointers):
    assert refused(meters=[DEFAULT | {"period": period}]) == pointers


POOLED = {"name": "markets", "limits": {"anonymous": 1}, "pool": "default"}


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({}, []),
        ({"limits": {"anonymous": 5, "registered": 5}}, []),
        ({"limits": {"anonymous": 6}}, ["/meters/0/limits/anonymous"]),
        ({"limits": {"anonymous": 1, "registered": 6}}, ["/meters/0/limits/registered"]),
        ({"pool": "nowhere"}, ["/meters/0/pool"]),
        ({"pool": "markets"}, ["/meters/0/pool"]),
        ({"pool": "chained"}, ["/meters/0/pool"]),
        ({"period": {"unit": "month"}}, ["/meters/0/period"]),
        ({"count": "article"}, ["/meters/0/count"]),
    ],
)
def test_a_pooled_meter_counts_in_a_meter_of_its_own(changes, pointers):
    chained = {"name": "chained", "limits": {"anonymous": 1}, "pool": "default"}
    assert refused(meters=[POOLED | changes, chained, DEFAULT]) == pointers


def test_redirecting_needs_somewhere_to_go():
    assert refused(prompt={"at_limit": "redirect"}) == ["/prompt/redirect_url"]


def test_messages_are_checked_when_they_are_written():
    assert not refused(prompt={"messages": {"en": {"wall": {"other": "Read {limit}.", "one": "Read one."}}}})
    assert refused(prompt={"messages": {"en": {"wall": {"other": "{reader}", "one": "Read one."}}}}) == [
        "/prompt/messages/en/wall/other"
    ]
    assert refused(prompt={"messages": {"en": {"poem": {}}}}) == ["/prompt/messages/en/poem"]
    assert refused(prompt={"messages": {"not a language": {}}}) == ["/prompt/messages/not a language"]


def test_a_term_is_short_also_as_it_is_compared():
    assert not refused(exempt={"sections": ["ß" * 32]})
    assert refused(exempt={"sections": ["ß" * 33]}) == ["/exempt/sections/0"]
    assert refused(exempt={"sections": ["\n"], "tags": [""]}) == ["/exempt/sections/0", "/exempt/tags/0"]


def test_numbers_are_numbers_and_text_is_text():
    for limit in ("5", 5.0, True, None, [5]):
        assert refused(meters=[DEFAULT | {"limits": {"anonymous": limit}}]) == ["/meters/0/limits/anonymous"]
    assert refused(name=5) == ["/name"]


def test_errors_say_what_is_allowed_and_name_unknown_keys_beside_the_known():
    with pytest.raises(Invalid) as caught:
        read_document(document(metres=[], prompt={"position": "left"}))
    assert caught.value.errors == [
        ("/prompt/position", "must be 'bottom' or 'top'"),
        (
            "/metres",
            "is not a key here; keys are site, name, origins, timezone, locale, mode, meters, exempt, locked, lift, "
            "campaigns, referrers, institutions, crawlers, gifts, record, soft_grants, identity, subscriptions, "
            "prompt, retention",
        ),
    ]


@pytest.mark.parametrize(
    ("changes", "pointer", "detail"),
    [
        ({"gifts": {"per_month": 1, "valid_days": 1, "a_day": 1}}, "/gifts/a_day", "per_month, valid_days"),
        (
            {"identity": {"issuer": "rio", "jwks_url": "https://rio.example/keys", "key": 1}},
            "/identity/key",
            "issuer, audience, keys, jwks_url, subscriber_claim",
        ),
        (
            {"identity": {"issuer": "rio", "keys": [{"kid": "a", "alg": "ES256", "jwk": {}, "k": 1}]}},
            "/identity/keys/0/k",
            "kid, alg, jwk",
        ),
    ],
)
def test_an_unknown_key_of_what_may_be_absent_is_named_too(changes, pointer, detail):
    with pytest.raises(Invalid) as caught:
        read_document(document(**changes))
    assert caught.value.errors == [(pointer, f"is not a key here; keys are {detail}")]


def test_errors_are_our_own_sentences():
    with pytest.raises(Invalid) as caught:
        read_document(document(name="", soft_grants="yes"))
    assert caught.value.errors == [("/name", "must not be empty"), ("/soft_grants", "must be true or false")]


def test_recorded_reads_are_named_once_each():
    assert not refused(record=["institution", "gift", "subscriber", "campaign", "exempt"])
    assert refused(record=["exempt", "gift", "exempt"]) == ["/record/2"]
    for wrong in ("metered", "crawler", "open", "", 1, None):
        assert refused(record=[wrong]) == ["/record/0"]
    assert refused(record=["gift"] * 6) == refused(record="exempt") == ["/record"]


def test_retention_is_of_bearable_length():
    for days in (10, 45, 400):
        assert not refused(retention={"reader_days": days})
    for wrong in (9, 401, -1, 45.0, "45", True, None):
        assert refused(retention={"reader_days": wrong}) == ["/retention/reader_days"]
    assert refused(retention={"days": 45}) == ["/retention/days"]


def test_the_ledger_is_kept_for_as_long_as_there_is_an_expiry_rule_for():
    for days in (60, 90, 180, 365):
        assert not refused(retention={"ledger_reader_days": days})
    for wrong in (0, 30, 61, 366, 90.0, "90", True, None):
        assert refused(retention={"ledger_reader_days": wrong}) == ["/retention/ledger_reader_days"]
    with pytest.raises(Invalid) as caught:
        read_document(document(retention={"ledger_reader_days": 100}))
    [(_, said)] = caught.value.errors
    assert said.startswith("must be 60, 90, 180 or 365: ")


def test_a_pointer_escapes_what_pointers_use():
    assert refused(**{"a/b~c": 1}) == ["/a~1b~0c"]


def test_a_document_without_oddities_has_no_warnings():
    assert warned() == []


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"locale": "sw"}, ["/locale"]),
        ({"meters": []}, ["/meters"]),
        ({"exempt": {"paths": ["/*"]}}, ["/exempt/paths"]),
        ({"locked": {"paths": ["*"]}}, ["/locked/paths"]),
        ({"prompt": {"colors": {"background": "#ffffff"}}}, ["/prompt/colors"]),
        ({"prompt": {"colors": {"background": "#767676"}}}, []),
        ({"prompt": {"redirect_url": "https://rio.example/r"}}, ["/prompt/redirect_url"]),
        ({"prompt": {"register_url": "https://rio.example/r"}}, ["/prompt/register_url"]),
        ({"meters": [{"name": "m", "limits": {"anonymous": 5, "registered": 9}}]}, ["/meters/0/limits/registered"]),
        (
            {
                "meters": [{"name": "m", "limits": {"anonymous": 5, "registered": 5}}],
                "prompt": {"register_url": "https://rio.example/r"},
            },
            ["/meters/0/limits/registered"],
        ),
        ({"gifts": {"per_month": 1, "valid_days": 1}, "meters": [DEFAULT | {"count": "view"}]}, ["/gifts"]),
        ({"gifts": {"per_month": 1, "valid_days": 1}}, []),
    ],
)
def test_warnings(changes, pointers):
    assert warned(**changes) == pointers


@pytest.mark.parametrize(
    ("earlier", "later", "is_covered"),
    [
        ({}, {"sections": ["a"]}, True),
        ({}, {}, True),
        ({"paths": ["*"]}, {"tags": ["a"]}, True),
        ({"sections": ["A"], "tags": ["x"]}, {"sections": ["a"]}, True),
        ({"sections": ["a"]}, {"sections": ["a", "b"]}, False),
        ({"sections": ["a"]}, {"tags": ["a"]}, False),
        ({"paths": ["/A"]}, {"paths": ["/a"]}, False),
        ({"sections": ["a"]}, {}, False),
    ],
)
def test_a_meter_that_never_decides_is_warned_of(earlier, later, is_covered):
    meters = [DEFAULT | {"name": "one", "match": earlier}, DEFAULT | {"name": "two", "match": later}]
    assert warned(meters=meters) == (["/meters/1/match"] if is_covered else [])


def test_the_reference_names_every_key_as_the_model_has_it():
    text = site_document.GUIDE.read_text(encoding="utf-8")
    assert site_document.guide(text) == text, "run `PYTHONPATH=shared python tools/site_document.py`"


def keys_of(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Each key that the model has, with those of the models in it."""
    for name, field in model.model_fields.items():
        yield above + name
        for inner, below in models_in(field.annotation):
            yield from keys_of(inner, above + name + below)


def models_in(annotation: Any, below: str = ".") -> Iterator[tuple[type[BaseModel], str]]:
    """The models that a field holds, and how a key of theirs is written behind its own."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, below
    for each in get_args(annotation):
        yield from models_in(each, "[]." if get_origin(annotation) is list else below)


def test_no_key_of_the_model_is_without_a_line_in_the_reference():
    lines = re.findall(r"^\| `([^`]+)` \|", site_document.GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert lines == list(keys_of(SiteDocument))
    assert {"gifts.per_month", "identity.issuer", "identity.keys[].kid", "meters[].limits.registered"} <= set(lines)


def test_the_examples_of_the_reference_are_good_documents():
    examples = re.findall(r"```yaml\n(.*?)```", site_document.GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert [len(warnings(parse_document(each.encode(), "application/yaml"))) for each in examples] == [0, 0]
