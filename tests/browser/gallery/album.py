"""The album in docs/gallery: a picture of each look, one page to leaf through them. `make gallery` takes it anew."""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.chromium import launched
from tests.browser.gallery.looks import LOOKS, PROMPTS, TEMPLATES, newspaper, picture

ALBUM = Path(__file__).parents[3] / "docs" / "gallery"


def page() -> str:
    """The album's page; its pictures lie beside it."""
    return TEMPLATES.get_template("album.html").render(looks=LOOKS, prompts=PROMPTS) + "\n"


def take(album: Path) -> None:
    """Writes the page and its pictures into the folder `album`, which holds nothing else then."""
    shutil.rmtree(album, ignore_errors=True)
    album.mkdir(parents=True)
    with newspaper() as paper, sync_playwright() as playwright, launched(playwright) as chromium:
        for look in LOOKS:
            (album / f"{look.name}.webp").write_bytes(picture(look, paper, chromium))
    (album / "index.html").write_text(page(), "utf-8")


if __name__ == "__main__":
    take(ALBUM)
