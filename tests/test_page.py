"""The report's page, in a real browser: nothing sticks out, nothing is asked of the network."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from itertools import pairwise

import pytest
import torch
from glassine.evidence.page.render import html
from glassine.evidence.sight import sighted
from glassine.flow.recipes import RECIPES
from glassine.flow.verify import verify
from glassine.messages import message
from glassine.purifiers.grain import noisy
from glassine.types import Artwork, Export, Goal, Plan, Protected
from glassine.units import Score
from waiting import PATIENCE

LONG = message("read.failed", path="/very/long/path" * 20, reason="a note without a single gap")
UNKIND = message("read.failed", path="A <b>bold</b> & dangerous note", reason="")
PROBE = """<script>
addEventListener("load", () => {
  const sticking = [...document.querySelectorAll("body *")].filter(e => {
    const box = e.getBoundingClientRect();
    return box.right > innerWidth + 1 && !e.closest(".scroll");
  }).map(e => e.tagName + "." + e.className);
  parent.postMessage(JSON.stringify({
    width: innerWidth, wide: document.documentElement.scrollWidth, sticking,
    asked: performance.getEntriesByType("resource").map(e => e.name).filter(n => !/^data:/.test(n)),
    broken: [...document.images].filter(i => !i.complete || !i.naturalWidth).length,
    images: document.images.length,
  }), "*");
});
</script>"""
FRAME = """<!doctype html><title></title><script>
addEventListener("message", event => { document.title = event.data; });
</script><iframe width="WIDTH" height="900" style="border: 0" srcdoc="PAGE"></iframe>"""
"""A frame, because no window can be made narrower than 500 pixels."""


@pytest.fixture(scope="module")
def page():
    """A poisoned picture with every section filled and an unkind note."""
    y, x = torch.meshgrid(torch.arange(72) / 72, torch.arange(120) / 120, indexing="ij")
    clean = torch.stack((x, y, (9 * x * y).sin().abs()))
    plan = Plan(
        artwork=Artwork(clean, notes=(LONG, UNKIND)),
        recipe=RECIPES["poison"],
        export=Export(format="png"),
        surrogates=("embedded",),
        held_out=(),
        goals=(Goal("concept", message("goal.concept", shows="dog", teach="cat"), 1 - clean),),
        allowance=torch.ones(1, 72, 120),
        score=Score(70),
        steps=10,
        seed=5,
        device="cpu",
        caption='a picture of a "dog" <i>',
    )
    made = Protected(plan, noisy(clean, 0.02, torch.Generator().manual_seed(2)))
    report = verify(made, purifiers=("jpeg75", "adverse_cleaner", "ffdnet"))
    return html(made, report, sighted(made))


class Outline(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.open = [], []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in ("meta", "img", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else"


@pytest.fixture(scope="module")
def outline(page):
    parser = Outline()
    parser.feed(page)
    assert not parser.open
    return parser.found


def test_doubts_come_before_pictures_and_pictures_before_numbers(page):
    at = [page.index(mark) for mark in ('id="doubts"', 'class="words"', "<img ", "<table>")]
    assert at == sorted(at)


def test_everything_is_inside_the_page(page, outline):
    for _, attributes in outline:
        for name in ("src", "href", "action", "data", "srcset"):
            assert (attributes.get(name) or "data:").startswith("data:")
    assert "@import" not in page and "url(" not in page
    assert all(a.get("type") == "application/json" for tag, a in outline if tag == "script")


def test_strangers_words_stay_words(page, outline):
    assert "<b>bold</b>" not in page and '"dog" <i>' not in page
    assert "&lt;b&gt;bold" in page


def test_what_cannot_be_seen_is_said(outline):
    assert all("alt" in attributes for tag, attributes in outline if tag == "img")
    assert sum(tag == "h1" for tag, _ in outline) == 1
    ids = [attributes["id"] for _, attributes in outline if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in outline:
        assert attributes.get("aria-labelledby", ids[0]) in ids
    levels = [int(tag[1]) for tag, _ in outline if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert ("html", {"lang": "en"}) in outline


def test_the_page_carries_its_data(page):
    inside = re.search(r'id="report">(.*?)</script>', page, re.DOTALL)[1]
    told = json.loads(inside)
    assert told["schema"] and told["facts"]["notes"][1]["fields"]["path"].startswith("A <b>bold")


def test_no_number_without_its_control(page):
    head = re.search(r"Effect per encoder.*?</thead>", page, re.DOTALL)[0]
    assert all(word in head for word in ("Covered", "Blend", "Moved", "Scattered", "JPEG 90"))


def browsed(page, folder, width, *options):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        pytest.skip("chromium is not installed")
    file = folder / "page.html"
    unlocked = page.replace("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'")
    inside = escape(unlocked.replace("</body>", PROBE + "</body>"))
    file.write_text(FRAME.replace("WIDTH", str(width)).replace("PAGE", inside), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    flags += ["--disable-background-networking", "--no-first-run", f"--user-data-dir={folder}/home"]
    done = subprocess.run(
        [
            chromium,
            *flags,
            "--window-size=1400,1000",
            "--virtual-time-budget=3000",
            "--dump-dom",
            *options,
            file.as_uri(),
        ],
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    title = re.search(r"<title>(.*?)</title>", done.stdout.decode(), re.DOTALL)[1]
    return json.loads(title.replace("&quot;", '"').replace("&amp;", "&"))


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_sticks_out_and_nothing_is_asked_for(page, tmp_path, width, theme):
    dark = ["--blink-settings=preferredColorScheme=0"] if theme == "dark" else []
    seen = browsed(page, tmp_path, width, *dark)
    assert seen["width"] == width
    assert seen["wide"] <= width and seen["sticking"] == []
    assert seen["asked"] == [] and seen["broken"] == 0 and seen["images"] >= 7


def test_the_probe_sees_what_sticks_out(page, tmp_path):
    """The guard above can fail."""
    hurt = page.replace("</main>", '<p style="width: 3000px">wide</p></main>')
    assert browsed(hurt, tmp_path, 390)["sticking"]


def test_a_page_without_doubts_still_begins_with_them():
    clean = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(1))
    plan = Plan(
        artwork=Artwork(clean),
        recipe=RECIPES["cloak"],
        export=Export(format="png"),
        surrogates=("embedded",),
        held_out=(),
        goals=(),
        allowance=torch.ones(1, 64, 64),
        score=Score(70),
        steps=1,
        seed=1,
        device="cpu",
    )
    made = Protected(plan, clean)
    page = html(made, replace(verify(made), doubts=()), sighted(made))
    assert "gave no reason for doubt" in page and "only proxies" in page
