"""The edition whose text is withheld: its pages hold the beginning, the rest is given out for a grant alone.

What docs/body-withheld.md says to publishers, done.
"""

import json
from collections.abc import Callable, Sequence
from wsgiref.types import WSGIApplication, WSGIEnvironment

from markupsafe import Markup

from local.newspaper.articles import Article
from local.newspaper.operator import AdminApi
from readmeter.verify.readmeter_verify import Keys, Page, ReadmeterMiddleware

EDITION = "pt"
LEAD_IN = 2  # paragraphs


def beginning(article: Article) -> Sequence[Markup]:
    """What an article's page holds of its text."""
    return article.paragraphs[:LEAD_IN] if article.lang == EDITION else article.paragraphs


def rest(article: Article) -> Sequence[Markup]:
    """What has to be asked for."""
    return article.paragraphs[len(beginning(article)) :]


def guarded(
    paper: WSGIApplication,
    page: Callable[[WSGIEnvironment], Page | None],
    api: AdminApi,
    clock: Callable[[], float],
) -> WSGIApplication:
    """The paper behind the verifier. Grants are dated by the service's clock, which the strip can move."""
    return ReadmeterMiddleware(paper, keys=Keys(lambda: json.dumps(api.grant_keys())), page=page, clock=clock)
