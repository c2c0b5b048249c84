"""`glassine protect`: one command from a painting to a protected copy with its evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, count
from os.path import isdir
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import asked, progress, stop

if TYPE_CHECKING:
    from ..types import Intent

EPILOG = """\b
Examples:
  glassine protect painting.png
  glassine protect painting.kra --strength subtle --effort full
  glassine protect painting.png --style ember -o for-posting.jpg
  glassine protect dog.png --shows dog --teach cat
  glassine protect *.png -o protected/ --marks xmp,watermark --artist "Ann Artist"

Writes NAME.glassine.png and NAME.glassine.html beside each picture and leaves the original as it
is. Post the first, keep the original to yourself: a copy that was online before stays unprotected.
A second format of one picture has a page of its own: NAME.glassine.jpg.html.
"""


@click.command(epilog=EPILOG)
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...", type=click.Path())
@click.option(
    "-o",
    "--out",
    metavar="OUT",
    type=click.Path(),
    help="A file, or a folder for several pictures.",
)
@asked.options
@click.option(
    "--again",
    is_flag=True,
    help="Also pictures that are already protected, and over whatever picture -o names.",
)
@click.option("--json", "as_json", is_flag=True, help="Results as JSON on standard output.")
def command(
    pictures: tuple[str, ...],
    out: str | None,
    device: str,
    again: bool,
    as_json: bool,
    **given: object,
) -> int:
    """Protect pictures, with a page of evidence beside each.

    Moves what AI models see in a PICTURE (png, jpeg, webp, tiff, avif, kra, ora) and changes as
    little as possible of what people see. Everything happens on this machine.
    """
    sources = [Path(picture) for picture in pictures]
    suffix = Path(out).suffix if out and not is_folder(out, sources) else ""
    intent = asked.intent(given, suffix)
    rows, codes = [], []
    for source, target in named(sources, out, intent):
        try:
            made = one(source, target, sources, intent, device, again=again, as_json=as_json)
            rows.append(made)
        except BrokenPipeError:
            raise  # nobody reads on
        except Exception as error:
            whose, (said, code) = f"{source}: " if len(sources) > 1 else "", stop.told(error)
            codes.append(stop.say(f"glassine: {whose}{said}", code))
            rows.append({"source": str(source), "error": said})
    if as_json:
        click.echo(json.dumps({"pictures": rows}, indent=1, allow_nan=False))
    if len(sources) == 1 and codes:
        return codes[0]
    return stop.FAILED if codes else stop.DONE


def one(
    source: Path,
    target: Path,
    originals: list[Path],
    intent: Intent,
    device: str,
    *,
    again: bool,
    as_json: bool,
) -> dict[str, Any]:
    from ..deliver import deliver
    from . import results

    with progress.shown(source.name, silent=as_json) as watch:
        made = deliver(
            source, target, intent, device=device, never=originals, again=again, watch=watch
        )
    if not as_json:
        click.echo("\n".join(results.summary(made)))
    return results.facts(made)


def is_folder(out: str, sources: list[Path]) -> bool:
    path = Path(out)
    return len(sources) > 1 or out.endswith(("/", "\\")) or isdir(out) or not path.suffix


def named(sources: list[Path], out: str | None, intent: Intent) -> Iterator[tuple[Path, Path]]:
    """Each source with the file its protected copy goes to; no two share one, whatever case.

    What another picture's copy has as its name is left to it: the next one is taken.
    """
    from .. import files, pages
    from ..encode import suffix_of

    if out and not is_folder(out, sources):
        yield sources[0], Path(out)
        return
    suffix, taken = suffix_of(intent.export), set[str]()
    for source in sources:
        folder = Path(out) if out else source.parent
        counted = (f"{source.name}.{number}" for number in count(2))
        stems = chain((source.stem, source.name), counted)
        names = (folder / f"{stem}.glassine{suffix}" for stem in stems)
        free = (name for name in names if not pages.taken(name, source))
        yield source, files.free(free, taken)
