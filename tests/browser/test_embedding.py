"""However a page takes the snippet in, an article is counted once and shows its bar: a page for each way."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live import BODY, HEAD, SITE, Live
from tests.browser.reader import Reader, settle

TAG = f'<script async src="{{api}}/v1/snippet.js" data-site="{SITE}"></script>'
FOUR = "You have 4 free articles remaining. Subscribe for unlimited access."

WAYS = {
    # Optimizers that strip attributes leave the address or the configuration.
    "attributes-stripped-address": '<script async src="{api}/v1/snippet.js?site=riotimes"></script>',
    "attributes-stripped-configuration": (
        '<script>window.readmeterConfig = {site: "riotimes"}</script><script async src="{api}/v1/snippet.js"></script>'
    ),
    "loaded-twice": TAG * 2,
    "two-copies": TAG
    + """<script>(async () => {
        const text = await (await fetch('{api}/v1/snippet.js')).text();
        const copy = document.createElement('script');
        copy.src = URL.createObjectURL(new Blob([text], {type: 'text/javascript'}));
        window.readmeterConfig = {site: 'riotimes', api: '{api}'};
        document.head.append(copy);
    })()</script>""",
    "loaded-late": """<script>addEventListener('load', () => setTimeout(() => {
        const tag = document.createElement('script');
        tag.src = '{api}/v1/snippet.js'; tag.dataset.site = 'riotimes';
        document.body.append(tag);
    }, 5000))</script>""",
    # WP Rocket: the type is changed, the address moved; at the first touch of the page the element is made anew.
    "rocket-delay": """<script async type="rocketlazyloadscript" data-rocket-src="{api}/v1/snippet.js"
        data-site="riotimes"></script>
    <script>addEventListener('mousemove', () => document.querySelectorAll('[type^=rocket]').forEach(old => {
        const made = document.createElement('script');
        for (const {name, value} of old.attributes)
            if (name != 'type') made.setAttribute(name.replace('data-rocket-', ''), value);
        old.replaceWith(made);
    }), {once: true})</script>""",
    # Cloudflare Rocket Loader: scripts have a type of their own and are run one by one after the page.
    "rocket-loader": """<script type="c0ffee-text/javascript" src="{api}/v1/snippet.js" data-site="riotimes"></script>
    <script>addEventListener('load', () => document.querySelectorAll('[type^=c0ffee]').forEach(old => {
        const made = document.createElement('script');
        made.async = false;
        for (const {name, value} of old.attributes) if (name != 'type') made.setAttribute(name, value);
        made.setAttribute('data-cf-settled', '');
        old.before(made);
        old.remove();
    }))</script>""",
    # A tag manager's custom HTML: markup that is parsed, its scripts made anew and removed once they have loaded.
    "tag-manager": """<script>window.dataLayer = [{'gtm.start': Date.now(), event: 'gtm.js'}];
    addEventListener('DOMContentLoaded', () => {
        const holder = document.createElement('div');
        holder.innerHTML = '<script async src="{api}/v1/snippet.js?site=riotimes"></' + 'script>';
        document.body.append(holder);
        const old = holder.firstChild, made = document.createElement('script');
        made.src = old.src;
        made.onload = () => holder.remove();
        old.replaceWith(made);
    })</script>""",
    "async-and-defer": TAG.replace("async", "async defer"),
    "module": TAG.replace("async", 'type="module" crossorigin'),
}
TOUCHED = {"rocket-delay"}
LATE = {"loaded-late"}


def counts_once(page: Page, live: Live) -> None:
    Reader(page).reads(FOUR)
    settle(page)
    assert len(live.bodies) == 1
    assert live.bodies[0]["site"] == SITE


@pytest.mark.parametrize("way", WAYS)
def test_it_counts_once(page: Page, live: Live, way: str) -> None:
    if way in LATE:
        page.clock.install()
    page.goto(live.page(f"/{way}", WAYS[way]))
    settle(page)
    if way in TOUCHED:
        assert live.bodies == []
        page.mouse.move(5, 5)
    if way in LATE:
        page.clock.fast_forward(4_900)
        assert live.bodies == []
        page.clock.fast_forward(200)
    counts_once(page, live)


@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("body-end", f"<!doctype html><html lang=en><head>{HEAD}</head><body>{BODY}{TAG}</body></html>"),
        ("before-html", f"{TAG}<!doctype html><html lang=en><head>{HEAD}</head><body>{BODY}</body></html>"),
        ("blocking", f"<!doctype html>{TAG.replace('async', '')}<html lang=en><head>{HEAD}</head><body>{BODY}"),
    ],
)
def test_it_counts_once_wherever_it_stands(page: Page, live: Live, name: str, html: str) -> None:
    page.goto(live.page(f"/{name}", html=html))
    counts_once(page, live)
    assert live.bodies[0]["locale"] == "en"


def test_every_way_takes_the_next_view_along(page: Page, live: Live) -> None:
    page.goto(live.page("/first", WAYS["tag-manager"]))
    counts_once(page, live)
    page.goto(live.page("/second", WAYS["rocket-loader"]))
    expect(Reader(page).status).to_have_text("You have 3 free articles remaining. Subscribe for unlimited access.")
