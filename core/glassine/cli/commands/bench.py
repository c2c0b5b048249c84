"""`glassine bench`: effect, survival and removal over a folder: means, spread, worst case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import GlassineError, NotUsable
from ...messages import message
from .. import options, output, speech
from ..choices import OneOf
from ..names import Name
from ..numbers import Whole
from ..usage import Command

if TYPE_CHECKING:
    from ...evidence.summary import Line
    from ...types import Intent, Report

EPILOG = """\b
Examples:
  glassine bench effect paintings/
  glassine bench survival paintings/ --json survival.json
  glassine bench removal paintings/ --limit 4 --longest 256 --effort full

Every picture is protected with the same settings and a seed of its own, in memory; nothing is
written beside it. Removers that are missing on this machine are left out.
"""


HEADS = (
    message("cli.head_covered"),
    message("cli.head_spread"),
    message("cli.head_blend"),
    message("cli.head_held_out"),
    message("cli.head_its_blend"),
    message("cli.head_left"),
    message("cli.head_worst"),
)


@click.command(cls=Command, epilog=EPILOG)
@click.argument("part", type=OneOf(("effect", "survival", "removal")))
@click.argument("folder", type=Name(path_type=Path))
@options.with_all(*options.SEARCH)
@click.option("--limit", type=Whole(1), default=None, help="Measure at most this many pictures.")
@click.option(
    "--longest",
    type=Whole(32),
    default=512,
    show_default=True,
    help="Shrink pictures to this longer side, in pixels, before they are protected.",
)
@click.option("--slow", is_flag=True, help="Also try removers that take minutes.")
@click.option(
    "--json", "data", metavar="FILE", help="Write the table as JSON; - for standard output."
)
def command(
    part: str,
    folder: Path,
    limit: int | None,
    longest: int,
    slow: bool,
    data: str | None,
    device: str,
    **given: object,
) -> None:
    """Measure effect, survival or removal over the pictures of FOLDER."""
    from ...evidence.schema import json_ready
    from ...evidence.summary import summarised, totals
    from ...machine import files

    if data and data != "-":
        files.check_writable(Path(data))
    intent = options.given_intent(given)
    intent = replace(intent, export=replace(intent.export, longest_side=longest))
    sources = pictures_of(folder, limit)
    with output.progress_of(folder.name, silent=data == "-") as watch:
        found = list(measured(sources, intent, device, purifiers_of(part, slow), watch))
    lines, seen = summarised(found), totals(found)
    if data:
        told = {"part": part, "visible": seen, "lines": lines}
        text = json.dumps(json_ready(told), indent=1)
        if data == "-":
            click.echo(text)
            return
        files.write(Path(data), text.encode())
    print_table(lines)
    end = speech.phrase(
        "cli.bench_end",
        count=seen["pictures"],
        score=seen["ssimulacra2"],
        growth=seen["file_growth"],
    )
    click.echo(end)


def pictures_of(folder: Path, limit: int | None) -> list[Path]:
    from ...formats import FORMATS

    if not folder.is_dir():
        raise NotUsable("cli.bench_no_folder", folder=folder)
    suffixes = {suffix for entry in FORMATS.values() for suffix in entry.suffixes}
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if not found:
        raise NotUsable("cli.bench_no_pictures", folder=folder)
    return found[:limit]


def purifiers_of(part: str, slow: bool) -> tuple[str, ...]:
    from ...purifiers import PURIFIERS

    kind = {"survival": "handling", "removal": "removal"}.get(part)
    return tuple(
        name
        for name in PURIFIERS
        if PURIFIERS[name].kind == kind and (slow or not PURIFIERS[name].slow)
    )


def measured(
    sources: list[Path],
    intent: Intent,
    device: str,
    purifiers: tuple[str, ...],
    watch: Any,  # noqa: ANN401
) -> Iterator[tuple[str, Report]]:
    """(name, report) per picture; one that cannot be read is named and left out."""
    from ...flow.optimise import optimise
    from ...flow.plan import plan
    from ...flow.read import read
    from ...flow.settle import settle
    from ...flow.verify import verify

    for seed, source in enumerate(sources):
        own = replace(intent, seed=seed if intent.seed is None else intent.seed + seed)
        try:
            change = optimise(plan(read(source), own, device=device), watch=watch)
            made = settle(change, watch=watch)
        except GlassineError as error:
            told = speech.phrase("cli.left_out_named", name=source.name, reason=error.message)
            click.echo(told, err=True)
            continue
        yield source.stem, verify(made, purifiers=purifiers, watch=watch)


def print_table(lines: list[Line]) -> None:
    from rich.console import Console
    from rich.table import Table

    from ...evidence.summary import percent

    sheet = Table(speech.phrase("cli.head_after"), box=None, header_style="bold", pad_edge=False)
    for head in HEADS:
        sheet.add_column(speech.spoken(head), justify="right")
    for line in lines:
        sheet.add_row(
            speech.spoken(line.says),
            *map(
                percent,
                (
                    line.covered,
                    line.spread,
                    line.blend,
                    line.held_out,
                    line.held_out_blend,
                    line.left,
                    line.worst,
                ),
            ),
        )
    Console().print(sheet)
