"""The docker's languages: everything the engine can send to it has its words in all of them."""

import ast
import json
import string
import sys
from pathlib import Path

import pytest
from glassine.flow import settle
from glassine.flow.catalogue import catalogue
from glassine.marks.watermark import Match
from glassine.purifiers import PURIFIERS
from glassine.purifiers.sites import SITES

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "core" / "glassine"
sys.path.insert(0, str(ROOT / "krita_plugin"))

from glassine_krita.words.sentences import matched, patterns  # noqa: E402

TABLE = json.loads((ROOT / "krita_plugin/glassine_krita/words/texts.json").read_text("utf-8"))
LANGUAGES = ("en", "de", "ja")
RAISED = {"NotUsable", "WeightsMissing", "NoSolution", "OutOfMemory", "Unreadable"}
# What a request of the docker runs through; reading files and the commands it does not.
WAY = (
    *("explore", "marks", "pixels", "service", "surrogates", "targets", "registry.py"),
    *("machine/device.py", "machine/memory.py"),
    *(f"flow/{verb}.py" for verb in ("plan", "optimise", "settle", "mark", "encode")),
    *(f"flow/{beside}.py" for beside in ("aftermath", "recipes", "strength", "timing")),
)
APART = {
    "marks/containers.py": "metadata of a file that somebody else wrote; the docker's are new",
    "service/frames.py": "never shown: the engine is started again",
    "pixels/merged.py": "reading a painting program's file",
    "targets/captioner.py": "the command line's own",
}
KNOWN = patterns(TABLE)
# Words that would say that a style, or a picture, is out of danger.
PROMISES = {
    "en": ("shield", "safe", "to be protected at"),
    "de": ("der Schutz", "schützt es", "sicher"),
    "ja": ("守", "保護されます", "安全"),
}
PROPER = ("X (Twitter)", "Instagram", "Facebook", "Bluesky", "Mastodon", "Pixelfed", "ArtStation")


def sentences():
    """(file, English with {} gaps) of everything that is raised, noted or doubted on the way."""
    for path in sorted(CORE.rglob("*.py")):
        place = path.relative_to(CORE)
        on_the_way = place.parts[0] in WAY or place.as_posix() in WAY
        if not on_the_way or place.as_posix() in APART:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            raised = isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISED
            text = english(node.args[0]) if raised and node.args else ""
            if " " in text:  # the others are codes, with words of their own
                yield str(place), text


def english(node):
    """A literal's text, each gap filled with a word; "" for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(p.value if isinstance(p, ast.Constant) else "7" for p in node.values)
    return ""


def test_every_sentence_on_the_docker_s_way_is_translated():
    lost = [row for row in sentences() if not matched(row[1], KNOWN)[0]]
    assert not lost, lost
    assert len(list(sentences())) > 35, "the walk through the source finds nothing any more"


@pytest.mark.parametrize(
    ("sentence", "key"),
    [
        ("There is no style named 'embr'. Did you mean 'ember'?", "unknown_near"),
        ("There is no style named 'x'. Known: a, b.", "unknown"),
        (
            "The mark 'c2pa' needs c2pa, which is not installed. Install it with: pip install "
            "'glassine[c2pa]'",
            "missing",
        ),
        ("the style 'ember'", "goal_style"),
        ("dog taught as cat", "goal_concept"),
        ("CPU, 2 threads", "cpu"),
        ("16 bits do not fit into jpeg; PNG and TIFF keep them.", "note_bits"),
        ("JPEG has no transparency: the picture lies on white now.", "note_jpeg"),
        ("Carries the watermark of your export 3 (32 of 32 bits agree; x).", "carries"),
        ("Memory ran out on CPU, 2 threads; it was done in smaller tiles.", "note_tiles"),
        ("AMD X failed (RuntimeError: no, (x)); it was done on the CPU, 2 threads.", "note_card"),
        ("Memory ran out on AMD; it was done on the CPU, 2 threads.", "note_processor"),
        (settle.LOSSY.format("jpeg"), "note_lossy"),
        (settle.MARKED, "note_marked"),
        ("Something that nobody has translated.", ""),
    ],
)
def test_a_sentence_is_found_by_its_english(sentence, key):
    assert matched(sentence, KNOWN)[0] == (f"says.{key}" if key else "")


@pytest.mark.parametrize(
    ("kind", "prefix", "ending"),
    [
        ("styles", "style_", ""),
        ("marks", "mark_", ""),
        ("marks", "mark_", "_note"),
        ("formats", "format_", ""),
        ("recipes", "", ""),
        ("recipes", "", "_tip"),
        ("efforts", "effort_", ""),
        ("strengths", "strength_", ""),
    ],
)
def test_every_entry_of_the_catalogue_has_its_words(kind, prefix, ending):
    for row in catalogue()[kind]:
        key = prefix + row["name"] + ending
        assert set(TABLE.get(key, ())) == set(LANGUAGES), key
        if kind in ("styles", "formats"):
            assert TABLE[key]["en"] == row["says"], "the engine's own words"
        if ending == "_note":
            assert TABLE[key]["en"] == row["note"]


def test_every_doubt_has_its_words():
    codes = set()
    for path in (CORE / "evidence").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Doubt":
                code = node.args[0]
                codes |= {code.value} if isinstance(code, ast.Constant) else set()
    codes |= {"noise", "blend", "jpeg", "little", "removed-handling", "removed-removal"}
    assert len(codes) > 12
    assert not [code for code in codes if f"doubt_{code}" not in TABLE]


def test_what_a_report_tries_and_the_sites_are_named_in_every_language():
    trained = "Shorter side reduced to 512 pixels, as for training"
    tried = [entry.says for entry in PURIFIERS.values()]
    sites = [site.says for site in SITES.values() if site.says not in PROPER]
    assert not [one for one in (*tried, trained, *sites) if not matched(one, KNOWN)[0]]


def left_in_english(sentence):
    """The parts with a word in them that nobody has translated, quotations apart."""
    key, gaps = matched(sentence, KNOWN)
    if key:
        return [one for part in gaps.values() for one in left_in_english(part)]
    return [sentence] if " " in sentence and "'" not in sentence else []


HEARD = [Match(1, 32, 1e-9), Match(1, 30, 1e-9, mirrored=True), Match(1, 25, 0.5)]
PUBLISHED = ("published 2026-11-02 at a.org", "published 2026-11-02 at a.org; published 2026 at b")


@pytest.mark.parametrize(
    "told",
    [
        *(f"Carries the watermark of your export 3 ({match.says})." for match in HEARD),
        *(f"Your export 3 'A B' of 2026-11-01, to the byte; {one}." for one in PUBLISHED),
    ],
)
def test_why_a_picture_counts_as_protected_is_translated_to_the_end(told):
    assert left_in_english(told) == []


@pytest.mark.parametrize("refused", ["", " It refuses: cawg.ai_training, cawg.data_mining."])
@pytest.mark.parametrize(
    ("state", "codes", "serial"),
    [
        ("Valid", [], "here"),
        ("Valid", [], None),
        ("Trusted", [], None),
        ("Invalid", ["a.b", "c.d"], None),
        ("Invalid", ["assertion.dataHash.mismatch"], None),
    ],
)
def test_what_a_signature_is_worth_is_translated(monkeypatch, state, codes, serial, refused):
    pytest.importorskip("c2pa")
    from glassine.marks import c2pa

    monkeypatch.setattr(c2pa, "_local_serial", lambda: "here")
    said = c2pa._verdict(state, codes, "Ada", serial)
    assert matched(said + refused, KNOWN)[0].startswith("says.signed_") and matched(said, KNOWN)[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_promises_safety(language):
    words = {key: row[language] for key, row in TABLE.items()}
    found = {key for key, text in words.items() if any(one in text for one in PROMISES[language])}
    assert not found


@pytest.mark.parametrize("language", ["de", "ja"])
def test_a_sentence_about_the_ledger_uses_the_words_of_its_box(language):
    assert TABLE["mark_receipt"][language] in TABLE["says.receipt_off"][language]
    switches = {key for key, row in TABLE.items() if " --" in row[language]}
    assert not switches, "the docker has no command line"


def test_every_stage_of_a_job_has_its_words():
    from typing import get_args, get_type_hints

    from glassine.types import Progress

    stages = set(get_args(get_type_hints(Progress)["stage"])) - {"look", "compare"}  # find's own
    assert "optimise" in stages and not [one for one in stages if f"stage_{one}" not in TABLE]


def test_gaps_are_the_same_in_every_language():
    for key, row in TABLE.items():
        named = [{f for _, f, _, _ in string.Formatter().parse(row[one]) if f} for one in LANGUAGES]
        assert named[0] == named[1] == named[2], key


def test_no_alt_letter_is_taken_from_krita():
    """A docker shares its window with Krita's menus: a letter of ours would compete with theirs."""
    taken = {key for key, words in TABLE.items() for word in words.values() if "&" in word}
    assert not taken
