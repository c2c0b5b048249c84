"""The command line: options, exit codes and output; `table` has the commands.

A file belongs here that a terminal needs and nothing else does. This one loads next to nothing, so
that signals are heard before anything is loaded; `glassine --help` must be on screen at once.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper

from ..machine.ending import unheard
from ..machine.threads import wait_asleep
from . import signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .table import COMMANDS as COMMANDS
    from .table import cli as cli


def main(arguments: list[str] | None = None) -> None:
    """Runs a command and ends the process with its exit code."""
    signals.listen()
    wait_asleep()
    from . import exits, table

    for stream in (sys.stdout, sys.stderr):  # a name that a terminal cannot show ends no work
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    signals.say(exits.stopped_words())
    code = exits.guarded(lambda: table.cli.main(arguments, "glassine", standalone_mode=False))
    unheard()  # all is done: a signal now would only cut off the last lines
    sys.exit(code)


def __getattr__(name: str) -> object:
    if name in ("COMMANDS", "cli"):
        from . import table

        return getattr(table, name)
    raise AttributeError(f"module 'glassine.cli' has no attribute '{name}'")
