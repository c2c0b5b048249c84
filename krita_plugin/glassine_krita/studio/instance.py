"""The one studio of this Krita, made when Krita loads the plugin; in a Krita without windows, when
the first docker or action wants it."""

from __future__ import annotations

from ..install.installed import delete_folders
from ..qt import QtCore
from .studio import Studio

_made: list[Studio] = []


def studio() -> Studio:
    if not _made:
        _made.append(Studio())
        _made[0].start_engine()
        delete_folders()  # what is left of an engine that was removed
    return _made[0]


def start_early() -> None:
    """Makes the studio, which starts the engine, unless Krita was only told to convert a file."""
    krita = QtCore.QCoreApplication.instance()
    if krita is not None and not any(word.startswith("--export") for word in krita.arguments()):
        studio()


def made_studio() -> Studio | None:
    """The one that is there; none is made for the question."""
    return next(iter(_made), None)


def close_studio() -> None:
    """Krita quits. Where nobody wanted a studio, none is made for that."""
    for made in _made:
        made.close()
