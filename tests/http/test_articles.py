"""The article catalogue over HTTP: labels that reports name articles by, found again by the digest that views count."""

import json

import pytest

from readmeter.core.article import digest
from readmeter.core.encoding import base64url
from readmeter.core.keys import Keyring
from readmeter.store.articles import ArticleStore, Label
from readmeter.store.dynamodb import DynamoDB
from tests.support.admin_api import RIO, SECRET, SITES, document

ARTICLES = f"{RIO}/articles"
CARNIVAL = {"id": "carnival", "title": "Carnival opens", "section": "brazil"}


@pytest.fixture
def rio(admin):
    """An admin client with the site `riotimes`."""
    admin("PUT", RIO, document())
    return admin


def labels(admin, site="riotimes"):
    return ArticleStore(DynamoDB(admin.dynamodb), admin.table).labels(site)


def digest_of(article, site="riotimes"):
    """What views count the article as."""
    return base64url(digest(Keyring.parse(SECRET).permanent_key("article", site), article))


def test_labels_are_stored_by_the_digest_that_views_count(rio):
    answer = rio("PUT", ARTICLES, {"articles": [CARNIVAL, {"id": "https://a.example/b", "title": "“Só aqui”"}]})
    assert (answer.status, answer.json) == (200, {"site": "riotimes", "stored": 2})
    assert labels(rio) == {
        digest_of("carnival"): Label("Carnival opens", "brazil"),
        digest_of("https://a.example/b"): Label("“Só aqui”"),
    }


def test_the_list_alone_is_a_body_too(rio):
    assert rio("PUT", ARTICLES, json.dumps([CARNIVAL]), content_type="application/json").json["stored"] == 1


def test_an_article_that_comes_again_has_its_newest_label(rio):
    rio("PUT", ARTICLES, {"articles": [CARNIVAL, {"id": "storm", "title": "Storm"}]})
    rio("PUT", ARTICLES, {"articles": [CARNIVAL | {"title": "Carnival is over", "section": None}]})
    assert labels(rio) == {digest_of("carnival"): Label("Carnival is over"), digest_of("storm"): Label("Storm")}


def test_two_spellings_of_an_id_are_one_article(rio):
    rio("PUT", ARTICLES, {"articles": [{"id": "cafe\u0301", "title": "Coffee"}]})
    assert list(labels(rio)) == [digest_of("caf\u00e9")]


def test_as_many_as_five_hundred_are_stored_and_none_at_all(rio):
    many = [{"id": f"{n:03}" + "é" * 254, "title": "𝔸" * 300, "section": "𝔸" * 64} for n in range(500)]
    assert rio("PUT", ARTICLES, json.dumps(many, ensure_ascii=False).encode()).json["stored"] == 500
    assert len(labels(rio)) == 500
    assert rio("PUT", ARTICLES, {"articles": []}).json["stored"] == 0


def test_no_site_names_another_ones_articles(rio):
    rio("PUT", f"{SITES}/another", document(site="another"))
    rio("PUT", ARTICLES, {"articles": [CARNIVAL]})
    assert labels(rio, "another") == {}
    assert digest_of("carnival") != digest_of("carnival", "another")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/articles"]),
        ({"articles": {}}, ["/articles"]),
        ({"articles": [], "more": 1}, ["/more"]),
        ({"articles": [{"id": f"{n}", "title": "x"} for n in range(501)]}, ["/articles"]),
        ({"articles": [5]}, ["/articles/0"]),
        ({"articles": [CARNIVAL, {}]}, ["/articles/1/id", "/articles/1/title"]),
        ({"articles": [CARNIVAL | {"author": "Ana"}]}, ["/articles/0/author"]),
        ({"articles": [CARNIVAL | {"id": 5}]}, ["/articles/0/id"]),
        ({"articles": [CARNIVAL | {"id": ""}]}, ["/articles/0/id"]),
        ({"articles": [CARNIVAL | {"id": "é" * 257}]}, ["/articles/0/id"]),
        ({"articles": [CARNIVAL | {"id": "a\tb"}]}, ["/articles/0/id"]),
        ({"articles": [CARNIVAL | {"title": None}]}, ["/articles/0/title"]),
        ({"articles": [CARNIVAL | {"title": " "}]}, ["/articles/0/title"]),
        ({"articles": [CARNIVAL | {"title": "two\nlines"}]}, ["/articles/0/title"]),
        ({"articles": [CARNIVAL | {"title": "two\u2028lines"}]}, ["/articles/0/title"]),
        ({"articles": [CARNIVAL | {"title": "x" * 301}]}, ["/articles/0/title"]),
        ({"articles": [CARNIVAL | {"section": "x" * 65}]}, ["/articles/0/section"]),
        ({"articles": [CARNIVAL | {"section": ["brazil"]}]}, ["/articles/0/section"]),
        ({"articles": [CARNIVAL, {"id": "b", "title": "b"}, CARNIVAL]}, ["/articles/2/id"]),
        ([{"id": "cafe\u0301", "title": "a"}, {"id": "caf\u00e9", "title": "b"}], ["/1/id"]),
        ([{"id": "a"}], ["/0/title"]),
    ],
)
def test_each_wrong_field_is_named_and_nothing_is_stored(rio, body, pointers):
    answer = rio("PUT", ARTICLES, json.dumps(body), content_type="application/json")
    assert (answer.status, answer.pointers) == (422, pointers)
    assert labels(rio) == {}


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"{", 400), (b"\xff", 400), (b"5", 422), (b" " * 1_048_577, 413)]
)
def test_a_body_that_is_none_is_refused(rio, body, status):
    assert rio("PUT", ARTICLES, body).status == status


def test_only_a_site_that_is_there_has_articles(rio):
    assert rio("PUT", f"{SITES}/other/articles", {"articles": [CARNIVAL]}).status == 404
    rio("DELETE", RIO)
    assert rio("PUT", ARTICLES, {"articles": [CARNIVAL]}).status == 404
