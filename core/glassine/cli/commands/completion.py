"""`glassine completion`: the script that teaches a shell to complete commands and names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ..choices import OneOf
from ..usage import Command

_WHERE = {
    "bash": 'eval "$(glassine completion bash)"   in ~/.bashrc',
    "zsh": 'eval "$(glassine completion zsh)"    in ~/.zshrc',
    "fish": "glassine completion fish > ~/.config/fish/completions/glassine.fish",
}
_HELP = "\n".join(("\b", *_WHERE.values()))


@click.command(cls=Command, epilog=_HELP)
@click.argument("shell", type=OneOf(list(_WHERE)))
def command(shell: str) -> None:
    """Print the completion script for bash, zsh or fish.

    Put the line for your shell where it says below, and open a new terminal.
    """
    from .. import cli

    found = get_completion_class(shell)
    assert found is not None, f"click knows no shell called {shell}"
    click.echo(found(cli, {}, "glassine", "_GLASSINE_COMPLETE").source())
