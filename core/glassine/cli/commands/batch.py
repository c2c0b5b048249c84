"""`glassine batch`: a folder in, a folder out; stopped and resumed at will."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from .. import exits, options

if TYPE_CHECKING:
    from ...batch.run import BatchState

EPILOG = """\b
Example:
  glassine batch paintings -o protected --strength subtle

Started again, it skips what is finished with the same settings and tries the others. What was
done is kept in OUT/.glassine-batch.sqlite.
"""


@click.command(epilog=EPILOG)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    required=True,
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="A folder for the results; made where it is missing.",
)
@options.intent_options
@click.option("--again", is_flag=True, help="Also pictures that are already protected.")
@click.option("--json", "as_json", is_flag=True, help="The outcome as JSON on standard output.")
def command(
    folder: Path, out: Path, device: str, again: bool, as_json: bool, **given: object
) -> int:
    """Protect every picture in FOLDER and below into the folder OUT.

    All pictures pull towards the same style, because models average over an artist's work.
    """
    from ...batch.run import batch
    from ...flow.plan import caption_for

    intent, problems = options.given_intent(given), list[str]()
    with batch_progress(silent=as_json) as tell:

        def told(state: BatchState) -> None:
            if state.says and "->" not in state.says:
                problems.append(state.says)
            tell(state)

        end = batch(folder, out, intent, told, device=device, again=again)
    if as_json:
        counts = {name: asdict(end)[name] for name in ("done", "failed", "skipped", "total")}
        outcome = {**counts, "problems": problems, "caption": caption_for(intent)}
        click.echo(json.dumps(outcome, indent=1))
    else:
        click.echo(
            f"{end.done} protected, {end.skipped} were finished before, {end.failed} failed, "
            f"of {end.total} in {folder}. Results: {out}"
        )
        if words := caption_for(intent):
            click.echo(f'Publish each with these words, or it does nothing: "{words}"')
    return exits.FAILED if end.failed else exits.DONE


@contextmanager
def batch_progress(*, silent: bool) -> Iterator[Callable[[BatchState], None]]:
    if silent:
        yield lambda state: None
    elif sys.stderr.isatty():
        with batch_bar() as tell:
            yield tell
    else:
        yield batch_lines()


@contextmanager
def batch_bar() -> Iterator[Callable[[BatchState], None]]:
    from rich import progress  # a tenth of a second to load
    from rich.console import Console

    console = Console(stderr=True)
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(bar_width=24),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[left]}"),
    )
    with progress.Progress(*columns, console=console) as shown:
        task = shown.add_task("starting", total=None, left="")

        def tell(state: BatchState) -> None:
            if state.says:
                shown.console.print(state.says, markup=False, highlight=False)
            shown.update(
                task,
                description=state.name,
                completed=ended(state) + within(state),
                total=state.total,
                left=duration(state.left),
            )

        yield tell


def batch_lines() -> Callable[[BatchState], None]:
    last = monotonic()

    def tell(state: BatchState) -> None:
        nonlocal last
        if state.says:
            click.echo(f"[{ended(state)} of {state.total}] {state.says}", err=True)
        elif monotonic() - last > 30:
            click.echo(f"[{ended(state)} of {state.total}] {duration(state.left)}", err=True)
        else:
            return
        last = monotonic()

    return tell


def ended(state: BatchState) -> int:
    return state.done + state.failed + state.skipped


def within(state: BatchState) -> float:
    """Share of the picture that is being worked on, as far as its steps tell."""
    now = state.now
    return now.done / now.total if now and now.stage == "optimise" and now.total else 0.0


def duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {seconds:.0f} s left"
    return (
        f"about {seconds / 60:.0f} min left" if seconds < 5400 else f"{seconds / 3600:.1f} h left"
    )
