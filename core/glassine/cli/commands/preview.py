"""`glassine preview`: the styles and concepts that can be aimed at."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import NotWritable
from ...flow.names import sheet_path
from .. import speech
from ..names import Name
from ..usage import Command

if TYPE_CHECKING:
    from PIL import Image

    from ...types import Artwork

_SIDE, _COLUMNS, _GAP, _LINE = 208, 6, 8, 18  # pixels
_INK, _FAINT, _PAPER = "#222222", "#888888", "#ffffff"
_OURS = "Glassine, a sheet of styles"


@click.command(cls=Command)
@click.argument("picture", required=False, type=Name(path_type=Path))
@click.option(
    "-o",
    "--out",
    metavar="FILE",
    type=Name(path_type=Path),
    help="The sheet, a PNG. Without it: beside PICTURE.",
)
def command(picture: Path | None, out: Path | None) -> None:
    """See the styles and concepts that can be aimed at.

    Without a PICTURE their names are listed. With one, every style is rendered on it into one
    sheet (NAME.styles.png, or NAME.jpg.styles.png), nearest to your own first. Those with dark
    names are the ones that `protect` chooses from by itself.
    """
    if picture is None:
        list_choices()
        return
    from ...flow.read import read
    from ...machine import files

    target = out or sheet_path(picture)
    check_sheet(target, picture)
    files.write(target, sheet_png(sheet(read(picture))), never=[picture])
    click.echo(speech.phrase("cli.preview_end", name=picture.name, path=target))


def check_sheet(target: Path, picture: Path) -> None:
    """Raises where somebody's file would be lost: only a sheet may be replaced by a sheet."""
    from ...machine import files

    files.check_writable(target, never=[picture])
    if target.suffix.lower() != ".png":
        raise NotWritable("cli.preview_ending", path=target)
    if files.is_foreign(target, _OURS.encode()):
        raise NotWritable("cli.preview_foreign", path=target)


def sheet_png(page: Image.Image) -> bytes:
    """As PNG, with a text by which `check_sheet` knows a sheet again."""
    from PIL.PngImagePlugin import PngInfo

    about, stream = PngInfo(), BytesIO()
    about.add_text("Software", _OURS)
    page.save(stream, "png", pnginfo=about)
    return stream.getvalue()


def list_choices() -> None:
    from ...flow.catalogue import choice_rows, entry_words

    entry_words()  # loads the words of every style, for `phrase`
    click.echo(speech.phrase("cli.preview_styles"))
    for row in choice_rows("style"):
        click.echo(f"  {row['name']:16} {speech.phrase(row['code'])}")
    click.echo(speech.phrase("cli.preview_others"))
    concepts = tuple(row["name"] for row in choice_rows("concept"))
    click.echo(speech.phrase("cli.preview_concepts", concepts=concepts))


def sheet(artwork: Artwork) -> Image.Image:
    """All styles on one picture, nearest first, with their distance."""
    from PIL import Image, ImageDraw

    from ...pixels.resize import lanczos
    from ...targets import style

    height, width = artwork.rgb.shape[1:]
    scale = _SIDE / max(height, width)
    small = lanczos(artwork.rgb, max(32, round(height * scale)), max(32, round(width * scale)))
    away = style.distances(artwork.rgb)
    near = sorted(away, key=away.__getitem__)
    chosen = set(style.middle_styles(near))
    cell = (small.shape[2] + _GAP, small.shape[1] + _LINE + _GAP)
    rows = -(-len(near) // _COLUMNS)
    page = Image.new("RGB", (_COLUMNS * cell[0] + _GAP, rows * cell[1] + _GAP), _PAPER)
    pen = ImageDraw.Draw(page)
    for number, name in enumerate(near):
        row, column = divmod(number, _COLUMNS)
        x, y = _GAP + column * cell[0], _GAP + row * cell[1]
        page.paste(style.pillow(style.rendered(small, name)), (x, y + _LINE))
        pen.text((x, y), f"{name}  {away[name]:.1f}", fill=_INK if name in chosen else _FAINT)
    return page
