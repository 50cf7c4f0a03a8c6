"""How smooth the map of a space is: the time of each frame in Chromium while it is zoomed, moved, hovered and morphed.

    python -m benchmarks.space [--pictures 5000] [--texts 0] [--ratio 1] [--browser chromium]

A page of that many made-up pictures is opened, and a person's hands are played on it. Told are, for each thing that is
done, the time from one frame to the next (what is felt; 16.7 ms where nothing waits), and how long the map takes to
paint one (its own part). Without a graphics card Chromium rasters on the processor: that is the slow case.
"""

import argparse
import shutil
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from seeread.data.sets.item import Item
from seeread.spaces.clusters import cluster, named
from seeread.spaces.gap import closed, modality_gap
from seeread.spaces.gather import Text
from seeread.spaces.likeness import neighbours
from seeread.spaces.page import page
from seeread.spaces.project import project
from seeread.spaces.space import Space

GROUPS, DIMENSION = 24, 64

WATCH = """() => {
  const map = document.querySelector("sr-space").map;
  map.frames = { count: 0, milliseconds: 0 };
  window.gaps = [];
  let last = performance.now();
  window.watching = true;
  const frame = (now) => {
    window.gaps.push(now - last);
    last = now;
    if (window.watching) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
DONE = """() => {
  window.watching = false;
  return { gaps: window.gaps.slice(1), ...document.querySelector("sr-space").map.frames };
}"""


def made_up(pictures: int, texts: int) -> Space:
    """A space of random vectors around a few middles, with a gap; its pictures are flat colours."""
    torch.manual_seed(0)
    middles = torch.randn(GROUPS, DIMENSION)

    def some(count: int, side: float) -> torch.Tensor:
        vectors = middles[torch.randint(GROUPS, (count,))] + 0.8 * torch.randn(count, DIMENSION)
        vectors[:, 0] += 4 * side
        return F.normalize(vectors, dim=-1)

    seen, read = some(pictures, 1.0), some(max(texts, 2), -1.0)
    moved = torch.cat([closed(seen), closed(read)])
    first = project(torch.cat([seen, read]))
    items = tuple(Item(f"picture {number}.jpg", b"") for number in range(pictures))
    words = tuple(Text(f"text {number}", "caption") for number in range(len(read)))
    colours = [_flat(number) for number in range(97)]
    return Space(
        "made up", "pictures", "pca", items, words, seen, read, first, project(moved).turned_like(first),
        modality_gap(seen, read), tuple(named(seen, cluster(seen, GROUPS), [], read)), neighbours(seen)[0],
        neighbours(seen, read, top=2)[0], (), (), tuple(colours[number % 97] for number in range(pictures)),
        total=pictures,
    )  # fmt: skip


def _flat(number: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (64, 48), (number * 37 % 256, number * 91 % 256, number * 151 % 256)).save(file, "JPEG")
    return file.getvalue()


def play(browser: Page) -> dict[str, Any]:
    """What hands do, and what came of it: for each the gaps between frames, and the painting."""
    box = browser.evaluate(
        "() => { const b = document.querySelector('sr-space').sky.getBoundingClientRect();"
        " return [b.x, b.y, b.width, b.height]; }"
    )
    middle = box[0] + box[2] / 2, box[1] + box[3] / 2
    found = {}

    def watched(what: str, act: Any) -> None:
        browser.wait_for_timeout(300)
        browser.evaluate(WATCH)
        act()
        found[what] = browser.evaluate(DONE)

    def drag() -> None:
        browser.mouse.move(*middle)
        browser.mouse.down()
        for step in range(60):
            browser.mouse.move(middle[0] + 3 * (step % 30), middle[1] + 2 * (step % 20))
            browser.wait_for_timeout(8)
        browser.mouse.up()

    def hover() -> None:
        for step in range(80):
            browser.mouse.move(middle[0] - 160 + 4 * step, middle[1] + 40 * ((step % 9) - 4) / 4)
            browser.wait_for_timeout(8)

    def wheel(way: int) -> None:
        browser.mouse.move(*middle)
        for _ in range(60):
            browser.mouse.wheel(0, way * 30)
            browser.wait_for_timeout(8)

    def morph() -> None:
        browser.evaluate("() => { const v = document.querySelector('sr-space'); v.calm = false; v.side('closed'); }")
        browser.wait_for_timeout(900)

    watched("gap closes", morph)
    watched("move", drag)
    watched("hover", hover)
    watched("zoom in", lambda: wheel(-1))
    watched("zoom out", lambda: wheel(1))
    return found


def main() -> None:
    """Make the page, play, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--texts", type=int, default=0)
    parser.add_argument("--ratio", type=float, default=1.0, help="Pixels of the screen per pixel of the page.")
    parser.add_argument("--browser", default=shutil.which("chromium") or "chromium")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "space.html"
        path.write_text(page(made_up(options.pictures, options.texts)))
        print(f"{options.pictures:,} pictures and {options.texts:,} texts, {path.stat().st_size / 2**20:.1f} MiB")
        chromium = playwright.chromium.launch(executable_path=options.browser, args=["--no-sandbox"])
        context = chromium.new_context(viewport={"width": 1280, "height": 860}, device_scale_factor=options.ratio)
        browser = context.new_page()
        browser.goto(path.as_uri())
        browser.wait_for_timeout(1500)
        print(f"{'':12}{'frames':>8}{'median':>9}{'95 of 100':>11}{'worst':>8}{'painting':>10}   in milliseconds")
        for what, seen in play(browser).items():
            gaps = torch.tensor(seen["gaps"])
            paint = seen["milliseconds"] / max(seen["count"], 1)
            print(
                f"{what:12}{len(gaps):8}{gaps.median():9.1f}{gaps.quantile(0.95):11.1f}{gaps.max():8.1f}{paint:10.2f}"
            )
        chromium.close()


if __name__ == "__main__":
    main()
