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

import os
import traceback
from collections.abc import Iterable
from difflib import get_close_matches


def accident(error: Exception) -> str:
    """A sentence for what nobody foresaw at one picture; $GLASSINE_DEBUG shows where it was."""
    if os.environ.get("GLASSINE_DEBUG"):
        traceback.print_exception(error)
    if isinstance(error, MemoryError):
        return "This machine ran out of memory. Try a smaller copy."
    return (
        f"This picture was to be protected, and the program failed at it "
        f"({type(error).__name__}: {error}). Export it anew and try that; for a report of the "
        f"fault, set GLASSINE_DEBUG=1 and run it once more."
    )


class GlassineError(Exception):
    """Base class; `except GlassineError` catches every failure that has a plain explanation."""


class NotUsable(GlassineError):
    """The input or the request cannot be served; nothing was computed."""


class UnknownEntry(NotUsable):
    """No entry of that kind has that name."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = list(known)
        near = get_close_matches(name, known, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(known)}."
        super().__init__(f"There is no {kind} named '{name}'. {hint}")


class EntryMissing(NotUsable):
    """The entry exists but needs a library that is not installed."""

    def __init__(self, kind: str, name: str, library: str) -> None:
        super().__init__(
            f"The {kind} '{name}' needs {library}, which is not installed. "
            f"Install it with: pip install 'glassine[{name}]'"
        )


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
    """Raised by a watcher to stop the run that is calling it."""
