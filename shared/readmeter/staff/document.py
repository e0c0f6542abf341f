"""The site document in a request's body, checked alike wherever staff send one."""

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2 as Event

from readmeter.sites.document import SiteDocument
from readmeter.sites.parse import MOST_BYTES, Invalid, TooLarge, Unreadable, parse_document
from readmeter.staff.body import wrong_fields
from readmeter.web.event import Request
from readmeter.web.problem import Problem

_WHAT = "The site document"


def document_in(event: Event, site: str) -> SiteDocument:
    """The document of `site`. Raises `Problem` 413, 400 or 422."""
    content = Request.of(event.raw_event).content(MOST_BYTES)
    try:
        document = parse_document(content, event.headers.get("content-type", ""))
    except TooLarge as error:
        raise Problem(413, error.detail) from None
    except Unreadable as error:
        raise Problem(400, error.detail) from None
    except Invalid as error:
        raise wrong_fields(error.errors, _WHAT) from None
    if document.site != site:
        raise wrong_fields([("/site", "must be the id in the path")], _WHAT)
    return document
