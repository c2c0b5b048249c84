"""Everything this engine raises on purpose.

GlassineError
+ NotUsable          the input or the request cannot be served; nothing was computed
| + UnknownEntry     no recipe, surrogate, target, purifier, mark or format has that name
| + EntryMissing     it exists, but needs a library that is not installed
| + Unreadable       the file is not a picture this engine can open
| + WeightsMissing   the surrogate's weights are not on this machine, or not what they should be
| + NotWritable      the result cannot be put where it was asked for
+ NoSolution         the budget is too small for the effect asked for
+ OutOfMemory        the device ran out of memory, and so did every fallback
+ Cancelled          the watcher asked to stop

A message says what was asked, what is wrong, and what to do next, in that order.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from os import PathLike
from typing import Any

from .causes import cause_of, details_of, ran_out_of_memory
from .messages import Field, Message, message


def accident(error: Exception) -> Message:
    """The message for an unforeseen error on one picture; $GLASSINE_DEBUG prints its traceback."""
    if os.environ.get("GLASSINE_DEBUG"):
        traceback.print_exception(error)
    if ran_out_of_memory(error):
        return message("accident.memory", details=details_of(error))
    return message("accident.failed", reason=cause_of(error))


class GlassineError(Exception):
    """Base class; `except GlassineError` catches every failure that has a plain explanation.

    `message` is what happened, as a code and fields; `str` of it is English.
    """

    def __init__(self, code: str, /, **fields: Field | PathLike[str]) -> None:
        self.message = message(code, **fields)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.message)

    def __str__(self) -> str:
        return str(self.message)


def reason_of(error: BaseException, otherwise: str = "unknown") -> Message:
    """The exception's own message where it carries one, else its cause (see `cause_of`)."""
    if isinstance(error, GlassineError):
        return error.message
    first = error.args[0] if error.args else ""
    return first if isinstance(first, Message) else cause_of(error, otherwise)


def _again(kind: type[GlassineError], said: Message) -> GlassineError:
    """Unpickles an error from another process. It skips the class's `__init__`: not every one of
    them takes a code and fields."""
    error = kind.__new__(kind)
    GlassineError.__init__(error, said.code, **said.fields)
    return error


class NotUsable(GlassineError):
    """The input or the request cannot be served; nothing was computed."""


KINDS = {
    "denoiser": message("kind.denoiser"),
    "effort": message("kind.effort"),
    "embedder": message("kind.embedder"),
    "format": message("kind.format"),
    "helper": message("kind.helper"),
    "mark": message("kind.mark"),
    "method": message("kind.method"),
    "purifier": message("kind.purifier"),
    "recipe": message("kind.recipe"),
    "strength": message("kind.strength"),
    "style": message("kind.style"),
    "surrogate": message("kind.surrogate"),
    "target": message("kind.target"),
}
"""What people call each kind of entry; a kind that is missing here goes by its own name."""


class UnknownEntry(NotUsable):
    """No entry of that kind has that name."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known, said = tuple(known), KINDS.get(kind, kind)
        if near := get_close_matches(name, known, n=1):
            super().__init__("entry.misspelled", kind=said, name=name, near=near[0])
        else:
            super().__init__("entry.unknown", kind=said, name=name, known=known)


class EntryMissing(NotUsable):
    """The entry exists but needs a library that is not installed."""

    def __init__(self, kind: str, name: str, library: str) -> None:
        super().__init__("entry.missing", kind=KINDS.get(kind, kind), name=name, library=library)


class Unreadable(NotUsable):
    """The file is not a picture this engine can open."""


class WeightsMissing(NotUsable):
    """The surrogate's weights are not on this machine, or not what they should be."""


class NotWritable(NotUsable):
    """The result cannot be put where it was asked for."""


class NoSolution(GlassineError):
    """The budget is too small for the effect asked for."""


class OutOfMemory(GlassineError):
    """The device ran out of memory, and so did every fallback."""


class Cancelled(GlassineError):
    """Raised by a watcher to stop the run that calls it; a reason is optional."""

    def __init__(self, code: str = "run.stopped", /, **fields: Field | PathLike[str]) -> None:
        super().__init__(code, **fields)
