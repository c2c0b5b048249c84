"""The page for people in a real Chromium: a picture dropped, compared and taken away."""

import pytest
from glassine.flow.read import read
from glassine.formats import FORMATS
from glassine.messages import LANGUAGES
from glassine.messages.words import table
from glassine.types import Keep

pytest.importorskip("fastapi", reason="the extra `site` is not installed")

import served
from chromium import chromium
from glassine.batch.worker import Outcome
from glassine.site.limits import Limits
from waiting import until

STICKING = """[...document.querySelectorAll('body *')].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width > 1 && (box.right > innerWidth + 1 || box.left < -1);
}).map((one) => one.outerHTML.slice(0, 80))"""
SMALL = """[...document.querySelectorAll('button, a, select, input, .drop')].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.height > 1 && box.height < 20;
}).map((one) => one.outerHTML.slice(0, 80))"""
UNSEEN = "(one => getComputedStyle(one).display === 'none')"
CUT = """[...document.querySelectorAll('select')].filter((one) => {
  const paint = document.createElement('canvas').getContext('2d');
  paint.font = getComputedStyle(one).font;
  return paint.measureText(one.selectedOptions[0].text).width > one.clientWidth - 48;
}).map((one) => one.id)"""
ORDER = """(document.getElementById('doubts-box').compareDocumentPosition(
  document.getElementById('four')) & Node.DOCUMENT_POSITION_FOLLOWING) > 0"""
FOCUS = "document.activeElement.id"
WATCH_FOLD = """new MutationObserver(() => {
  const way = document.getElementById('way');
  if (!way.hidden && window.below === undefined)
    requestAnimationFrame(() => (window.below = way.getBoundingClientRect().bottom - innerHeight));
}).observe(document.getElementById('way'), { attributes: true });
scrollTo(0, document.getElementById('start').getBoundingClientRect().bottom - innerHeight); 0"""
DONE = "!document.getElementById('made').hidden || !document.getElementById('trouble').hidden"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The service, a browser's tab, and a picture on the disk."""
    import torch

    folder = tmp_path_factory.mktemp("page")
    y, x = torch.meshgrid(torch.linspace(0, 1, 64), torch.linspace(0, 1, 96), indexing="ij")
    rgb = torch.stack((0.3 + 0.5 * y, 0.5 + 0.2 * x * y, (0.9 - 0.6 * y) * (x > 0.4)))
    picture = folder / "my secret lake.png"
    picture.write_bytes(FORMATS["png"].write(rgb.clamp(0, 1), None, Keep(), 95))
    with (
        pytest.MonkeyPatch.context() as patch,
        served.service(folder, Limits(bytes=1 << 20)) as client,
        chromium(folder / "home") as tab,
    ):
        patch.setenv("GLASSINE_SITE_KEYS", str(folder / "keys.json"))
        yield client, tab, picture


@pytest.mark.usefixtures("one_viewer")
def test_a_picture_goes_its_way_by_keyboard_alone(made):
    """Chosen, started, compared, looked at as a difference, saved and deleted, at 390 pixels."""
    client, tab, picture = made
    address = f"http://localhost:{client.port}/"
    tab.open(address, width=390, height=844)
    tab.walk_to("file")
    tab.give("#file", picture)
    tab.until("!document.getElementById('start').disabled")
    tab.walk_to("effort")
    tab.value("document.getElementById('effort').value = 'preview'")
    tab.press("Tab")
    assert tab.value(FOCUS) == "start"
    tab.value(WATCH_FOLD)
    tab.press("Enter")
    tab.until(DONE)
    assert tab.value("window.below") < 2, "how far it is is seen without scrolling"
    assert tab.value("document.getElementById('trouble').textContent") == ""
    assert tab.value(FOCUS) == "made-title", "a screen reader hears that it is done"
    assert tab.value(STICKING) == [] and tab.value(SMALL) == []
    for name in ("people", "models", "away", "next"):
        assert len(tab.value(f"document.getElementById('{name}').textContent")) > 10
    seen_left = "getComputedStyle(document.getElementById('before')).clipPath"
    before = tab.value(seen_left)
    tab.walk_to("wipe")
    tab.press("ArrowRight")
    assert tab.value(seen_left) != before
    assert "51 %" in tab.value("document.getElementById('wipe').getAttribute('aria-valuetext')")
    tab.press("Tab")
    assert tab.value(FOCUS) == "diff"
    tab.press("Space")
    tab.until("document.getElementById('change').width === 96")
    assert tab.value(f"{UNSEEN}(document.getElementById('wipe'))"), "there is no line to move"
    painted = tab.value(
        "[...document.getElementById('change').getContext('2d')"
        ".getImageData(0, 0, 96, 64).data].filter((one, at) => at % 4 < 3 && one !== 128).length"
    )
    assert painted > 1000, "the difference shows"
    tab.walk_to("download")
    tab.press("Enter")
    saved = tab.downloads / "my secret lake.glassine.png"
    until(lambda: saved.is_file() and read(saved).rgb.shape == (3, 64, 96), "the copy")
    assert [job.standing.state for job in client.site.jobs] == ["done"]
    tab.walk_to("remove")
    tab.press("Enter")
    tab.until("!document.getElementById('trouble').hidden")
    assert list(client.site.jobs) == [] and list(client.site.jobs.root.iterdir()) == []
    asked = [url for url in tab.asked if not url.startswith(("blob:", "data:"))]
    assert asked and all(url.startswith(address) for url in asked)
    assert not any("secret" in url for url in asked)
    assert tab.errors == [] and tab.call("Network.getCookies")["cookies"] == []
    assert tab.value("localStorage.length + sessionStorage.length") == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_it_fits_and_is_heard_in_every_language(made, language, width, dark):
    client, tab, _ = made
    tab.open(f"http://localhost:{client.port}/", width, language=language, dark=dark)
    assert tab.value("document.documentElement.lang") == language
    assert tab.value(CUT) == [], "a choice can be read whole"
    assert tab.value(ORDER), "doubts come before the figures"
    assert tab.value(STICKING) == [] and tab.value(SMALL) == []
    heard = tab.heard()
    rows = table(language)
    for code in ("strength", "style", "effort"):
        assert any(
            role == "combobox" and name == rows[f"serve.page_{code}"] for role, name in heard
        )
    assert ("button", rows["serve.page_start"]) in heard
    assert any(rows["serve.page_drop"] in name for _, name in heard)
    unnamed = [role for role, name in heard if not name and role in ("button", "link", "combobox")]
    assert unnamed == [] and tab.errors == []


def test_what_went_wrong_is_said_on_the_page(made, tmp_path):
    client, tab, _ = made
    tab.open(f"http://localhost:{client.port}/", language="de")
    odd = tmp_path / "odd.png"
    odd.write_bytes(b"GIF89a" + bytes(200))
    tab.give("#file", odd)
    tab.until("!document.getElementById('start').disabled")
    tab.value("document.getElementById('start').click()")
    tab.until(DONE)
    said = tab.value("document.getElementById('trouble').textContent")
    assert said.startswith("Diese Art Datei wird hier nicht angenommen")
    assert tab.value("document.getElementById('trouble').getAttribute('role')") == "alert"
    assert tab.value(FOCUS) == "start", "what had the focus is hidden"
    sent = len(tab.asked)
    large = tmp_path / "large.png"
    large.write_bytes(bytes(1 << 20))
    tab.give("#file", large)
    tab.until("document.getElementById('start').disabled")
    said = tab.value("document.getElementById('trouble').textContent")
    assert said == table("de")["serve.page_too_large"].format(megabytes=1)
    assert all(url.startswith("blob:") for url in tab.asked[sent:]), "it is not sent in vain"


HELD = """const whole = fetch;
window.fetch = async (path, how) => {
  const got = await whole(path, how);
  if (how && how.method === "POST") await new Promise((go) => { window.go = go; });
  if (window.broken) throw new TypeError("no way");
  return got;
}; 0"""


@pytest.fixture
def copier(made, monkeypatch):
    """The worker copies each picture, as a PNG."""
    client, _, picture = made

    def do(task, watch):
        task.target.write_bytes(picture.read_bytes())
        page = '<script type="application/json" id="report">{"glance": {}}</script>'
        task.target.with_suffix(".html").write_text(page)
        return Outcome()

    monkeypatch.setattr(client.site.hands._hands[0], "do", do)


@pytest.mark.usefixtures("copier")
def test_what_was_given_up_is_deleted_and_never_shown(made):
    """Also while the picture is still being sent; and no deletion is claimed that was none."""
    client, tab, picture = made
    for left in client.site.jobs:  # of a test before
        client.site.jobs.delete(left)
    tab.open(f"http://localhost:{client.port}/")
    tab.value(HELD)
    tab.give("#file", picture)
    tab.until("!document.getElementById('start').disabled")
    tab.value("document.getElementById('start').click()")
    tab.until("window.go !== undefined")
    assert len(list(client.site.jobs)) == 1, [job.standing for job in client.site.jobs]
    tab.value("document.getElementById('cancel').click()")
    tab.until("!document.getElementById('trouble').hidden")
    tab.value("window.go()")
    until(lambda: not list(client.site.jobs), "the job gone")
    removed = table("en")["serve.page_removed"]
    assert tab.value("document.getElementById('trouble').textContent") == removed
    assert tab.value("document.getElementById('made').hidden && !window.broken")
    tab.value("delete window.go; document.getElementById('start').click()")
    tab.until("window.go !== undefined")
    tab.value("window.go()")
    tab.until("!document.getElementById('made').hidden")
    tab.value("window.broken = true; document.getElementById('remove').click()")
    lost = table("en")["serve.page_lost"]
    tab.until(f"document.getElementById('trouble').textContent === {lost!r}")
    for job in client.site.jobs:
        client.site.jobs.delete(job)


@pytest.mark.usefixtures("copier")
def test_a_picture_that_browsers_cannot_show_has_no_broken_comparison(made, tmp_path):
    client, tab, picture = made
    before = list(tab.errors)
    tab.open(f"http://localhost:{client.port}/")
    scan = tmp_path / "scan.tif"
    scan.write_bytes(FORMATS["tiff"].write(read(picture).rgb, None, Keep(), 95))
    tab.give("#file", scan)
    tab.until("document.getElementById('chosen').hidden")
    tab.value("document.getElementById('start').click()")
    tab.until("!document.getElementById('made').hidden")
    shown = "[...document.querySelectorAll('#made *')].filter((one) => one.offsetHeight > 0)"
    ids = tab.value(f"{shown}.map((one) => one.id)")
    assert "after" in ids and not {"before", "wipe", "diff"} & set(ids)
    assert tab.value("document.getElementById('download').download") == "scan.glassine.png"
    assert tab.errors == before
