"""A web of a few addresses, as the doctor visits it."""

import io
from dataclasses import dataclass, field

from readmeter.command.client import Request, Response

ORIGIN = "https://www.riotimesonline.com"
URL = f"{ORIGIN}/markets/coffee"
API = "https://api.readmeter.test"
HTML = "text/html; charset=utf-8"
TEXT = [
    f"Paragraph {n} tells at length what a sack of coffee “costs” in Santos & why — all in all {n * 17} lines."
    for n in range(1, 6)
]


def article(head: str = "", text: str = "", tag: str | None = None, canonical: str = URL) -> str:
    """A page with nothing wrong, unless told otherwise."""
    script = f'<script async src="{API}/v1/snippet.js" data-site="riotimes"></script>' if tag is None else tag
    paragraphs = "".join(f"<p>{each.replace('&', '&amp;')}</p>" for each in TEXT)
    return f"""<!doctype html><html><head>
        <link rel="canonical" href="{canonical}">
        <meta property="og:type" content="article">
        <script type="application/ld+json">{{"@type": "NewsArticle", "isAccessibleForFree": false, "hasPart":
          {{"@type": "WebPageElement", "isAccessibleForFree": false, "cssSelector": ".story-text"}}}}</script>
        {script}{head}</head>
        <body><article><header><p>A kicker<h1>Coffee</h1></header>
        {text or f'<div class="story-text" itemprop="articleBody">{paragraphs}</div>'}</article></body></html>"""


@dataclass
class Web:
    """A `Transport`. What is at no address is 404."""

    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def put(self, url: str, body: str | bytes, kind: str = HTML, status: int = 200, **headers: str) -> None:
        named = {"content-type": kind} | {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[url] = (status, named, body.encode() if isinstance(body, str) else body)

    def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        status, headers, body = self.pages.get(request.url, (404, {"content-type": HTML}, b""))
        return Response(status, io.BytesIO(body), headers)
