"""The article catalogue on every engine: many labels, over one another, site by site."""

from readmeter.core.encoding import base64url
from readmeter.store.articles import ArticleStore, Label
from tests.support.engines import Tables


def digest_of(number: int) -> bytes:
    return number.to_bytes(16, "big")


def test_labels_are_read_back_by_digest(tables: Tables) -> None:
    store = ArticleStore(tables.database, tables.site_table)
    labels = {digest_of(n): Label(f"Article {n}", f"section {n % 3}" if n % 2 else None) for n in range(250)}
    store.write("riotimes", labels)
    assert store.labels("riotimes") == {base64url(digest): label for digest, label in labels.items()}
    assert store.labels("other") == {}
    assert store.label("riotimes", base64url(digest_of(7))) == labels[digest_of(7)]
    assert store.label("riotimes", base64url(digest_of(8))) == labels[digest_of(8)]
    assert store.label("riotimes", base64url(digest_of(250))) is None
    assert store.label("other", base64url(digest_of(7))) is None


def test_a_label_replaces_the_one_before(tables: Tables) -> None:
    store = ArticleStore(tables.database, tables.site_table)
    store.write("riotimes", {digest_of(1): Label("Old", "brazil"), digest_of(2): Label("Stays")})
    store.write("riotimes", {digest_of(1): Label("New")})
    store.write("riotimes", {})
    assert store.labels("riotimes") == {base64url(digest_of(1)): Label("New"), base64url(digest_of(2)): Label("Stays")}
