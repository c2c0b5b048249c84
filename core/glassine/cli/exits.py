"""How a command ends: its exit code, and one message instead of a traceback."""

from __future__ import annotations

from collections.abc import Callable
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
from ..messages import Message, message
from . import speech
from .signals import STOPPED
from .usage import usage_lines

DONE, FAILED, NOT_USABLE, MISSING, NOT_WRITTEN, TOO_LITTLE = 0, 1, 3, 4, 5, 6


def guarded(run: Callable[[], Any]) -> int:
    """Runs a command and gives its exit code; an error that can be explained is one sentence.

    A signal ends the process in `signals`, without coming back here.
    """
    try:
        code = run()
        return code if isinstance(code, int) else DONE
    except click.exceptions.Exit as wish:
        return wish.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt, Cancelled):
        return say(message("cli.stopped"), STOPPED)
    except click.ClickException as error:
        for line in usage_lines(error):
            click.echo(line, err=True)
        return error.exit_code
    except GlassineError as error:
        return failed(error.message, code_of(error))
    except MemoryError as error:
        return failed(accident(error), FAILED)


def message_and_code(error: Exception) -> tuple[Message, int]:
    """The message and the exit code for whatever went wrong at one picture of several."""
    if isinstance(error, GlassineError):
        return error.message, code_of(error)
    return accident(error), FAILED


def code_of(error: GlassineError) -> int:
    if isinstance(error, WeightsMissing | EntryMissing):
        return MISSING
    if isinstance(error, NotWritable):
        return NOT_WRITTEN
    return NOT_USABLE if isinstance(error, NotUsable) else FAILED


def stopped_words() -> str:
    return speech.phrase("cli.stopped")


def say(said: Message, code: int) -> int:
    """Prints a message on stderr and gives the code back."""
    click.echo(speech.spoken(said), err=True)
    return code


def failed(said: Message, code: int, whose: str = "") -> int:
    """Prints an error after the program's name and, of several pictures, `whose` it is."""
    click.echo(f"glassine: {whose}{': ' if whose else ''}{speech.spoken(said)}", err=True)
    return code
