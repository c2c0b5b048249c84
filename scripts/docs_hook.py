"""A hook of the documentation's builder: adds the commands' help, replaces links out of `docs`.

A file outside `docs` is named, not linked, because a reader of the site has no checkout. A link to
a file that does not exist makes the build fail.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
from glassine.cli import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[1]
COMMANDS_HERE = "<!-- commands -->"
LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<path>(?:\.\./)+[^)#\s]+)(?:#[^)]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, **_: object) -> str:  # noqa: ANN401
    """A page's text, in which links out of the folder are replaced by the files' names."""
    here = Path(page.file.abs_src_path).parent

    def told(link: re.Match[str]) -> str:
        return outside(link, here)

    text = LINK.sub(told, markdown)
    return text.replace(COMMANDS_HERE, commands()) if COMMANDS_HERE in text else text


def commands() -> str:
    """The help of every command and of its subcommands, as Markdown."""
    above = click.Context(cli, info_name="glassine")
    return "\n\n".join(helped(above, name) for name in COMMANDS)


def helped(above: click.Context, name: str, depth: int = 2) -> str:
    assert isinstance(above.command, click.Group)
    command = above.command.get_command(above, name)
    assert command
    here = click.Context(command, parent=above, info_name=name)
    said = f"{'#' * depth} {here.command_path}\n\n```text\n{command.get_help(here)}\n```"
    if not isinstance(command, click.Group):
        return said
    return "\n\n".join((said, *(helped(here, part, depth + 1) for part in command.commands)))


def outside(link: re.Match[str], here: Path) -> str:
    file = (here / link["path"]).resolve()
    if not file.exists():
        raise FileNotFoundError(f"{link['path']} is linked to and does not exist")
    name = file.relative_to(ROOT).as_posix()
    if link["picture"]:
        return f"`{name}`"
    return link["text"] if link["text"] == name else f"{link['text']} (`{name}`)"
