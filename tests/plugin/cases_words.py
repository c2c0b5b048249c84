"""Words: the plugin's own whole in every language, the engine's as its hello brought them."""

import ast
import errno
import re
import string
from pathlib import Path

import pytest
from bench import (
    app,
    fresh_krita,
    painting,
    speaks,
    works,
)
from glassine_krita.engine.catalogue import entry_says
from glassine_krita.views.main import goal_as_listed
from glassine_krita.words import engine_words, texts
from glassine_krita.words.causes import cause_of
from glassine_krita.words.gaps import Message, message
from glassine_krita.words.texts import in_words

__all__ = ["app", "fresh_krita", "painting", "speaks", "works"]

PLUGIN = Path(texts.__file__).parents[1]
BESIDE_PROSE = {"words/redaction.py", "studio/filenames.py", "canvas/results.py"}
CALLS = {"t", "Refused", "Message", "message"}


@pytest.fixture
def tables(monkeypatch):
    """An engine's tables, learnt for this test alone."""

    def learn(**sent):
        monkeypatch.setattr(engine_words, "_tables", {})
        engine_words.learn_words(sent)

    return learn


def test_every_text_has_three_languages_with_the_same_fields():
    for key, row in texts.table().items():
        assert set(row) == {"en", "de", "ja"}, key
        named = [
            {(f, spec) for _, f, spec, _ in string.Formatter().parse(v) if f} for v in row.values()
        ]
        assert named[0] == named[1] == named[2], key
        assert all(v.strip() for v in row.values()), key


def codes_in(path):
    """What a file says by its code, as it stands there."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if named and node.func.id in CALLS and node.args:
            yield from literals(node.args[0])


def literals(node):
    if isinstance(node, ast.IfExp):
        yield from (*literals(node.body), *literals(node.orelse))
    elif isinstance(node, ast.Constant):
        yield node.value


def foreign_words(text):
    """Fields that an artist reads, filled with what a library or the system says."""
    raw = re.compile(r"\bstr\(error\b|\brepr\(|\bstrerror\b|\.__name__\b|\bdetails_of\(")
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    words = (word for node in calls if ast.unparse(node.func) in CALLS for word in node.keywords)
    return [word.arg for word in words if word.arg != "details" and raw.search(ast.unparse(word))]


def test_what_a_library_says_is_only_in_the_details():
    for path in PLUGIN.rglob("*.py"):
        assert not foreign_words(path.read_text(encoding="utf-8")), path.name
    assert foreign_words("t('bug', reason=str(error) or type(error).__name__)") == ["reason"]
    assert foreign_words("message('disk', reason=error.strerror)") == ["reason"]
    assert not foreign_words("message('not_read', details=details_of(error))")
    rows = [text for row in texts.table().values() for text in row.values()]
    assert not [text for text in rows if "{details" in text]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "cause_disk_full"),
        (errno.EACCES, "cause_not_permitted"),
        (errno.ENOENT, "cause_absent"),
        (errno.EBUSY, "cause_busy"),
        (errno.EPIPE, "cause_unknown"),
        (None, "cause_unknown"),
    ],
)
def test_why_the_system_refused_is_said_in_words(number, code, speaks):
    speaks("de")
    found = cause_of(OSError(number, "Strange system") if number else OSError("Strange system"))
    assert found.code == code and "Strange" not in in_words(found) != code
    (told,) = message("disk", reason=found).details()
    assert "Error: " in told and "Strange system" in told


def test_a_file_that_windows_lends_to_another_program_is_in_use():
    error = PermissionError(errno.EACCES, "The process cannot access the file")
    error.winerror = 32
    assert cause_of(error).code == "cause_busy"


def test_every_text_that_the_code_names_is_there():
    found = [(path.name, code) for path in PLUGIN.rglob("*.py") for code in codes_in(path)]
    never_shown = ("", "cancelled")
    assert len(found) > 80
    assert not [row for row in found if row[1] not in texts.table() and row[1] not in never_shown]


def test_every_text_is_named_somewhere():
    """By its whole code, or by the beginning of one that is put together."""
    source = "".join(path.read_text(encoding="utf-8") for path in PLUGIN.rglob("*.py"))
    put_together = (
        "scope_",
        "stage_",
        "install_step_",
        "build_",
        "device_",
        "engine_",
        "mode_",
        "job_",
    )
    ends = ("_label", "_example")
    for code in texts.table():
        whole = code.removesuffix(".one")
        found = f'"{whole}"' in source or code.startswith(put_together) or code.endswith(ends)
        assert found or code in ("number.point_and_comma", "list.separator"), code


def test_no_sentence_is_read_by_a_regular_expression():
    users = {
        path.relative_to(PLUGIN).as_posix()
        for path in PLUGIN.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and "re" in {one.name for one in node.names})
        or (isinstance(node, ast.ImportFrom) and node.module == "re")
    }
    assert users == BESIDE_PROSE, "paths, file names and masks are no prose"


def test_a_message_is_said_in_the_artist_s_language_else_in_english_else_by_its_code(
    speaks, tables
):
    tables(en={"a.both": "{n} of both", "a.late": "late"}, de={"a.both": "{n} von beiden"})
    speaks("de")
    assert in_words(message("a.both", n=1.5)) == "1,5 von beiden"
    assert in_words(Message("a.late")) == "late"
    assert in_words(Message("a.{new}")) == "a.{new}"


def test_what_an_engine_said_is_read_when_it_has_ended(speaks, tables):
    tables(en={"a.a": "one"})
    engine_words.learn_words({})
    engine_words.learn_words(None)
    assert in_words(Message("a.a")) == "one"
    engine_words.learn_words({"en": {"a.b": "two", "a.c": 3}, "de": "nothing"})
    assert in_words(Message("a.a")) == "a.a" and in_words(Message("a.b")) == "two"
    assert in_words(Message("a.c")) == "a.c", "no text"


@pytest.mark.parametrize("row", ["{", "{n:!}", "{n", "{n:d}"])
def test_a_row_that_cannot_be_filled_is_its_code(tables, row):
    tables(en={"a.a": row})
    assert in_words(message("a.a", n=1.5)) == "a.a"


def test_messages_and_lists_are_said_within_others(speaks, tables):
    tables(en={"a.in": "{n:,} px"}, de={"a.in": "{n:,} Pixel"}, ja={})
    inner = message("a.in", n=4300)
    for language, expected in (
        ("en", "This picture is already protected: 4,300 px, x"),
        ("de", "Dieses Bild ist schon geschützt: 4.300 Pixel, x"),
        ("ja", "この画像はすでに保護されています: 4,300 px、x"),
    ):
        speaks(language)
        assert texts.t("known_says", why=(inner, "x")) == expected


def test_an_entry_is_called_as_the_engine_calls_it(works, speaks):
    speaks("de")
    assert entry_says("styles", "ember") == "Rote Glut im Dunkeln"
    assert entry_says("styles", "slow") == "style slow", "nobody has translated it"
    assert entry_says("styles", "unheard-of") == "unheard-of"
    assert entry_says("marks", "unheard-of", ".note") == ""


def test_a_preview_calls_a_style_as_the_menu_does(works, speaks):
    speaks("de")
    goal = message("goal.style", style="ember")
    assert "Rote Glut im Dunkeln" in in_words(goal_as_listed(goal))
    for other in (message("goal.style", style="of my own"), message("goal.picture")):
        assert goal_as_listed(other) is other


@pytest.mark.parametrize(("language", "half"), [("en", "1.5"), ("de", "1,5"), ("ja", "1.5")])
def test_figures_are_written_as_the_language_has_them(speaks, language, half):
    from glassine_krita.words.amounts import rounded_size, rounded_time

    speaks(language)
    assert half in rounded_time(5400) and rounded_size(1500) == f"{half} GB"
    assert "0.1.0" in texts.t("setup_outdated", version="0.1.0"), "a version is no number"


def test_no_text_promises_safety():
    for key, row in texts.table().items():
        assert not {"guarantee", "100 %", "unbreakable"} & set(row["en"].lower().split()), key
