"""How a prompt looks: each kind, in light and dark, left to right and right to left, on a desktop and a phone.

The sentences are those that the service says, the page is a newspaper's article, the snippet is the shipped one.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from playwright.sync_api import Browser, Page

from local.newspaper.articles import read_articles
from readmeter.core.decision import Allowance, Decision
from readmeter.core.prompt import prompt_for
from readmeter.core.rules import PromptRules
from tests.browser.publisher import Api, Paper, denied, granted, serving
from tests.browser.reader import settle
from tests.support.site import meter

HERE = Path(__file__).parent
TEMPLATES = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
LANGUAGES = {"ltr": "en", "rtl": "ar"}
ARTICLES = {"en": "a-sailor-eats-a-tulip", "ar": "min-tanja"}
SIZES = {
    "desktop": {"viewport": {"width": 1000, "height": 560}},
    "phone": {"viewport": {"width": 360, "height": 640}, "is_mobile": True, "has_touch": True},
}
METER = meter(limits={"anonymous": 5, "registered": 10})
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
DECISIONS = {
    "countdown": Decision("granted", "metered", METER, Allowance(5, 1), DECEMBER),
    "last": Decision("granted", "metered", METER, Allowance(5, 5), DECEMBER),
    "wall": Decision("denied", "limit_reached", METER, Allowance(5, 5), DECEMBER),
    "registration": Decision("denied", "registration_required", METER, Allowance(5, 5), DECEMBER, extra=5),
}
# What stands in a wall's place after a checkout, and how a reader gets to see it.
WAITS = {"thanks": 0, "not-open": 7}
PROMPT = PromptRules(
    subscribe_url="https://www.example.com/subscribe",
    sign_in_url="https://www.example.com/sign-in",
    register_url="https://www.example.com/register",
)


@dataclass(frozen=True)
class Look:
    """One picture of the gallery."""

    prompt: str
    size: str
    direction: str
    scheme: str

    @property
    def name(self) -> str:
        return "-".join((self.prompt, self.size, self.direction, self.scheme))

    @property
    def language(self) -> str:
        return LANGUAGES[self.direction]


PROMPTS = [*DECISIONS, *WAITS]
LOOKS = [Look(*each) for each in product(PROMPTS, SIZES, LANGUAGES, ("light", "dark"))]


@contextmanager
def newspaper() -> Iterator[Paper]:
    """A paper with one article in each language."""
    articles = {article.slug: article for article in read_articles(date(2026, 11, 22))}
    with serving() as service, serving() as server:
        paper = Paper(server, Api(service))
        for language, slug in ARTICLES.items():
            html = TEMPLATES.get_template("article.html").render(article=articles[slug], api=paper.api.url)
            paper.pages[f"/{language}"] = 200, {"content-type": "text/html; charset=utf-8"}, html.encode()
        yield paper


def picture(look: Look, paper: Paper, chromium: Browser) -> bytes:
    """What a new reader sees (WebP): of a bar the top of the page, of a wall the place where the text ends."""
    paper.api.answer = _answer(look)
    context = chromium.new_context(**SIZES[look.size], color_scheme=look.scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    try:
        page = context.new_page()
        if look.prompt in WAITS:
            page.clock.install()
            page.goto(f"{paper.server.url}/{look.language}#readmeter-thanks")
            page.locator("readmeter-wall section").wait_for()
            wait_on(page, WAITS[look.prompt])
        else:
            page.goto(f"{paper.server.url}/{look.language}")
            page.locator("readmeter-bar section a, readmeter-wall section a").first.wait_for()
        page.evaluate("document.fonts.load('1em Gallery')")  # fails where it is not installed: fonts-dejavu-core
        page.evaluate("document.querySelector('readmeter-wall')?.scrollIntoView({block: 'center'})")
        settle(page)
        shot = {"format": "webp", "quality": 50}
        return base64.b64decode(context.new_cdp_session(page).send("Page.captureScreenshot", shot)["data"])
    finally:
        context.close()


def wait_on(page: Page, questions: int) -> None:
    """Lets time pass until so many more questions were answered, and what they led to is there."""
    for _ in range(questions):
        with page.expect_response("**/v1/views"):
            page.clock.fast_forward(2100)
    if questions:
        page.locator("readmeter-wall section button").wait_for()


def _answer(look: Look) -> dict[str, Any]:
    decision = DECISIONS["wall" if look.prompt in WAITS else look.prompt]
    rules = replace(PROMPT, help_url="https://www.example.com/help") if look.prompt in WAITS else PROMPT
    prompt = prompt_for(decision, rules, [look.language], "https://www.example.com/")
    assert prompt
    allowance = asdict(decision.allowance) | {"remaining": decision.allowance.remaining} if decision.allowance else {}
    answer = granted() if decision.access == "granted" else denied()
    return answer | allowance | {"reason": decision.reason, "prompt": prompt.document()}
