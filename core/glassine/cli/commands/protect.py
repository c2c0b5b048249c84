"""`glassine protect`: one command from a painting to a protected copy with its evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count
from os.path import isdir
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...flow.names import copy_name
from ...messages import with_english
from .. import exits, options, output
from ..usage import Command

if TYPE_CHECKING:
    from ...types import Intent

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


@click.command(cls=Command, epilog=EPILOG)
@options.of_pictures(*options.OPTIONS)
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
    suffix = Path(out).suffix if out and not names_folder(out, sources) else ""
    intent = options.given_intent(given, suffix)
    return protect_all(Asked(sources, intent, device, again, as_json), out)


def protect_all(asked: Asked, out: str | None) -> int:
    """Protects each picture, prints what came of it, as JSON if asked, and gives the exit code."""
    rows, codes = each_of(asked, out)
    if asked.as_json:
        click.echo(json.dumps({"pictures": rows}, indent=1, allow_nan=False))
    return code_of_all(asked, rows, codes)


def each_of(asked: Asked, out: str | None) -> tuple[list[dict[str, Any]], list[int]]:
    """Protects each picture: gives a row for every one, and a code for each that failed, which
    does not stop the others."""
    sources, rows, codes = asked.originals, list[dict[str, Any]](), list[int]()
    for source, target in copies_beside(sources, out, asked.intent):
        try:
            rows.append(one(source, target, asked))
        except BrokenPipeError:
            raise  # whoever read the output has gone
        except Exception as error:
            said, code = exits.message_and_code(error)
            codes.append(exits.failed(said, code, str(source) if len(sources) > 1 else ""))
            rows.append({"source": str(source), "error": with_english(said)})
    return rows, codes


def code_of_all(asked: Asked, rows: list[dict[str, Any]], codes: list[int]) -> int:
    weak = any(not row.get("protected", True) for row in rows)
    if len(asked.originals) == 1 and codes:
        return codes[0]
    if codes:
        return exits.FAILED
    return exits.TOO_LITTLE if weak and asked.intent.effort != "preview" else exits.DONE


@dataclass(frozen=True)
class Asked:
    """What holds for every picture of one call."""

    originals: list[Path]
    intent: Intent
    device: str
    again: bool
    as_json: bool


def one(source: Path, target: Path, asked: Asked) -> dict[str, Any]:
    from ...flow.deliver import ALL, ASK, deliver
    from .. import results

    with output.progress_of(source.name, silent=asked.as_json) as watch:
        made = deliver(
            source,
            target,
            asked.intent,
            device=asked.device,
            never=asked.originals,
            again=ALL if asked.again else ASK,
            watch=watch,
        )
    if not asked.as_json:
        click.echo("\n".join(results.delivered_lines(made)))
    return results.delivered_facts(made)


def names_folder(out: str, sources: list[Path]) -> bool:
    path = Path(out)
    return len(sources) > 1 or out.endswith(("/", "\\")) or isdir(out) or not path.suffix


def copies_beside(
    sources: list[Path], out: str | None, intent: Intent
) -> Iterator[tuple[Path, Path]]:
    """Each source with the file its protected copy goes to; no two are equal, even ignoring case.

    A name that the copy of another picture has already is left to it, and the next name is taken.
    """
    from ...flow import pages
    from ...flow.encode import suffix_of
    from ...machine import files

    if out and not names_folder(out, sources):
        yield sources[0], Path(out)
        return
    suffix, taken = suffix_of(intent.export), set[str]()
    for source in sources:
        if not source.is_file():  # `deliver` reports it; "." and ".." have no name to build on
            yield source, source
            continue
        folder = Path(out) if out else source.parent
        counted = (f"{source.name}.{number}" for number in count(2))
        stems = chain((source.stem, source.name), counted)
        names = (folder / copy_name(stem, suffix) for stem in stems)
        free = (name for name in names if not pages.is_taken(name, source))
        yield source, files.first_free(free, taken)
