"""Words for what is registered: every entry in every language, and the card of what ships."""

import re

import pytest
from glassine.embedders import EMBEDDERS
from glassine.formats import FORMATS
from glassine.marks import MARKS
from glassine.messages import LANGUAGES, in_words
from glassine.messages.words import table
from glassine.purifiers import PURIFIERS
from glassine.surrogates import SHIPPED, SURROGATES, embedded
from glassine.targets import TARGETS, style

ENTRIES = {
    **{f"embedder.{name}": entry.covers for name, entry in EMBEDDERS.items()},
    **{f"format.{name}": entry.says for name, entry in FORMATS.items()},
    **{f"mark.{name}": entry.says for name, entry in MARKS.items()},
    **{f"mark.{name}.note": entry.note for name, entry in MARKS.items()},
    **{f"mark.{name}.label": entry.label for name, entry in MARKS.items()},
    **{f"purifier.{name}": entry.says for name, entry in PURIFIERS.items()},
    **{f"style.{name}": row["says"] for name, row in style.styles().items()},
    **{f"surrogate.{name}": entry.covers for name, entry in SURROGATES.items()},
    **{f"target.{name}": entry.says for name, entry in TARGETS.items()},
}
KINDS = {code.partition(".")[0] for code in ENTRIES}
OTHERS = [language for language in LANGUAGES if language != "en"]


@pytest.mark.parametrize("language", OTHERS)
def test_every_entry_that_ships_has_words(language):
    rows = table(language)
    assert not [code for code in ENTRIES if not rows.get(code)]


@pytest.mark.parametrize("language", OTHERS)
def test_a_number_of_an_entry_is_the_same_in_every_language(language):
    """The words lie far from the numbers: a quality that was changed in one place only shows."""
    for code, english in ENTRIES.items():
        said = (
            table(language)[code].replace(",", ".") if language == "de" else table(language)[code]
        )
        assert numbers(said) == numbers(english), code


@pytest.mark.parametrize("language", OTHERS)
def test_no_words_are_left_of_an_entry_that_is_gone(language):
    own = {"surrogate.no_config", "target.no_picture"}  # messages of these rooms, not entries
    rows = {code for code in table(language) if code.partition(".")[0] in KINDS}
    assert rows - own == set(ENTRIES)


def test_the_limits_of_what_ships_are_those_of_its_model_card():
    card = (SHIPPED / "embedded.md").read_text("utf-8").partition("**Limits.**")[2]
    limits = [" ".join(one.split()) for one in re.split(r"^\* ", card, flags=re.MULTILINE)[1:]]
    assert [str(one) for one in embedded.LIMITS] == limits[: len(embedded.LIMITS)]


@pytest.mark.parametrize("language", OTHERS)
def test_the_limits_have_the_same_figures_in_every_language(language):
    for one in embedded.LIMITS:
        said = in_words(one, language)
        said = re.sub(r"(?<=\d),(?=\d)", ".", said) if language == "de" else said
        assert set(numbers(str(one))) <= set(numbers(said)), "ten may be 10 there"


def numbers(text):
    """In ascending order: word order differs."""
    return sorted(re.findall(r"\d+(?:\.\d+)?", text))
