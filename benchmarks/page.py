"""What the snippet takes of a page's main thread in real Chromium, beside a page without it and with the floor."""

import random
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks.figures import Headline, Part, Spread, Table
from benchmarks.snippet import minified_floor
from tests.browser.chromium import launched
from tests.browser.publisher import Api, Paper, Reply, Sent, denied, granted, serving

_PHONE: dict[str, Any] = {"viewport": {"width": 375, "height": 740}, "is_mobile": True, "has_touch": True}
_SLOWDOWN = 4  # of the processor: a phone of the middle class beside a desktop
# Resolves when the page shows what it has to show, and two frames later; the same script on every page.
_WATCH = """
self.shown = new Promise((done) => {{
  const settled = () => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true), 100)));
  addEventListener('{event}', settled, {{ once: true }});
}});
"""
_FIGURES = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
_WITHOUT, _FLOOR, _BAR, _WALL = "no tag", "floor", "Readmeter, bar shown", "Readmeter, wall shown"
_EVENTS = {_WITHOUT: "load", _FLOOR: "floor", _BAR: "readmeter:shown", _WALL: "readmeter:shown"}

_BEFORE = """\
One article of 40 paragraphs on a phone's screen in Chromium, its processor slowed down {slowdown} times,
loopback, nothing cached: ms of the main thread's own CPU time from the start of the navigation until the bar or
the wall is on the page and two frames have passed; least / middle / most of {runs} loads in a shuffled order,
each in a browser context of its own. Scripts, style and layout are parts of all tasks. What a tag costs is its
row less the first."""

_AFTER = """\
The network of a real page is not in it: the script is `async`, so that its bytes hold up no parsing and no
paint, and the article is on the screen before the answer comes."""


def measure(runs: int) -> Part:
    with serving() as api_server, serving() as paper_server, sync_playwright() as playwright:
        api = Api(api_server)
        pages = _pages(api, Paper(paper_server, api))
        found: dict[str, list[Mapping[str, float]]] = {name: [] for name in pages}
        with launched(playwright) as browser:
            for round_ in range(runs + 1):
                for name in random.sample(list(pages), len(pages)):
                    api.answer = denied() if name == _WALL else granted()
                    loaded = _load(browser, pages[name], _EVENTS[name])
                    if round_:  # the first round warms the browser up
                        found[name].append(loaded)
    spreads = {
        name: {each: Spread([load[each] * 1e3 for load in loads]) for each in _FIGURES} for name, loads in found.items()
    }
    rows = [
        (name, *(spread[each].text(1) for each in _FIGURES), f"{_more(spreads, name):+.1f}")
        for name, spread in spreads.items()
    ]
    columns = ("page with", "all tasks, ms", "scripts", "layout", "style", "all tasks, more than without")
    headline = Headline(
        "Main thread of a page view (4 times slower processor)",
        "ms",
        _more(spreads, _BAR),
        "floor",
        _more(spreads, _FLOOR),
        1,
        timed=True,
    )
    before = _BEFORE.format(runs=runs, slowdown=_SLOWDOWN)
    return Part("page", before, [Table(columns, rows)], _AFTER, [headline])


def _pages(api: Api, paper: Paper) -> dict[str, str]:
    """Addresses of the same article with each tag. The API serves the floor beside the snippet."""
    served, floor = api.server.reply, minified_floor()

    def reply(sent: Sent) -> Reply:
        if sent.path == "/floor.js":
            return 200, {"content-type": "text/javascript"}, floor
        return served(sent)

    api.server.reply = reply
    text = "".join(
        f"<p>Paragraph {n}. {'The city kept its promise and the river its bed. ' * 8}</p>" for n in range(40)
    )
    body = f"<main><article><h1>An article</h1>{text}</article></main>"
    floor_tag = f'<script async src="{api.url}/floor.js" data-site=riotimes data-api="{api.url}"></script>'
    return {
        _WITHOUT: paper.page("/without", body=body, script=""),
        _FLOOR: paper.page("/floor", body=body, script=floor_tag),
        _BAR: paper.page("/bar", body=body),
        _WALL: paper.page("/wall", body=body),
    }


def _load(browser: Browser, address: str, event: str) -> Mapping[str, float]:
    """Seconds of the main thread, by what it did. Past Playwright, whose own scripts would be counted too."""
    context = browser.new_context(**_PHONE)
    session = context.new_cdp_session(context.new_page())
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    session.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWDOWN})
    session.send("Page.enable")
    session.send("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH.format(event=event)})
    before = _metrics(session)
    session.send("Page.navigate", {"url": address})
    shown = session.send("Runtime.evaluate", {"expression": "self.shown", "awaitPromise": True})
    assert shown["result"].get("value") is True, "the page went away before it showed anything"
    after = _metrics(session)
    context.close()
    return {name: after[name] - before[name] for name in _FIGURES}


def _metrics(session: Any) -> Mapping[str, float]:
    return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}


def _more(spreads: Mapping[str, Mapping[str, Spread]], name: str) -> float:
    """How much more of the main thread this page takes than the one without a tag, in ms."""
    return spreads[name]["TaskDuration"].middle - spreads[_WITHOUT]["TaskDuration"].middle
