"""Progress on a terminal as a bar, elsewhere as plain lines; both on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import click

from ..messages import message
from ..types import Progress, Watch, quiet
from . import speech

_STAGES = {
    "optimise": message("cli.stage_optimise"),
    "fit": message("cli.stage_fit"),
    "mark": message("cli.stage_mark"),
    "verify": message("cli.stage_verify"),
    "look": message("cli.stage_look"),
    "compare": message("cli.stage_compare"),
}
_PAUSE = 5.0  # seconds between two plain lines of one stage


@contextmanager
def progress_of(name: str, *, silent: bool) -> Iterator[Watch]:
    """A watcher that shows the progress of the picture of that name."""
    if silent:
        yield quiet
    elif sys.stderr.isatty():
        with progress_bar(name) as watch:
            yield watch
    else:
        yield progress_lines(name)


@contextmanager
def progress_bar(name: str) -> Iterator[Watch]:
    from rich import progress  # a tenth of a second to load
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}", table_column=None),
        progress.BarColumn(bar_width=24),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(f"{name}: {speech.phrase('cli.starting')}", total=None)

        def watch(now: Progress) -> None:
            if now.said:
                for said in told_of(name, now):
                    shown.console.print(said, markup=False, highlight=False, soft_wrap=True)
                return
            says = f"{name}: {speech.spoken(_STAGES[now.stage])}"
            shown.update(task, description=says, completed=now.done, total=now.total)

        yield watch


def told_of(name: str, now: Progress) -> list[str]:
    return [f"{name}: {speech.spoken(said)}" for said in now.said]


def progress_lines(name: str) -> Watch:
    """One line when a stage begins and then every few seconds."""
    last, when = "", 0.0

    def watch(now: Progress) -> None:
        nonlocal last, when
        if now.said:
            click.echo("\n".join(told_of(name, now)), err=True)
            return
        if now.stage == last and monotonic() - when < _PAUSE:
            return
        last, when = now.stage, monotonic()
        stage = _STAGES[now.stage]
        told = speech.phrase("cli.progress", name=name, stage=stage, done=now.done, total=now.total)
        click.echo(told, err=True)

    return watch
