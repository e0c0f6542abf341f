"""The album shows what readers see today. Where a change of looks is meant: `make gallery`, and look at it."""

import base64
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.gallery.album import ALBUM, page
from tests.browser.gallery.looks import LOOKS, Look, newspaper, picture
from tests.browser.publisher import Paper

SEEN = ALBUM.parents[1] / "build" / "gallery"
# The share of 8 × 8 blocks that may differ: glyphs are drawn a little otherwise by another Chromium, but nothing moves.
MOST = 0.002
DIFFERING = """async ([one, other]) => {
  const blocks = async (picture) => {
    const bitmap = await createImageBitmap(await (await fetch('data:image/webp;base64,' + picture)).blob());
    const [width, height] = [bitmap.width >> 3, bitmap.height >> 3];
    const canvas = new OffscreenCanvas(width, height).getContext('2d');
    canvas.imageSmoothingQuality = 'high';
    canvas.drawImage(bitmap, 0, 0, width, height);
    return { size: `${bitmap.width} × ${bitmap.height}`, data: canvas.getImageData(0, 0, width, height).data };
  };
  const [a, b] = [await blocks(one), await blocks(other)];
  if (a.size != b.size) return 1;
  let differing = 0;
  for (let i = 0; i < a.data.length; i += 4)
    differing += [0, 1, 2].some((channel) => Math.abs(a.data[i + channel] - b.data[i + channel]) > 32);
  return (4 * differing) / a.data.length;
}"""


@pytest.fixture(scope="module")
def paper() -> Iterator[Paper]:
    with newspaper() as open_paper:
        yield open_paper


@pytest.fixture(scope="module")
def blank(chromium: Browser) -> Iterator[Page]:
    blank = chromium.new_page()
    yield blank
    blank.close()


def differing(page: Page, one: bytes, other: bytes) -> float:
    """The share of blocks that differ between two pictures."""
    share: float = page.evaluate(DIFFERING, [base64.b64encode(each).decode() for each in (one, other)])
    return share


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_each_prompt_looks_as_in_the_album(look: Look, paper: Paper, chromium: Browser, blank: Page) -> None:
    seen = picture(look, paper, chromium)
    share = differing(blank, (ALBUM / f"{look.name}.webp").read_bytes(), seen)
    if share > MOST:
        SEEN.mkdir(parents=True, exist_ok=True)
        (SEEN / f"{look.name}.webp").write_bytes(seen)
    assert share <= MOST, f"see build/gallery/{look.name}.webp; if that is meant: make gallery"


@pytest.mark.parametrize(
    "style",
    [
        "readmeter-bar { opacity: 0 }",
        "readmeter-bar { font-size: 18px }",
        "readmeter-bar { filter: hue-rotate(40deg) }",
    ],
)
def test_a_change_of_looks_is_noticed(style: str, paper: Paper, chromium: Browser, blank: Page) -> None:
    look = LOOKS[0]
    status, headers, html = paper.pages[f"/{look.language}"]
    paper.pages[f"/{look.language}"] = status, headers, html + f"<style>{style}</style>".encode()
    try:
        changed = picture(look, paper, chromium)
    finally:
        paper.pages[f"/{look.language}"] = status, headers, html
    assert differing(blank, (ALBUM / f"{look.name}.webp").read_bytes(), changed) > MOST


def test_the_album_has_a_page_of_its_pictures_and_nothing_else() -> None:
    assert (ALBUM / "index.html").read_text("utf-8") == page()
    assert {path.name for path in ALBUM.iterdir()} == {"index.html", *(f"{look.name}.webp" for look in LOOKS)}
