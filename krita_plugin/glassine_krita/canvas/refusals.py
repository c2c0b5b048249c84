"""Why a request cannot be served: keys of texts.json, raised where it is found out."""

from __future__ import annotations


class Refused(Exception):
    """The request cannot be served; the argument names the sentence in texts.json."""


class Busy(Refused):
    """Not now: Krita is at work on the document."""
