"""The routes of one function of the admin API. Who calls is settled before any route's work begins."""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2 as Event
from aws_lambda_powertools.utilities.typing import LambdaContext

from readmeter.core.rules import SITE_ID
from readmeter.staff.answers import Answer, busy, refusal
from readmeter.staff.caller import Caller, Scopes
from readmeter.store.database import Conflict, Unavailable
from readmeter.web.fault import fault_fields
from readmeter.web.problem import Problem

Work = Callable[..., Answer]  # takes the caller, the event and the path's parts by name; raises `Problem`

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def site_in_path(parts: Mapping[str, str]) -> str | None:
    """The site that a path is about, None where it names none."""
    return parts.get("site")


class StaffRouter:
    """Called with an event of API Gateway, answers it. Faults of ours are logged without anything that was sent.

    `scopes` says which sites are written down for a principal.
    """

    def __init__(self, logger: Logger, scopes: Scopes) -> None:
        self._logger = logger
        self._scopes = scopes
        self._app = APIGatewayHttpResolver()
        self._app.not_found(_unknown)
        self._app.exception_handler(Problem)(refusal)
        self._app.exception_handler(Exception)(self._fail)

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        return self._app.resolve(event, context)

    def route(
        self,
        path: str,
        methods: Mapping[str, Work],
        site_of: Callable[[Mapping[str, str]], str | None] = site_in_path,
        *,
        is_for_every_site: bool = False,
    ) -> None:
        """Adds a path. `site_of` says which site its parts are about; it may raise `Problem` 404.

        `is_for_every_site`: only a caller whose scope is every site is answered.
        """

        def answer(**parts: str) -> Answer:
            # Scope is enforced here, for every route and before any of its work
            event: Event = self._app.current_event
            caller = Caller.of(event.raw_event, self._scopes)
            if is_for_every_site:
                caller.require_every_site()
            site = site_of(parts)
            if site is not None:
                caller.require(site)
                if not SITE_ID.fullmatch(site):
                    raise Problem(404, f"No site has such an id: ids match {SITE_ID.pattern}.")
            work = methods.get(event.http_method)
            if work is None:
                raise Problem(405, "This path knows other methods.", headers={"allow": ", ".join(methods)})
            return work(caller, event, **parts)

        self._app.route(path, list(_METHODS))(answer)

    def _fail(self, fault: Exception) -> Answer:
        request_id = self._app.current_event.request_context.request_id
        self._logger.error("fault", extra=fault_fields(request_id, fault))
        if isinstance(fault, Unavailable | Conflict):
            return refusal(busy())
        return refusal(Problem(500, "Something went wrong on our side."))


def _unknown(_: Exception) -> Answer:
    return refusal(Problem(404, "There is no such route."))
