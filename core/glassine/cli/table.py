"""The commands. `glassine --help` must be on screen at once, so nothing here loads torch.

Each command is a file of `commands` with a click command called `command`; the table below
gives its name and the line that the overview shows, so that the overview loads none of them.
"""

from __future__ import annotations

from importlib import import_module
from os.path import isdir, isfile

import click

from . import speech
from .usage import Group

COMMANDS = {
    "protect": "Protect pictures, with a page of evidence beside each.",
    "batch": "Protect a whole folder; it can be stopped and resumed.",
    "preview": "See the styles and concepts that can be aimed at.",
    "suggest": "Ask a local CLIP or BLIP what a picture shows.",
    "report": "Measure what a protected picture still does after handling and removal.",
    "models": "List, get and check the encoders that pictures are protected against.",
    "doctor": "Say what this machine can do and what is missing.",
    "marks": "Show and check the marks in a file.",
    "ledger": "What was exported, when, and where it was published.",
    "face": "Cloak faces against look-ups, and say how well they are still found.",
    "find": "Find your own work in a folder of pictures.",
    "probe": "Ask a local model whether it was trained on your work.",
    "campaign": "Agree with other artists on what to poison; nothing is sent anywhere.",
    "site": "Serve a web page to drop pictures on, and an HTTP interface for programs.",
    "sitekit": "Write robots.txt and its relatives for your own site.",
    "bench": "Measure effect, survival and removal over a folder.",
    "completion": "Print the completion script of your shell.",
}

EPILOG = """\b
Start with:    glassine protect painting.png
Then:          glassine models get      (five families of models instead of the built-in encoder)
               glassine doctor          (what is here and what is missing)

\b
Exit codes:    0  done
               1  some pictures failed, others are done; or the work itself failed
               2  the command was not understood
               3  the input or the request cannot be served
               4  weights or a library are missing
               5  the result could not be written
               6  a copy was written that does no more than a plain blend: it is not protected
                  (0 with --effort preview, which only tries)
             130  stopped with Ctrl-C or a signal; nothing half-written is left

It speaks English, German and Japanese: as the terminal does (LANG), or as GLASSINE_LANGUAGE says.

Glassine raises the cost of training on your pictures. It cannot make that impossible, and its
reports say what was measured and what takes the effect away again.
"""


class Table(Group):
    """A group that loads a command's file only when that command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        found: click.Command = import_module(f".commands.{name}", __package__).command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and (wanted := protecting(args[0])):
            said = speech.phrase("cli.command_is_path", name=args[0], command=wanted)
            raise speech.Misused(said, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def protecting(path: str) -> str:
    """The command that protects what has that path; "" where nothing has it."""
    if isfile(path):
        return f"glassine protect {path}"
    return f"glassine batch {path} -o OUT" if isdir(path) else ""


def print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from ..version import engine_version  # not needed by the overview

        click.echo(f"glassine {engine_version()}")
        ctx.exit()


@click.group(cls=Table, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Print the version and stop.",
)
def cli() -> None:
    """Thin paper over your artwork: people see the picture, and training on it costs more."""
