"""`glassine find`: which files of a folder are, or contain, your work."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import NotUsable
from ...messages import Message
from .. import output, speech
from ..names import Name
from ..usage import Command

if TYPE_CHECKING:
    from ...find import Hit, Search, Work
    from ...types import Watch

_SHOWN = 20  # files on the terminal; the page has all of them

EPILOG = """\b
Examples:
  glassine find downloads/                        look for everything in your ledger
  glassine find dataset/ --works paintings/       look for pictures that have no receipt
  glassine find --own                             near-duplicates among your own exports

A folder is looked at once; later searches only read what is new. Stop and start as you like.

\b
Pictures are recognised by their contents, whatever their name: png, jpeg, webp, tiff, avif, gif,
bmp, heic, kra and ora. Other kinds, archives and links are listed, and not opened.
It finds copies that were resized, cropped, turned, mirrored, recompressed, made grey or darker;
negatives of a whole picture, but not of a part; shifted hues that keep the order of light and dark.
It does not find redrawn pictures, parts smaller than a tenth of a picture, or flat colours whose
hues were shifted so far that light and dark changed places.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("folder", required=False, type=Name(path_type=Path))
@click.option(
    "--works",
    metavar="FOLDER",
    multiple=True,
    type=Name(path_type=Path),
    help="Pictures of yours to look for, besides the ledger's.",
)
@click.option("--own", is_flag=True, help="Look for near-duplicates among your own exports.")
@click.option("--artist", default="", help="The name to look for in metadata.")
@click.option(
    "--listen-to-all", is_flag=True, help="Decode the watermark of every file; about a second each."
)
@click.option(
    "-o",
    "--out",
    type=Name(path_type=Path),
    default=Path("glassine-find.html"),
    show_default=True,
    help="The page with the evidence side by side.",
)
@click.option("--json", "as_json", is_flag=True, help="The hits as JSON on standard output.")
def command(
    folder: Path | None,
    works: tuple[Path, ...],
    own: bool,
    artist: str,
    listen_to_all: bool,
    out: Path,
    as_json: bool,
) -> None:
    """Find your own work in FOLDER: a data set, generated pictures, a site's download.

    Compares hashes, then features that survive cropping and overpainting, then the watermark,
    then metadata. It proves that a work is there; it cannot prove that it is not.
    """
    from ...flow import pages

    if (folder is None) != own:
        raise speech.misused("cli.find_what")
    pages.check_page(out, search=True)
    with output.progress_of(str(folder or "ledger"), silent=as_json) as watch:
        looked_for = gathered_works(works, watch)
        if own:
            own_duplicates(looked_for, out, as_json, watch)
            return
        assert folder is not None
        from ...find import search

        found = search(folder, looked_for, creator=artist, listen_to_all=listen_to_all, watch=watch)
    show_search(found, out, as_json)


def gathered_works(folders: tuple[Path, ...], watch: Watch) -> list[Work]:
    from ...find import from_folder, from_ledger

    works = from_ledger()
    for folder in folders:
        more, problems = from_folder(folder, watch)
        works += more
        for problem in problems:
            click.echo(speech.phrase("cli.left_out", reason=problem), err=True)
    return works


def show_search(found: Search, out: Path, as_json: bool) -> None:
    from ...evidence.schema import json_ready
    from ...find import report
    from ...machine import files

    files.write(out, report.page(found).encode())
    if as_json:
        told = json_ready({**search_summary(found), "page": str(out)})
        click.echo(json.dumps(told, indent=1))
        return
    for doubt in found.doubts:
        click.echo(speech.phrase("cli.note", note=doubt))
    for line in search_lines(found.hits)[:_SHOWN]:
        click.echo(line)
    if more := max(0, found.found - _SHOWN):
        click.echo(speech.phrase("cli.find_more", count=more))
    for problem in found.problems[:_SHOWN]:
        click.echo(speech.phrase("cli.find_problem", problem=problem))
    if more := max(0, len(found.problems) - _SHOWN):
        click.echo(speech.phrase("cli.find_more", count=more))
    click.echo(speech.phrase("cli.find_end", found=found.found, files=found.files, page=out))


def search_lines(hits: Sequence[Hit]) -> list[str]:
    """One line for each file: its strongest evidence, and the works that it shows."""
    said, works = dict[Path, Message](), defaultdict[Path, list[str]](list)
    for hit in hits:  # the strongest come first
        said.setdefault(hit.path, hit.says)
        if hit.work:
            works[hit.path].append(hit.work.name)
    return [
        f"{path}: {speech.spoken(says)}" + (f" ({', '.join(works[path])})" if works[path] else "")
        for path, says in said.items()
    ]


def search_summary(found: Search) -> dict[str, object]:
    return {
        "files": found.files,
        "works": found.works,
        "doubts": list(found.doubts),
        "hits": [
            {
                "path": str(hit.path),
                "verdict": hit.verdict,
                "work": hit.work.name if hit.work else None,
                "export": hit.work.export if hit.work else None,
                "inliers": hit.inliers,
                "differ": hit.differ,
                "mirrored": hit.mirrored,
                "negative": hit.negative,
                "watermark_chance": hit.mark.chance if hit.mark else None,
                "evidence": list(hit.evidence),
            }
            for hit in found.hits
        ],
        "problems": list(found.problems),
    }


def own_duplicates(works: list[Work], out: Path, as_json: bool, watch: Watch) -> None:
    from ...find import clusters, report
    from ...machine import files

    if not works:
        raise NotUsable("cli.own_none")
    groups = clusters(works, watch)
    files.write(out, report.own_page(groups).encode())
    if as_json:
        rows = [
            [{"name": one.name, "export": one.export} for one in group.works] for group in groups
        ]
        click.echo(json.dumps({"clusters": rows, "page": str(out)}, indent=1))
        return
    for group in groups:
        click.echo(speech.spoken(group.says))
    click.echo(speech.phrase("cli.own_end", count=len(groups), page=out))
