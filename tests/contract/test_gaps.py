"""The docker fills the gaps of the engine's rows as the engine does."""

import json
import sys
from itertools import cycle
from pathlib import Path
from string import Formatter

import pytest
from glassine.messages import LANGUAGES, Message, from_plain, message, to_plain
from glassine.messages.words import filled, table

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "krita_plugin"))

from glassine_krita.words import gaps  # noqa: E402

TEXTS = json.loads((ROOT / "krita_plugin/glassine_krita/words/texts.json").read_text("utf-8"))
NUMBERS = (1234.5, 7, -0.25, 4300)
INNER = message("entry.misspelled", kind="style", name="embr", near="ember")
WORDS = ("a {word}", INNER, ("one", "two", INNER), 4300, 0.5, ())


def made_up(row, count):
    """Fields for that row's gaps: numbers where it says how they are written."""
    number, word = cycle(NUMBERS), cycle(WORDS)
    for _, name, spec, _ in Formatter().parse(row):
        if name is not None:
            yield name, count if name == "count" else next(number) if spec else next(word)


def said_twice(said, tables):
    """What the engine makes of it, and what the docker makes of it after its travels."""
    arrived = gaps.message_from(json.loads(json.dumps(to_plain(said))))
    return filled(said, tables), gaps.filled(arrived, tables)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_is_said_alike(language, count):
    tables = (table(language), table("en"))
    codes = {code.removesuffix(".one") for rows in tables for code in rows}
    assert len(codes) > 20
    for code in codes:
        row = table(language).get(code, table("en").get(code, ""))
        ours, theirs = said_twice(Message(code, dict(made_up(row, count))), tables)
        assert ours == theirs and ours, code


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_lists_nesting_and_one_of_many_are_said_alike(language):
    rows = {
        "a.share": "{share:.1%}, {pixels:,}, {bare}, {list:.2f}",
        "a.many": "{count} things: {things}",
        "a.many.one": "one thing: {things}",
        "a.braces": "{{}} {missing}",
    }
    tables = ({**rows, **table(language)}, table("en"))
    for said, part in (
        (message("a.share", share=0.125, pixels=43000, bare=1.5, list=(1, 2.5)), ""),
        (message("a.many", count=2, things=("x", message("a.many", count=1, things="y"))), "y"),
        (message("a.braces"), "{}"),
        (message("a.{nobody} knows", count=1), "a.{nobody} knows"),
    ):
        ours, theirs = said_twice(said, tables)
        assert ours == theirs and part in ours


def test_a_message_arrives_as_it_was_sent():
    said = message("a.a", n=1, share=0.5, text="x", inner=INNER, many=(1, INNER, ("x",)))
    arrived = gaps.message_from(json.loads(json.dumps(to_plain(said))))
    assert arrived.code == said.code and from_plain(to_plain(said)) == said
    assert arrived.fields["many"][1] == gaps.Message(INNER.code, dict(INNER.fields))
    assert arrived.fields["many"][2] == ("x",) and arrived.fields["share"] == 0.5
    for other in (None, "", "a sentence", 3, [], {}, {"code": 3}, {"says": "x"}):
        assert gaps.message_from(other) is None


def test_the_plugin_keeps_no_row_of_the_engine_s():
    """Except how its languages write numbers and lists: it speaks before an engine is there."""
    grammar = {"number.point_and_comma", "list.separator"}
    engine = set().union(*(table(language) for language in LANGUAGES))
    assert set(TEXTS) & engine == grammar
    for code in grammar:
        assert TEXTS[code] == {language: table(language)[code] for language in LANGUAGES}
