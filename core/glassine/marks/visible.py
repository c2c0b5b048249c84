"""A mark that people see: words or a signature, in a corner or tiled, for previews.

Pillow draws it with the font that it ships, so that a plan gives the same pixels everywhere. Texts
with letters that this font lacks are drawn by libvips with the machine's fonts.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyvips
import torch
from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError
from torch import Tensor
from torch.nn.functional import interpolate, max_pool2d, pad

from ..errors import NotUsable, reason_of
from ..messages import Message, message
from ..pixels.grid import steps
from ..types import Claim, Protected, Visible
from .base import Mark

_MARGIN = 1 / 40  # from the border, as a share of the shorter side
_CORNER, _TILE = 1 / 3, 1 / 4  # width of one mark as a share of the picture's, in each layout
_SLANT = 30  # degrees, in the tiled layout
_EDGE = 1 / 24  # width of the outline as a share of the letters' height
_DRAWN = 200  # pixels; height of the letters before they are scaled
_NEVER = "\ufdd0\U0010fffd"  # no font has these; Pango draws boxes with four and six digits


def embed(protected: Protected) -> Protected:
    """Draws the mark over the picture; pixels with alpha 0 keep their bits."""
    plan = protected.plan
    wish = plan.export.claim.visible
    picture = protected.rgb.cpu()
    stamp = signature(wish.picture) if wish.picture else drawn_words(wish.text)
    over = tiled(stamp, picture) if wish.layout == "tiled" else corner(stamp, picture)
    cover = over[3:] * checked_opacity(wish)
    marked = picture * (1 - cover) + over[:3] * cover
    if plan.artwork.alpha is not None:
        marked = torch.where(plan.artwork.alpha > 0, marked, picture)
    marked = torch.where(cover > 0, marked, picture)  # the rest keeps its exact bits
    notes = (*protected.notes, message("visible.drawn"))
    return replace(protected, rgb=marked.to(protected.rgb.device), notes=notes)


def checked_opacity(wish: Visible) -> float:
    if not 0 < wish.opacity <= 1:
        raise NotUsable("visible.opacity", opacity=wish.opacity)
    return wish.opacity


def check(claim: Claim) -> tuple[Message, ...]:
    """Draws the mark once, so that a missing letter or a bad file is found before any work."""
    wish = claim.visible
    checked_opacity(wish)
    signature(wish.picture) if wish.picture else drawn_words(wish.text)
    return ()


def drawn_words(text: str) -> Tensor:
    """(4, h, w) in [0, 1]: white letters with a black outline, which show on any picture."""
    if not text.strip():
        raise NotUsable("visible.no_words")
    font = ImageFont.load_default(size=_DRAWN)
    if not isinstance(font, ImageFont.FreeTypeFont) or not _drawable(font, text):
        return _by_pango(text)
    edge = round(_DRAWN * _EDGE)
    left, top, right, bottom = (round(at) for at in font.getbbox(text, stroke_width=edge))
    canvas = Image.new("RGBA", (right - left, bottom - top))
    ImageDraw.Draw(canvas).text(
        (-left, -top), text, "white", font, stroke_width=edge, stroke_fill="black"
    )
    return _tensor(canvas)


def _drawable(font: ImageFont.FreeTypeFont, text: str) -> bool:
    """Whether the font has every letter: it draws a missing one like a code that no font has."""
    absent = bytes(font.getmask("\U0010fffd"))
    return all(letter.isspace() or bytes(font.getmask(letter)) != absent for letter in text)


def _by_pango(text: str) -> Tensor:
    """As `drawn_words`, with the machine's fonts."""
    if lacking := unseen(text):
        raise NotUsable("visible.no_letters", text=text, letters=lacking)
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    try:
        letters = pyvips.Image.text(escaped, height=_DRAWN, width=_DRAWN * 40)
    except pyvips.Error as error:
        raise NotUsable("visible.no_font", text=text) from error
    flat = np.asarray(letters).reshape(1, letters.height, letters.width).astype(np.float32)
    edge = round(_DRAWN * _EDGE)
    shape = pad(torch.from_numpy(flat) / steps(8), [edge] * 4)
    return torch.cat([shape.expand(3, -1, -1), max_pool2d(shape, 2 * edge + 1, 1, edge)])


def unseen(text: str) -> str:
    """Letters that no font of this machine has: Pango draws a box with the letter's number."""
    boxes = [_frame(letter) for letter in _NEVER]
    letters = (letter for letter in dict.fromkeys(text) if not letter.isspace())
    return "".join(letter for letter in letters if _frame(letter) in boxes)


def _frame(letter: str) -> tuple[bytes, ...]:
    """The four edge lines of the letter as Pango draws it: those of a box mean a missing letter."""
    try:
        drawn = pyvips.Image.text(letter.replace("&", "&amp;").replace("<", "&lt;"), dpi=300)
    except pyvips.Error:
        return ()
    flat = np.asarray(drawn).reshape(drawn.height, drawn.width)
    return tuple(edge.tobytes() for edge in (flat[0], flat[-1], flat[:, 0], flat[:, -1]))


def signature(path: str) -> Tensor:
    """(4, h, w) in [0, 1] from the artist's own picture; it needs transparency."""
    try:
        with Image.open(Path(path)) as picture:
            drawn = picture.convert("RGBA")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise NotUsable(
            "visible.not_opened", path=path, reason=reason_of(error, "damaged")
        ) from error
    if drawn.getchannel("A").getextrema() == (steps(8), steps(8)):
        raise NotUsable("visible.box", path=path)
    return _tensor(drawn.crop(drawn.getbbox()))


def _tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture, dtype=np.float32)).permute(2, 0, 1) / steps(8)


def corner(stamp: Tensor, picture: Tensor) -> Tensor:
    """(4, H, W): the stamp at the bottom right, a third of the picture's width."""
    height, width = picture.shape[1:]
    margin = round(min(height, width) * _MARGIN)
    small = scaled(stamp, round(width * _CORNER), height - 2 * margin)
    layer = torch.zeros(4, height, width)
    high, wide = small.shape[1:]
    layer[:, height - margin - high : height - margin, width - margin - wide : width - margin] = (
        small
    )
    return layer


def tiled(stamp: Tensor, picture: Tensor) -> Tensor:
    """(4, H, W): slanted stamps in rows over the picture, every second row shifted by half."""
    height, width = picture.shape[1:]
    small = scaled(stamp, round(width * _TILE), height)
    turned = Image.fromarray((small * steps(8)).byte().permute(1, 2, 0).numpy())
    tile = _tensor(turned.rotate(_SLANT, Image.Resampling.BICUBIC, expand=True))
    high, wide = tile.shape[1:]
    row = tile.repeat(1, 1, width // wide + 2)
    rows = [row.roll(wide // 2 * (at % 2), 2) for at in range(height // high + 1)]
    return torch.cat(rows, 1)[:, :height, :width].contiguous()


def scaled(stamp: Tensor, wide: int, most: int) -> Tensor:
    """The stamp, `wide` pixels wide but no higher than `most`."""
    high = max(1, round(wide * stamp.shape[1] / stamp.shape[2]))
    if high > most:
        wide, high = max(1, wide * most // high), max(1, most)
    faded = torch.cat([stamp[:3] * stamp[3:], stamp[3:]])  # colour under alpha 0 must not bleed
    small = interpolate(faded[None], (high, max(1, wide)), mode="bilinear", antialias=True)[0]
    return torch.cat([small[:3] / small[3:].clamp_min(1e-6), small[3:]]).clamp(0, 1)


ENTRY = Mark(
    says="Words or a signature drawn over the picture, for previews",
    label="Visible mark",
    stage="pixels",
    check=check,
    embed=embed,
    visible=True,
    note="Everyone sees it, and it can be painted away. For previews, not for the work itself.",
)
