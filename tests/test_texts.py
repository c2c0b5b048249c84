"""The docker's words: what it says itself, and what it calls the entries of the engine's lists."""

import json
import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from glassine import errors
from glassine.errors import NotUsable
from glassine.flow.catalogue import catalogue
from glassine.flow.encode import check_export
from glassine.messages import LANGUAGES, in_words
from glassine.messages.words import table
from glassine.types import Export, Progress

ROOT = Path(__file__).resolve().parents[1]
TABLE = json.loads((ROOT / "krita_plugin/glassine_krita/words/texts.json").read_text("utf-8"))
# Words that would say that a style, or a picture, is out of danger.
PROMISES = {
    "en": ("shield", "safe", "to be protected at"),
    "de": ("der Schutz", "schützt es", "sicher"),
    "ja": ("守", "保護されます", "安全"),
}
# What belongs to a terminal, to a programmer or to a network, and what German has its own word for.
FOREIGN = {
    "en": ("latent", "encoder", "checkpoint", "interpreter", "JSON", "stdin"),
    "de": (
        "Latent",
        "Encoder",
        "Checkpoint",
        "Interpreter",
        "JSON",
        "Docker",
        "Download",
        "Feature",
    ),
    "ja": ("潜在", "エンコーダー", "インタープリター", "JSON"),
}
# What each thing is not called, because it has another name in that language, and refusals that
# begin with what was wanted instead of what is wrong.
OTHER_WORDS = {
    "de": r"bloße Überblendung|\bsauber|\bblick|Versuch es|\bSite\b|Ersatzmodell|"
    r"\bsollten?\b[^.]*, (aber|und)\b",
    "ja": r"(?<!ドット)(?<!切り)絵(?!画)|重ね合わせ|除去方法|Content Credentials|パソコン|"
    r"しようとしましたが|(コンピュータ|フォルダ|メモリ|ライブラリ|エンコーダ)(?!ー)|お絵かき|"
    r"代理モデル|\uff1a",
}
SHOWN = ("style", "mark", "format", "recipe", "site", "surrogate", "effort", "strength", "purifier")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_promises_safety(language):
    words = {key: row[language] for key, row in TABLE.items()}
    words |= {code: text for code, text in table(language).items() if code.startswith(SHOWN)}
    found = {key for key, text in words.items() if any(one in text for one in PROMISES[language])}
    assert not found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_docker_speaks_to_artists(language):
    classes = {name for name in vars(errors) if name[:1].isupper()} - {"Cancelled", "Any"}
    terminal = re.compile(rf" --\w|`|\bglassine [a-z]+\b|\w+Error\b|\b({'|'.join(classes)})\b")
    told = {key: row[language] for key, row in TABLE.items()}
    assert not {key: text for key, text in told.items() if terminal.search(text)}
    found = {key for key, text in told.items() if any(one in text for one in FOREIGN[language])}
    assert not found


def test_the_rule_sees_what_it_forbids():
    assert any(one in "Der Encoder" for one in FOREIGN["de"])


@pytest.mark.parametrize("language", OTHER_WORDS)
def test_one_thing_has_one_name(language):
    words = {key: row[language] for key, row in TABLE.items()} | table(language)
    named = re.compile(OTHER_WORDS[language])
    assert not {key: text for key, text in words.items() if named.search(text)}


@pytest.mark.parametrize(
    ("language", "text"),
    [("de", "Das Bild sollte geschützt werden, aber es ging nicht."), ("ja", "元の絵")],
)
def test_another_name_is_seen(language, text):
    assert re.search(OTHER_WORDS[language], text)


@pytest.mark.parametrize("kind", SHOWN)
def test_every_entry_that_is_shown_has_its_words(kind):
    rows = catalogue()[f"{kind}s"]
    assert rows
    for row in rows:
        for language in ("de", "ja"):
            assert f"{kind}.{row['name']}" in table(language), row["name"]
        assert row["says"] and row["code"] == f"{kind}.{row['name']}"


@pytest.mark.parametrize("kind", ["recipe", "mark"])
def test_what_is_shown_in_a_narrow_place_has_a_short_name(kind):
    for row in catalogue()[f"{kind}s"]:
        said = [table(language)[f"{kind}.{row['name']}.label"] for language in ("de", "ja")]
        assert all(1 < len(one) < 40 for one in (row["label"], *said)), row["name"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_of_the_ledger_names_its_box_by_the_box_s_own_word(language):
    with pytest.raises(NotUsable) as failed:
        check_export(Export(keep_path=True))
    (row,) = (one for one in catalogue()["marks"] if one["name"] == "receipt")
    label = row["label"] if language == "en" else table(language)["mark.receipt.label"]
    assert re.search(rf"['„「]{label}['“」]", in_words(failed.value.message, language))


def test_every_stage_of_a_job_has_its_words():
    stages = set(get_args(get_type_hints(Progress)["stage"])) - {"look", "compare"}  # find's own
    assert "optimise" in stages and not [one for one in stages if f"stage_{one}" not in TABLE]


def test_no_alt_letter_is_taken_from_krita():
    """A docker shares its window with Krita's menus: a letter of ours would compete with theirs."""
    taken = {key for key, words in TABLE.items() for word in words.values() if "&" in word}
    assert not taken
