"""Texts: whole in every language, and the engine's sentences in the artist's."""

import pytest
from bench import (
    app,
    fresh_krita,
    painting,
    works,
)
from glassine_krita.engine import catalogue
from glassine_krita.words import texts

__all__ = ["app", "fresh_krita", "painting", "works"]


def test_every_text_has_three_languages_with_the_same_fields():
    import string

    for key, row in texts.table().items():
        assert set(row) == {"en", "de", "ja"}, key
        named = [{f for _, f, _, _ in string.Formatter().parse(v) if f} for v in row.values()]
        assert named[0] == named[1] == named[2], key
        assert all(v.strip() for v in row.values()), key


def test_every_text_that_the_code_names_is_there():
    import ast
    from pathlib import Path

    folder = Path(texts.__file__).parents[1]
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if not named or node.func.id not in ("t", "Refused") or not node.args:
                continue
            if isinstance(node.args[0], ast.Constant):
                key = node.args[0].value
                assert key in texts.table() or key in ("engine_", "mark_"), (path.name, key)


def test_the_engine_s_sentences_are_said_in_the_artist_s_language(monkeypatch):
    monkeypatch.setenv("GLASSINE_LANGUAGE", "de")
    texts.language.cache_clear()
    try:
        assert texts.t("the style 'ember'") == "der Stil „ember“"
        assert texts.t("CPU, 2 threads") == "CPU, 2 Threads"
        assert texts.t("Nobody has translated this.") == "Nobody has translated this."
        said = "Memory ran out on CPU, 2 threads; it was done in smaller tiles."
        assert texts.t(said).startswith("Auf CPU, 2 Threads ging")
        listed = catalogue.read_catalogue({"styles": [{"name": "ember", "says": "Red coals"}]})
        assert listed.says("styles", "ember") == "Rote Glut im Dunkeln"
    finally:
        texts.language.cache_clear()


@pytest.mark.parametrize(
    ("language", "half", "many"),
    [("en", "1.5", "4,300"), ("de", "1,5", "4.300"), ("ja", "1.5", "4,300")],
)
def test_figures_are_written_as_the_language_has_them(monkeypatch, language, half, many):
    from glassine_krita.words.amounts import rounded_size, rounded_time

    monkeypatch.setenv("GLASSINE_LANGUAGE", language)
    texts.language.cache_clear()
    try:
        assert half in rounded_time(5400) and rounded_size(1500) == f"{half} GB"
        assert half in texts.t("Noise, sigma 1.5")
        assert many in texts.t("an unmarked picture agrees as well in about 1 of 4,300 cases")
        assert "0.1.0" in texts.t("setup_outdated", version="0.1.0"), "a version is no number"
    finally:
        texts.language.cache_clear()


def test_no_text_promises_safety():
    for key, row in texts.table().items():
        assert not {"guarantee", "100 %", "unbreakable"} & set(row["en"].lower().split()), key
