"""Options that would do nothing: none is offered, and what a page of help names is there."""

import ast
import inspect
import re
import sys
import textwrap

import click
import pytest
from glassine.cli import claim, cli, options, unused
from typed import run

SHARED = (options, claim, unused)
"""Modules that read what commands get as **given."""

OF_FILES = set(claim.NOTHING) | {"marks", "keep_path", "keep_private", "sidecar", "longest_side"}
"""Options about what a copy carries, and how large it is."""


def every_command(command=cli, path="glassine"):
    """(path, command) of all that do something by themselves."""
    if command.callback and not isinstance(command, click.Group):
        yield path, command
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        if command.invoke_without_command:
            yield path, command
        for name in command.list_commands(ctx):
            yield from every_command(command.get_command(ctx, name), f"{path} {name}")


EVERY = dict(every_command())


def declares(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func) in (
        "click.option",
        "click.argument",
    )


def told(tree):
    """Names and texts in it, but for those that only declare an option."""
    found, ahead = set(), [tree]
    while ahead:
        node = ahead.pop()
        if declares(node):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        ahead += ast.iter_child_nodes(node)
    return found


def unread(command):
    """Its options that no line of the command, or of what all commands share, names."""
    function = inspect.unwrap(command.callback)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    body = set().union(*(told(part) for part in tree.body))
    modules = (sys.modules[function.__module__], *SHARED)
    around = set().union(*(told(ast.parse(inspect.getsource(one))) for one in modules))
    named = set(inspect.signature(function).parameters)
    mine = [param.name for param in command.params if param.expose_value]
    return {name for name in mine if name not in (body if name in named else around)}


@pytest.mark.parametrize("path", EVERY)
def test_every_option_is_read(path):
    assert not unread(EVERY[path])


def test_an_option_that_nothing_reads_is_seen():
    @click.command()
    @click.option("--spare")
    @click.option("--other")
    def lazy(other, **given):
        click.echo(given)

    assert unread(lazy) == {param.name for param in lazy.params}


def test_a_measurement_takes_no_option_about_a_file_that_it_does_not_write(tmp_path, capsys):
    assert not {param.name for param in EVERY["glassine bench"].params} & OF_FILES
    for option in ("--sidecar", "--keep-path", "--longest-side=99", "--artist=Ann", "--redraw"):
        assert run("bench", "effect", tmp_path, option) == 2
        assert f"no option {option.partition('=')[0]}" in capsys.readouterr().err


@pytest.mark.parametrize("path", EVERY)
def test_an_option_that_help_names_is_there(path):
    command = EVERY[path]
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    said = " ".join(getattr(param, "help", None) or "" for param in command.params)
    named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", said))
    assert named <= known | {"--help"}
