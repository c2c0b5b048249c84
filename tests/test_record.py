"""One run, told in five places: read back from each of them, it is the same run."""

import json

import numpy as np
import pytest
import torch
from glassine import ledger
from glassine.cli.results import delivered_facts
from glassine.flow import pages
from glassine.flow.deliver import deliver
from glassine.formats import FORMATS
from glassine.marks import receipt
from glassine.messages import message
from glassine.plain import plain
from glassine.record import (
    IN_LINE,
    IN_RECEIPT,
    ON_PAGE,
    VERSION,
    RunRecord,
    parts,
    read_record,
    told,
)
from glassine.service.methods import METHODS
from glassine.service.state import State
from glassine.types import Export, Intent, Keep, quiet

pytestmark = pytest.mark.usefixtures("one_viewer")

ENTRY = ("engine", "title", "watermark", "seed", "sha256_file")  # columns of the ledger
ANSWER = ("format", "marks", "sha256", "width", "height", "caption", "seed", "surrogates", "notes")


@pytest.fixture
def made(tmp_path, scene):
    """A poison with marks, delivered as a file with its page and its receipt."""
    source = tmp_path / "teal.png"
    alpha = torch.ones(1, *scene.shape[1:])
    alpha[:, :8] = 0
    source.write_bytes(FORMATS["png"].write(scene, alpha, Keep(), 95))
    intent = Intent(
        recipe="poison",
        shows="apple",
        teach="cat",
        effort="preview",
        seed=5,
        surrogates=("embedded",),
        export=Export(format="jpeg", quality=91, marks=("receipt",), sidecar=True),
    )
    return deliver(source, tmp_path / "copy.jpg", intent, device="cpu")


def test_the_same_run_is_read_back_from_page_receipt_and_json(made):
    whole = made.report.record
    assert whole.version == VERSION and whole.caption == "a picture of an apple"
    assert whole.notes, "JPEG has no transparency, and says so"
    page = pages.page_record(made.page)
    assert parts(page, ON_PAGE) == parts(whole, ON_PAGE)
    line = read_record(json.loads(json.dumps(delivered_facts(made), allow_nan=False)))
    assert parts(line, IN_LINE) == parts(whole, IN_LINE)
    noted = receipt.record_of_entry(ledger.by_sha256(whole.sha256))
    assert parts(noted, (*IN_RECEIPT, *ENTRY)) == parts(whole, (*IN_RECEIPT, *ENTRY))
    beside = json.loads(made.sidecar.read_text("utf-8"))
    beside = read_record({**beside["settings"], "sha256": beside["sha256"]})
    assert parts(beside, (*IN_RECEIPT, "sha256")) == parts(whole, (*IN_RECEIPT, "sha256"))
    assert {page.version, line.version, noted.version, beside.version} == {VERSION}


def test_the_same_run_is_read_back_from_the_service(scene):
    numbers = (scene.permute(1, 2, 0).numpy() * 100 + 100).astype(np.uint8)
    pixels = np.dstack([numbers, np.full(numbers.shape[:2], 2**8 - 1, np.uint8)])
    height, width = pixels.shape[:2]
    about = {"width": width, "height": height, "order": "BGRA", "type": "u8"}
    wish = {"recipe": "poison", "shows": "apple", "teach": "cat", "effort": "preview"}
    wish |= {"surrogates": ["embedded"], "seed": 1, "export": {"marks": ["receipt"]}}
    state, blobs = State(), {"pixels": bytearray(pixels.tobytes())}
    answer = METHODS["export"]({"pixels": about, "intent": wish}, blobs, quiet, state)
    said = read_record(json.loads(json.dumps(plain(answer.result), allow_nan=False)))
    noted = receipt.record_of_entry(state.awaited[answer.result.sha256])
    shared = set(ANSWER) & {*IN_RECEIPT, *ENTRY}
    assert parts(noted, shared) == parts(said, shared) and "caption" in shared
    on_page = set(ANSWER) - {"marks"}
    assert parts(said, on_page) == parts(page_in(answer), on_page) and said.marks == ("receipt",)
    layer = METHODS["protect"]({"pixels": about, "intent": wish}, blobs, quiet, state).result
    same = ("surrogates", "caption", "seed")
    assert parts(read_record(plain(layer)), same) == parts(said, same)


def page_in(answer):
    text = bytes(answer.blobs["report"]).decode()
    return read_record(json.loads(text.split('id="report">')[1].split("</script>")[0])["facts"])


OLD_PAGE = {
    "engine": "0.1.0",
    "recipe": "cloak",
    "goals": ["the style 'ember'"],
    "goal_names": ["style"],
    "score": 70.0,
    "steps": 10,
    "seed": 3,
    "surrogates": ["sd15"],
    "format": "png",
    "size": [3, 2],
    "notes": ["a note"],
    "sha256_file": "0" * 64,
}
OLD_SETTINGS = {"recipe": "cloak", "score": 70.0, "goals": ["style"], "creator": "Ada", "sizes": []}


def test_a_page_of_before_is_still_understood(tmp_path):
    page = tmp_path / "a.html"
    block = json.dumps({"schema": 1, "facts": OLD_PAGE})
    page.write_text(f'<script type="application/json" id="report">{block}</script>')
    read = pages.page_record(page)
    assert (read.version, read.engine, read.seed, read.size) == (0, "0.1.0", 3, (3, 2))
    assert (read.goals, read.notes) == (("the style 'ember'",), ("a note",))
    assert read.sha256 == "0" * 64


def test_a_receipt_of_before_is_still_understood():
    """There the names of goals were called goals."""
    entry = ledger.Entry(
        sha256="1" * 64,
        hashes=b"",
        title="Sun",
        format="png",
        version="0.1.0",
        settings=OLD_SETTINGS,
        watermark=7,
        seed=3,
    )
    read = receipt.record_of_entry(entry)
    assert (read.goals, read.goal_names, read.creator) == ((), ("style",), "Ada")
    assert (read.sha256, read.title, read.watermark, read.seed) == ("1" * 64, "Sun", 7, 3)


@pytest.mark.parametrize("said", ["", [], 7, None, {"seed": "many", "notes": 3, "size": ["a"]}])
def test_nonsense_says_nothing(said):
    assert read_record(said) == RunRecord()


def test_what_is_told_in_codes_is_kept_with_its_words():
    record = RunRecord(notes=(message("service.as_read"), "as before"))
    kept = told(record, ("notes",))
    assert kept["notes"][0]["says"].startswith("Measured on") and kept["version"] == 0
    assert read_record(json.loads(json.dumps(kept))) == record
