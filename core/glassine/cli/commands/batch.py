"""`glassine batch`: a folder in, a folder out; stopped and resumed at will."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from ...errors import NotUsable
from ...messages import Field, message, with_english
from .. import exits, options, speech
from ..clusters import cluster_named, cluster_options
from ..names import Place
from ..usage import Command

if TYPE_CHECKING:
    from ...batch.far import Sender
    from ...batch.run import BatchState
    from ...machine.tree import Passed
    from ...types import Export, Intent

_NAMED = 8  # files that are named for each reason to pass some over

EPILOG = """\b
Examples:
  glassine batch paintings -o protected --strength subtle
  glassine batch s3://shop/new -o s3://shop/protected --on ray   (with s3fs installed)

Run again, it skips pictures that are finished with the same settings and tries the others;
OUT/.glassine-batch.sqlite notes which these are. Pictures are recognised by their suffix or their
contents; every other file in FOLDER is listed at the end with the reason. Links to folders are not
followed.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("folder", type=Place(path_type=Path))
@click.option(
    "-o",
    "--out",
    required=True,
    metavar="OUT",
    type=Place(path_type=Path),
    help="The folder for the copies, made if missing; or an address, as s3://bucket/protected.",
)
@options.intent_options
@cluster_options
@click.option("--again", is_flag=True, help="Also protect pictures that are already protected.")
@click.option("--json", "as_json", is_flag=True, help="The outcome as JSON on standard output.")
def command(
    folder: Path | str,
    out: Path | str,
    device: str,
    on: str | None,
    card_share: float,
    again: bool,
    as_json: bool,
    **given: object,
) -> int:
    """Protect every picture in FOLDER and below into the folder OUT.

    All pictures pull towards the same style, because models average over an artist's work.
    """
    from ...batch.run import batch
    from ...flow.plan import caption_for

    intent, problems = options.given_intent(given), list[dict[str, Any]]()
    for said in before_signing(intent.export):
        click.echo(said, err=True)
    with (
        ends(folder, out) as (source, target),
        cluster_named(on, card_share) as cluster,
        batch_progress(silent=as_json) as tell,
    ):

        def told(state: BatchState) -> None:
            if state.problem:
                problems.append({"name": state.name} | with_english(state.problem))
            tell(state)

        end = batch(source, target, intent, told, device=device, again=again, on=cluster)
    if as_json:
        more = {"problems": problems, "caption": caption_for(intent)}
        click.echo(json.dumps(outcome(end, source) | more, indent=1))
    else:
        click.echo("\n".join(end_lines(end, source, (folder, out), caption_for(intent))))
    return exit_of(end, intent)


def exit_of(end: BatchState, intent: Intent) -> int:
    if end.stopped:
        return exits.failed(end.stopped, exits.NOT_WRITTEN)
    if end.failed:
        return exits.FAILED
    return exits.TOO_LITTLE if end.weak and intent.effort != "preview" else exits.DONE


@contextmanager
def ends(folder: Path | str, out: Path | str) -> Iterator[tuple[Path, Path | Sender]]:
    """The source as a folder on this machine, and `out` as one, or as a Sender to its address."""
    if isinstance(folder, Path) and isinstance(out, Path):
        yield folder, out
        return
    from ...batch.far import Sender, far_folder, fetched, place_here

    whence = far_folder(folder) if isinstance(folder, str) else None
    whither = far_folder(out) if isinstance(out, str) else None
    if whence and whither and whence.address == whither.address:
        raise NotUsable("batch.originals", folder=whither.address)
    with ExitStack() as held:
        source = held.enter_context(fetched(whence, whither)) if whence else Path(folder)
        yield source, Sender(whither, place_here(whither)) if whither else Path(out)


def before_signing(export: Export) -> list[str]:
    """Lines that say in whose name the copies will be signed, to print before the work."""
    from ...flow.encode import check_export

    if "c2pa" not in export.marks:
        return []
    if not (export.claim.creator or export.claim.certificate):
        return [speech.phrase("cli.signs_each")]
    return [speech.spoken(said) for said in check_export(export)]


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
        task = shown.add_task(speech.phrase("cli.starting"), total=None, left="")

        def tell(state: BatchState) -> None:
            if said := ended_line(state):
                shown.console.print(said, markup=False, highlight=False)
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
        said = ended_line(state)
        if not said and monotonic() - last <= 30:
            return
        said = said or f"{state.name} {duration(state.left)}".strip()
        click.echo(f"[{ended(state)}/{state.total}] {said}", err=True)
        last = monotonic()

    return tell


def outcome(end: BatchState, folder: Path) -> dict[str, Any]:
    """How a batch ended, for --json."""
    names = ("done", "weak", "failed", "skipped", "total")
    counts = {name: getattr(end, name) for name in names}
    passed = [
        {"name": str(one.path.relative_to(folder))} | with_english(one.reason) for one in end.passed
    ]
    stopped = with_english(end.stopped) if end.stopped else None
    return {**counts, "stopped": stopped, "passed_over": passed}


def passed_lines(passed: Sequence[Passed], folder: Path) -> list[str]:
    """Files that were passed over: a line with names for each reason, then how many they are."""
    reasons = dict[str, list[str]]()
    for one in passed:
        names = reasons.setdefault(speech.spoken(one.reason), [])
        names.append(str(one.path.relative_to(folder)))
    lines = [
        speech.phrase("cli.batch_passed", reason=reason, number=len(names), names=few_of(names))
        for reason, names in reasons.items()
    ]
    if passed:
        lines.append(speech.phrase("cli.batch_passed_end", count=len(passed)))
    return lines


def few_of(names: Sequence[str]) -> tuple[Field, ...]:
    """The first names, and how many more there are."""
    more = len(names) - _NAMED
    return (*names[:_NAMED], message("cli.and_more", count=more)) if more > 0 else tuple(names)


def end_lines(
    end: BatchState, source: Path, named: tuple[Path | str, Path | str], caption: str
) -> list[str]:
    """What was passed over, how it ended, and the words that go with each copy.

    named  where from and where to, as they were given
    """
    lines = [*passed_lines(end.passed, source), end_line(end, *named)]
    return [*lines, speech.phrase("cli.batch_caption", caption=caption)] if caption else lines


def end_line(end: BatchState, folder: Path | str, out: Path | str) -> str:
    said = speech.phrase(
        "cli.batch_end",
        done=end.done - end.weak,
        skipped=end.skipped,
        failed=end.failed,
        total=end.total,
        folder=folder,
        out=out,
    )
    return f"{said}\n{speech.phrase('cli.batch_weak', count=end.weak)}" if end.weak else said


def ended_line(state: BatchState) -> str:
    """What just happened to a picture; "" where it is being worked on."""
    if state.ahead:
        return speech.spoken(state.ahead)
    if state.problem:
        return f"{state.name}: {speech.spoken(state.problem)}"
    if state.why:
        return f"{state.name} -> {state.written}: {speech.spoken(state.why)}"
    return f"{state.name} -> {state.written}" if state.written else ""


def ended(state: BatchState) -> int:
    return state.done + state.failed + state.skipped


def within(state: BatchState) -> float:
    """Share of the current picture that is done, by its optimiser's steps."""
    now = state.now
    return now.done / now.total if now and now.stage == "optimise" and now.total else 0.0


def duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        return speech.phrase("cli.seconds_left", seconds=seconds)
    if seconds < 5400:
        return speech.phrase("cli.minutes_left", minutes=seconds / 60)
    return speech.phrase("cli.hours_left", hours=seconds / 3600)
