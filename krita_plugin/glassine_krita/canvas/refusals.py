"""Why a request cannot be served, as codes of texts.json."""

from __future__ import annotations

from ..words.gaps import Message


class Refused(Exception):
    """The request cannot be served; the argument is a code of texts.json."""

    @property
    def says(self) -> Message:
        return Message(str(self))


class Busy(Refused):
    """Not now: Krita is at work on the document."""
