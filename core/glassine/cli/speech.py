"""Messages in the language of the terminal. The help texts are English; they are the manual."""

from __future__ import annotations

import os
from os import PathLike

import click

from ..messages import LANGUAGES, Field, Message, in_words, message

VARIABLES = ("GLASSINE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""The first of them that says something has the word, as for every program on a terminal."""

OPTIONS = {
    "concept.misspelled": "--anchor PICTURE",
    "concept.no_anchor": "--anchor PICTURE",
    "concept.same": "--teach",
    "concept.two_words": "--shows dog --teach cat",
    "doubt.embedded": "glassine models get",
    "doubt.size": "--longest-side",
    "doubt.uncaptioned": "glassine suggest",
    "examine.protected_before": "--again",
    "target.no_picture": "--target PICTURE",
}
"""What the engine asks for, and the option or command with which it is had here."""


def language() -> str:
    """The one of ours that the terminal speaks, else English."""
    said = next((os.environ[name] for name in VARIABLES if os.environ.get(name)), "")
    return said[:2] if said[:2] in LANGUAGES and not said[2:3].isalpha() else "en"


def spoken(said: Message) -> str:
    """For people: with the option that does what it asks for."""
    option = OPTIONS.get(said.code)
    hinted = message("cli.hint", says=said, option=option) if option else said
    return in_words(hinted, language())


def phrase(code: str, /, **fields: Field | PathLike[str]) -> str:
    """What the command line itself has to say."""
    return spoken(message(code, **fields))


def misused(code: str, /, **fields: Field | PathLike[str]) -> click.UsageError:
    """The error for a command that was not understood."""
    return click.UsageError(phrase(code, **fields))
