"""How a command ends: its exit code, and one sentence instead of a traceback."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

import click

from ..errors import (
    Cancelled,
    EntryMissing,
    GlassineError,
    NotUsable,
    NotWritable,
    WeightsMissing,
    accident,
)

DONE, FAILED, NOT_USABLE, MISSING, NOT_WRITTEN, STOPPED = 0, 1, 3, 4, 5, 130
STOPPED_SAYS = "Stopped. Nothing half-written is left."

_wished: list[int] = []  # the signals that asked this command to stop


def guarded(run: Callable[[], Any]) -> int:
    """Runs a command; everything that can be explained ends in a sentence and a code."""
    _wished.clear()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    try:
        code = run()
        return code if isinstance(code, int) else DONE
    except click.exceptions.Exit as wish:
        return wish.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt, Cancelled):
        return say(STOPPED_SAYS, STOPPED)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except GlassineError as error:
        return say(f"glassine: {error}", code_of(error))
    except MemoryError:
        return say("glassine: This machine ran out of memory. Try a smaller copy.", FAILED)
    except Exception:
        if _wished:  # a library that was interrupted may end in an error of its own
            return say(STOPPED_SAYS, STOPPED)
        raise


def sentence_and_code(error: Exception) -> tuple[str, int]:
    """The sentence and the code for whatever went wrong at one picture of several.

    Raises: KeyboardInterrupt where it went wrong because the command was to stop.
    """
    if _wished:
        raise KeyboardInterrupt from error
    if isinstance(error, GlassineError):
        return str(error), code_of(error)
    return accident(error), FAILED


def code_of(error: GlassineError) -> int:
    if isinstance(error, WeightsMissing | EntryMissing):
        return MISSING
    if isinstance(error, NotWritable):
        return NOT_WRITTEN
    return NOT_USABLE if isinstance(error, NotUsable) else FAILED


def say(sentence: str, code: int) -> int:
    click.echo(sentence, err=True)
    return code


def interrupt(number: int, frame: FrameType | None) -> None:
    """A polite kill ends like Ctrl-C, so that temporary files are cleared away."""
    _wished.append(number)
    raise KeyboardInterrupt
