"""What is pressed at the paper's desks: sign in, sign out, subscribe, cancel."""

from werkzeug import Request, Response
from werkzeug.routing import MapAdapter
from werkzeug.utils import redirect

from local.newspaper.accounts import COOKIE, Account, account_named
from local.newspaper.operator import Refused
from local.newspaper.payments import PLANS
from local.newspaper.publisher import Publisher
from local.newspaper.way_back import own_path

EACH_EDITION = ("sign_in", "subscribe")  # those with a page; the others are buttons
DESKS = (*EACH_EDITION, "sign_out", "cancel")


def who(request: Request, publisher: Publisher) -> Account | None:
    """Who is signed in."""
    return publisher.sessions.account(request.cookies.get(COOKIE))


class Desks:
    """Answers presses; each sends the reader back to where they came from."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def pressed(self, desk: str, request: Request, urls: MapAdapter, edition: str = "en") -> Response:
        back = own_path(request, request.form.get("return"))
        if desk == "sign_in":
            return self._sign_in(request, back)
        if desk == "sign_out":
            return self._sign_out(request, back)
        account = who(request, self._publisher)
        if account is None:
            here = urls.build("subscribe", {"edition": edition, "return": back})
            return redirect(urls.build("sign_in", {"edition": edition, "return": here}), 303)
        try:
            if desk == "cancel":
                self._cancel(account)
            else:
                self._subscribe(account, request.form.get("plan", ""))
        except Refused as refusal:
            return Response(str(refusal), 502, mimetype="text/plain")
        return redirect(back, 303)

    def _sign_in(self, request: Request, back: str) -> Response:
        account = account_named(request.form.get("name", ""))
        if account is None:
            return redirect(request.url, 303)
        self._publisher.sessions.end(request.cookies.get(COOKIE))
        answer = redirect(back, 303)
        answer.set_cookie(COOKIE, self._publisher.sessions.begin(account), httponly=True, samesite="Lax")
        return answer

    def _sign_out(self, request: Request, back: str) -> Response:
        self._publisher.sessions.end(request.cookies.get(COOKIE))
        answer = redirect(back, 303)
        answer.delete_cookie(COOKIE)
        return answer

    def _subscribe(self, account: Account, plan: str) -> None:
        if plan in PLANS and self._publisher.subscription(account) is None:
            self._publisher.payments.subscribe(account, plan)

    def _cancel(self, account: Account) -> None:
        subscription = self._publisher.subscription(account)
        if subscription is not None:
            self._publisher.payments.cancel(account, subscription.id, subscription.plan)
