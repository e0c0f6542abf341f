"""The demonstration newspaper as a WSGI app: a front page, sections, articles, and the strip to try things with."""

import json
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from zoneinfo import ZoneInfo

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.routing import Map, MapAdapter, Rule
from werkzeug.utils import redirect

from local.newspaper.accounts import LONGEST_NAME
from local.newspaper.articles import PREMIUM, Article, read_articles
from local.newspaper.desks import DESKS, EACH_EDITION, Desks, who
from local.newspaper.newsroom import SWITCHES, Switch
from local.newspaper.operator import BackOffice, Refused
from local.newspaper.payments import PLANS
from local.newspaper.proxy import pass_on
from local.newspaper.publisher import Publisher, Subscription
from local.newspaper.strip import (
    ARRIVALS,
    BY_GIFT,
    BY_NEWSLETTER,
    CAMPAIGN,
    CAMPUS_ADDRESS,
    CAMPUS_PATH,
    COOKIE,
    NORMAL,
    SLOW_PATH,
    SLOW_SECONDS,
    TROUBLES,
    Control,
    Mode,
    mode_named,
)
from local.newspaper.way_back import own_path
from local.newspaper.withheld import EDITION as WITHHELD_EDITION
from local.newspaper.withheld import beginning, guarded, rest
from readmeter.usage.period import ExportPeriod
from readmeter.verify.readmeter_verify import Page

HERE = Path(__file__).parent
ZONE = ZoneInfo("America/Sao_Paulo")
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
EDITIONS = {"en": "", "pt": "/pt", "ar": "/ar"}  # language: path prefix
HTML_LANG = {"en": "en", "pt": "pt-BR", "ar": "ar"}
SECTIONS = ("city", "world", "science", "business", "arts", "opinion")
SIGNED_IN_BY_ADDRESS = "ar"  # the edition whose pages name `data-identity-url`; the others carry the identity
OWN_PATHS = ("/_free", SLOW_PATH, CAMPUS_PATH)


def newspaper(
    api_url: str,
    site: str,
    control: Control,
    office: BackOffice | None = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    publisher: Publisher | None = None,
) -> WSGIApplication:
    """The paper of `site` with its script from `api_url` (no slash at its end), and its operator page with an `office`.

    `clock` tells the real time in seconds since the epoch, `control` the service's; `sleep` takes seconds. Without a
    `publisher` it is one whose secrets the service does not know.
    """
    known = publisher or Publisher.of(api_url, site, control.now)
    paper = Newspaper(api_url, known, control, office, clock, sleep)
    verified = guarded(paper, paper.withheld, known.api, control.now)
    return SharedDataMiddleware(verified, {"/static": str(HERE / "static")}, cache_timeout=60)


def _rules() -> Iterable[Rule]:
    for edition, prefix in EDITIONS.items():
        for path, page in (
            ("/", "front"),
            ("/about", "about"),
            ("/subscribe", "subscribe"),
            ("/sign-in", "sign_in"),
            ("/free-articles", "free_articles"),
            (f"/<any({', '.join(SECTIONS)}):section>/", "section"),
            (f"/<any({', '.join(SECTIONS)}):section>/<slug>", "article"),
        ):
            methods = ["GET", "POST"] if page in EACH_EDITION else ["GET"]
            yield Rule(prefix + path, endpoint=page, defaults={"edition": edition}, methods=methods)
    text = f"{EDITIONS[WITHHELD_EDITION]}/<any({', '.join(SECTIONS)}):section>/<slug>/text"
    yield Rule(text, endpoint="text", defaults={"edition": WITHHELD_EDITION}, methods=["GET"])
    yield Rule("/sign-out", endpoint="sign_out", methods=["POST"])
    yield Rule("/cancel", endpoint="cancel", methods=["POST"])
    yield Rule("/identity", endpoint="identity", methods=["GET"])
    yield Rule("/_try", endpoint="try", methods=["POST"])
    for start in OWN_PATHS:
        yield Rule(f"{start}/<path:path>", endpoint="own_path", defaults={"start": start})


def _office_rules() -> Iterable[Rule]:
    yield Rule("/_operator", endpoint="operator", methods=["GET"], defaults={"edition": "en"})
    yield Rule("/_operator", endpoint="simulate", methods=["POST"])
    yield Rule("/_operator/<month>/files/<name>", endpoint="export_file", methods=["GET"])
    yield Rule("/_operator/<month>/report", endpoint="report", methods=["GET"])


class PaperRequest(Request):
    trusted_hosts = LOOPBACK


class Newspaper:
    def __init__(
        self,
        api_url: str,
        publisher: Publisher,
        control: Control,
        office: BackOffice | None,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self.api_url = api_url
        self.publisher = publisher
        self.control = control
        self.office = office
        self.clock = clock
        self.sleep = sleep
        self.urls = Map([*_rules(), *(_office_rules() if office else ())])
        # Articles keep the date of the day the paper was started: only the masthead follows a moved clock.
        self.articles = read_articles(_day(clock()))
        self.words: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "words.yaml").read_text("utf-8"))
        self.templates = _templates()
        self.desks = Desks(publisher)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(PaperRequest(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            urls = self.urls.bind(request.host, url_scheme=request.scheme)
            endpoint, values = urls.match(request.path, request.method)
            if endpoint == "try":
                return self._try(request)
            if endpoint == "own_path":
                return self._own_path(request, **values)
            if endpoint == "identity":
                return self._identity(request)
            if endpoint in DESKS and request.method == "POST":
                return self.desks.pressed(endpoint, request, urls, **values)
            if self.office and endpoint in ("simulate", "export_file", "report"):
                return _of_office(self.office, endpoint, **values)
            return self._page(request, urls, endpoint, **values)
        except NotFound:
            return self._page(request, urls, "missing", edition_of(request.path))
        except HTTPException as error:
            return Response.force_type(error.get_response(request.environ), request.environ)

    def withheld(self, environ: WSGIEnvironment) -> Page | None:
        """The article whose text is asked for, as its own page describes it; None for any other request."""
        request = PaperRequest(environ)
        try:
            urls = self.urls.bind(request.host, url_scheme=request.scheme)
            endpoint, values = urls.match(request.path, request.method)
        except HTTPException:
            return None  # the paper answers that
        article = endpoint == "text" and self.article(**values)
        if not article:
            return None
        return Page(urls.build("article", values, force_external=True), [article.section], article.tags)

    def article(self, edition: str, section: str, slug: str) -> Article | None:
        wanted = (edition, section, slug)
        return next((each for each in self.articles if (each.lang, each.section, each.slug) == wanted), None)

    # The strip

    def _try(self, request: Request) -> Response:
        wish, back = request.form.get("do", ""), own_path(request, request.form.get("back"))
        answer = redirect(back, 303)
        if wish == "new-reader":
            answer.headers["Clear-Site-Data"] = '"cookies", "storage"'
        elif wish == "next-month":
            self.control.move_clock_to_next_month()
        elif wish == "today":
            self.control.reset_clock()
        elif switch := next((each for each in SWITCHES if each.name == wish), None):
            try:
                self.publisher.newsroom.turn(switch)
            except Refused as refusal:
                return Response(str(refusal), 502, mimetype="text/plain")
        elif wish and wish == request.cookies.get(COOKIE):  # pressed again: off
            answer.delete_cookie(COOKIE)
        elif mode_named(wish) is not NORMAL:
            answer.set_cookie(COOKIE, wish, httponly=True, samesite="Lax")
        return answer

    def _own_path(self, request: Request, start: str, path: str) -> Response:
        if not path.startswith("v1/") or path.startswith("v1/admin"):  # deployed, that is another host's
            raise NotFound
        if start == SLOW_PATH:
            self.sleep(SLOW_SECONDS)
        told = self.publisher.as_if_from(CAMPUS_ADDRESS) if start == CAMPUS_PATH else {}
        return pass_on(request, self.api_url, f"/{path}", told)

    def _identity(self, request: Request) -> Response:
        """Who is signed in, for pages that a cache may serve to everybody (`data-identity-url`)."""
        identity = self.publisher.identity(who(request, self.publisher))
        answer = Response(json.dumps({"identity": identity}), mimetype="application/json")
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    # The pages

    def _page(self, request: Request, urls: MapAdapter, page: str, edition: str, **values: str) -> Response:
        mode = mode_named(request.cookies.get(COOKIE))
        view = View(self, request, urls, page, edition, mode)
        if (
            page in EACH_EDITION and edition == "en" and view.edition_left != edition
        ):  # the prompts know one desk for all
            return redirect(urls.build(page, {"edition": view.edition_left, "return": view.returning}), 303)
        context = getattr(view, page)(**values)
        here = values.get("section", page)
        html = self.templates.get_template(f"{page}.html").render(
            view=view, t=self.words[edition], here=here, **context
        )
        answer = Response(html, 404 if page == "missing" else 200, mimetype="text/html")
        # A page with an identity in it belongs to one reader, and not to who goes back to it signed out
        answer.headers["Cache-Control"] = "private, no-store" if view.account else "private, no-cache"
        answer.headers["Content-Language"] = HTML_LANG[edition]
        if mode.policy:
            answer.headers["Content-Security-Policy"] = mode.policy
        return answer


def _of_office(office: BackOffice, wish: str, month: str = "", name: str = "") -> Response:
    """The answer to what is pressed or opened on the operator page."""
    if wish == "simulate":
        office.simulate()
        return redirect("/_operator#month", 303)
    try:
        period = ExportPeriod.parse(month)
        if wish == "report":
            return Response(office.report(period), mimetype="text/html")
        link = office.link(period, name)
    except ValueError as error:
        raise NotFound from error
    except Refused as refusal:
        return Response(str(refusal), 404 if refusal.status == 404 else 502, mimetype="text/plain")
    if link is None:
        raise NotFound
    return redirect(link)  # the API's own link: short-lived, so it is asked for when it is followed


def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pictures = {path.stem: Markup(path.read_text("utf-8")) for path in (HERE / "pictures").glob("*.svg")}
    templates.globals.update(pictures=pictures, editions=EDITIONS, html_lang=HTML_LANG, plans=PLANS)
    templates.globals.update(arrivals=ARRIVALS, switches=SWITCHES, troubles=TROUBLES, premium=PREMIUM)
    templates.globals.update(beginning=beginning, rest=rest, longest_name=LONGEST_NAME)
    return templates


class View:
    """What every template can ask, and one method per page that answers what only that page needs."""

    def __init__(
        self, paper: Newspaper, request: Request, urls: MapAdapter, page: str, edition: str, mode: Mode
    ) -> None:
        self.paper = paper
        self.request = request
        self.urls = urls
        self.edition = edition
        self.mode = mode
        self.articles = [a for a in paper.articles if a.lang == edition]
        self.sections = [s for s in SECTIONS if any(a.section == s for a in self.articles)]
        self.path = request.full_path if request.query_string else request.path
        self.account = who(request, paper.publisher)
        self.returning = own_path(request, request.values.get("return"), self.link("front"))
        self.back = self.returning.partition("#")[0]  # who turns back has not paid
        self.today = _day(paper.control.now())
        self.is_article = page == "article"
        self.text_at: str | None = None  # the rest of this page's article
        self.clock_is_moved = self.today != _day(paper.clock())

    def front(self) -> dict[str, Any]:
        lead, *rest = self.articles
        return {"lead": lead, "seconds": rest[:3], "by_section": {s: self._in(s, rest[3:]) for s in self.sections}}

    def section(self, section: str) -> dict[str, Any]:
        if section not in self.sections:
            raise NotFound
        return {"section": section, "articles": self._in(section, self.articles)}

    def article(self, section: str, slug: str) -> dict[str, Any]:
        article = self.paper.article(self.edition, section, slug)
        if article is None:
            raise NotFound
        others = [a for a in self.articles if a is not article]
        self.text_at = self.link("text", section=section, slug=slug) if rest(article) else None
        return {
            "article": article,
            "same_section": self._in(section, others),
            "elsewhere": [a for a in others if a.section != section][:4],
        }

    text = article

    def about(self) -> dict[str, Any]:
        return {"sources": self.articles}

    def subscribe(self) -> dict[str, Any]:
        return {"subscription": self._subscription()}

    sign_in = subscribe

    def free_articles(self) -> dict[str, Any]:
        return {}

    def operator(self) -> dict[str, Any]:
        return self.paper.office.page(self.paper.api_url) if self.paper.office else {}

    def missing(self) -> dict[str, Any]:
        return {"others": self.articles[:4]}

    def _subscription(self) -> Subscription | None:
        return None if self.account is None else self.paper.publisher.subscription(self.account)

    def _in(self, section: str, articles: list[Article]) -> list[Article]:
        return [a for a in articles if a.section == section]

    # Who reads, and how they came

    @property
    def identity(self) -> str | None:
        return self.paper.publisher.identity(self.account)

    @property
    def identity_url(self) -> str | None:
        return self.urls.build("identity") if self.edition == SIGNED_IN_BY_ADDRESS else None

    @property
    def edition_left(self) -> str:
        """The one that led to this desk."""
        return edition_of(self.returning)

    def is_on(self, switch: Switch) -> bool:
        return self.paper.publisher.newsroom.is_on(switch)

    @property
    def newsletter(self) -> str:
        """This article as the newsletter links to it; elsewhere, the edition's first one."""
        path = self.request.path if self.is_article else self.link_to(self.articles[0])
        return f"{path}?utm_campaign={CAMPAIGN}"

    @property
    def told(self) -> list[str]:
        """What the strip says: of what is pressed, and of the link that led here."""
        query = self.request.args
        told = [switch.meaning for switch in SWITCHES if self.is_on(switch)]
        told += [BY_NEWSLETTER] if query.get("utm_campaign") == CAMPAIGN else []
        told += [BY_GIFT] if "gift" in query else []
        return [self.mode.meaning, *told] if self.mode is not NORMAL else told or [NORMAL.meaning]

    # Links and dates

    @property
    def reading(self) -> str:
        """Where a subscriber-to-be goes back to: this page, or the one that led to the desk."""
        return self.back if "return" in self.request.values else self.path

    def link(self, page: str, edition: str | None = None, **values: str) -> str:
        return self.urls.build(page, {"edition": edition or self.edition, **values})

    def link_to(self, article: Article) -> str:
        return self.link("article", article.lang, section=article.section, slug=article.slug)

    def absolute(self, path: str) -> str:
        return self.request.host_url.rstrip("/") + path

    def date(self, day: date) -> str:
        words = self.paper.words[self.edition]["dates"]
        weekday, month = words["weekdays"][day.weekday()], words["months"][day.month - 1]
        return str(words["long"].format(weekday=weekday, day=day.day, month=month, year=day.year))

    def month(self, period: ExportPeriod) -> str:
        return f"{self.paper.words[self.edition]['dates']['months'][period.first.month - 1]} {period.first.year}"

    def time(self, instant: str) -> str:
        """The time of day of an ISO 8601 instant, by the paper's clock."""
        return datetime.fromisoformat(instant).astimezone(ZONE).strftime("%H:%M:%S")


def edition_of(path: str) -> str:
    """The edition that a page of this path is of."""
    return next((each for each, prefix in EDITIONS.items() if prefix and path.startswith(f"{prefix}/")), "en")


def _day(seconds: float) -> date:
    return datetime.fromtimestamp(seconds, UTC).astimezone(ZONE).date()
