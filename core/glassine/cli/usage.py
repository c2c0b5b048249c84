"""Commands that say in the language of the terminal what they did not understand.

Click has its own words for that, in English. Its errors tell by their kind and by the context they
come from what is wrong, so none of its words is read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

import click
from click.core import ParameterSource

from ..messages import Message, message
from . import speech

HEADINGS = {"Options": message("cli.help_options"), "Commands": message("cli.help_commands")}
"""Click's own headings of a help page, and what stands there instead."""


class Sheet(click.HelpFormatter):
    """A page of help with headings in the language of the terminal."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or f"{speech.phrase('cli.help_usage')} ")

    def write_heading(self, heading: str) -> None:
        said = HEADINGS.get(heading)
        super().write_heading(speech.spoken(said) if said else heading)


class Context(click.Context):
    formatter_class = Sheet


@contextmanager
def known_at(ctx: click.Context) -> Iterator[None]:
    """Lets errors know the command that they are about: some of click's do not."""
    try:
        yield
    except click.UsageError as error:
        error.ctx = error.ctx or ctx
        raise


class Command(click.Command):
    """A command; what is wrong with its words is said by `usage_lines`."""

    context_class = Context

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.allow_extra_args = True  # else click refuses them with words of its own
        with known_at(ctx):
            rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            raise speech.Misused(speech.phrase("cli.words_too_many", words=tuple(rest)), ctx)
        return rest


class Group(click.Group):
    """A command of commands."""

    context_class = Context
    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and self.no_args_is_help and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(click.UsageError.exit_code)
        with known_at(ctx):
            return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, known = args[0], self.list_commands(ctx)
        if name in known or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        if near := get_close_matches(name, known, n=1):
            said = speech.phrase("cli.command_misspelled", name=name, near=near[0])
        else:
            said = speech.phrase("cli.command_unknown", name=name)
        raise speech.Misused(said, ctx)


Group.group_class = Group


def usage_lines(error: click.ClickException) -> list[str]:
    """How the command is called, where its help is, and what is wrong."""
    lines = list[str]()
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    if ctx is not None:
        asking = f"{ctx.command_path} {max(ctx.help_option_names, key=len)}"
        lines = [ctx.get_usage(), speech.phrase("cli.usage_help", command=asking), ""]
    return [*lines, speech.phrase("cli.usage_error", reason=reason(error))]


def reason(error: click.ClickException) -> str | Message:
    """What is wrong with the words of a command."""
    if isinstance(error, speech.Misused):
        return error.message
    if isinstance(error, click.MissingParameter):
        return missing(error)
    if isinstance(error, click.BadParameter):  # its reason is ours: so are the types
        return message("cli.usage_value", name=name_of(error), reason=error.message)
    if isinstance(error, click.NoSuchOption):
        return unknown_option(error.option_name, error.ctx)
    if isinstance(error, click.BadOptionUsage):
        return value_of(error.option_name, error.ctx)
    if isinstance(error, click.UsageError) and error.ctx and is_group(error.ctx.command):
        return message("cli.command_missing")  # all else that a group refuses is ours
    return message("cli.usage_other", details=error.format_message())


def is_group(command: click.Command) -> bool:
    return isinstance(command, click.Group)


def missing(error: click.MissingParameter) -> Message:
    """What has to be given, and what it may be where that is a choice."""
    kind = error.param.type if error.param else None
    if isinstance(kind, click.Choice):
        choices = tuple(map(str, kind.choices))
        return message("cli.missing_one_of", name=name_of(error), choices=choices)
    return message("cli.not_given", name=name_of(error))


def unknown_option(name: str, ctx: click.Context | None) -> Message:
    """That there is no such option, with the one whose name is nearest."""
    known = [one for param in parameters(ctx) for one in (*param.opts, *param.secondary_opts)]
    if near := get_close_matches(name, [one for one in known if one.startswith("-")], n=1):
        return message("cli.option_misspelled", name=name, near=near[0])
    return message("cli.option_unknown", name=name)


def value_of(name: str, ctx: click.Context | None) -> Message:
    """That a switch was given a value, or another option none."""
    for param in parameters(ctx):
        if name in (*param.opts, *param.secondary_opts) and getattr(param, "is_flag", False):
            return message("cli.option_is_switch", name=name)
    return message("cli.option_without_value", name=name)


def parameters(ctx: click.Context | None) -> Sequence[click.Parameter]:
    return ctx.command.get_params(ctx) if ctx else ()


def name_of(error: click.BadParameter) -> str:
    """The option, argument or variable that is meant, as it is typed."""
    if isinstance(error.param_hint, str):
        return error.param_hint
    param, ctx = error.param, error.ctx
    if param is None:
        return ""
    source = ctx.get_parameter_source(param.name or "") if ctx else None
    if source is ParameterSource.ENVIRONMENT and isinstance(param.envvar, str):
        return param.envvar
    return " / ".join(param.opts) if isinstance(param, click.Option) else shown(param)


def shown(argument: click.Parameter) -> str:
    """An argument as the line that says how the command is called has it."""
    return str(argument.metavar or (argument.name or "").upper())
