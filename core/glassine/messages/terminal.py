"""The language of a terminal."""

from __future__ import annotations

import os

from .words import FALLBACK, LANGUAGES

VARIABLES = ("GLASSINE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""The first of them that is set decides, as for every program on a terminal."""


def terminal_language() -> str:
    """The terminal's language where there is a table of it, else English."""
    said = next((os.environ[name] for name in VARIABLES if os.environ.get(name)), "")
    return said[:2] if said[:2] in LANGUAGES and not said[2:3].isalpha() else FALLBACK
