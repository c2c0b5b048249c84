"""What a picture looks like, in few bytes: hashes that survive JPEG and resizing, and a small view.

Opened by libvips through its own thumbnailer, which reads no more of a file than it needs.
"""

from __future__ import annotations

import io
import math
import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyvips
from numpy.typing import NDArray
from PIL import Image

from ..errors import NotUsable, Unreadable, reason_of
from ..messages import Field, Message, message
from ..pixels.flatten import laid_on_white
from ..pixels.merged import DAMAGED, picture

Bytes = NDArray[np.uint8]
Source = Path | bytes
"""A picture file, by its name or by its contents."""

HASH = 32
"""Bytes of one hash: 16 x 16 low frequencies of a 64 x 64 grey picture, one bit each."""

VIEW = 480
"""Longest side of the small picture kept for comparing, in pixels."""

_SHAPE = 0.02  # by which the ratio of sides of two equal shapes may differ

LARGEST = 500_000_000
"""Pixels; a file that claims more is not opened."""

THIS = message("picture.this")
"""How messages name a picture that has no file name."""

_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*", b"GIF8")
_FLAT = 64.0 * 64  # largest coefficient of a flat picture; a wave of one level has a quarter


def open_small(
    source: Source, side: int = VIEW, *, exact: bool = False, name: Field = THIS
) -> Bytes:
    """(h, w, 3) uint8, sRGB-like, on white, at most `side` long; `exact`: side x side."""
    name = message("picture.named", name=source) if isinstance(source, Path) else name
    data = content(name, source if isinstance(source, bytes) else source.read_bytes())
    if not (data.startswith(_STARTS) or data[4:8] == b"ftyp"):
        raise refused(name, message("fingerprint.no_picture"))
    try:
        header = pyvips.Image.new_from_buffer(data, "", access="sequential")
        if header.width * header.height > LARGEST:
            claims = message("fingerprint.claims", width=header.width, height=header.height)
            raise refused(name, claims)
        size = {"height": side, "size": "force" if exact else "down"}
        small = pyvips.Image.thumbnail_buffer(data, side, **size)
        pixels = np.asarray(laid_on_white(small))
    except pyvips.Error as error:
        raise refused(name, message("fingerprint.damaged")) from error
    return np.ascontiguousarray(pixels[..., :3])


def reduced(pixels: Bytes, side: int = VIEW) -> Bytes:
    """(H, W, 3) uint8 -> what `open_small` gives of a file of these pixels."""
    image = pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")
    return np.ascontiguousarray(image.thumbnail_image(side, height=side, size="down").numpy())


def apart(pixels: Bytes, view: bytes) -> float:
    """Mean difference in levels between a small picture and a view in the ledger.

    Both go through the same JPEG, so that equal pictures differ by 0, although JPEG changes each by
    more than protection does. Infinite where their shapes differ.
    """
    kept = open_small(view)
    (high, wide), (height, width) = kept.shape[:2], pixels.shape[:2]
    if abs(width * high / (height * wide) - 1) > _SHAPE:
        return math.inf
    if (high, wide) != (height, width):
        image = pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")
        pixels = image.thumbnail_image(wide, height=high, size="force").numpy()
    again = open_small(small_jpeg(np.ascontiguousarray(pixels)))
    return float(np.abs(again.astype(np.int16) - kept).mean())


def refused(what: Field, reason: Message) -> Unreadable:
    return Unreadable("fingerprint.refused", what=what, reason=reason)


def content(name: Field, data: bytes) -> bytes:
    """The file itself, or the merged picture inside a Krita or OpenRaster archive."""
    if not data.startswith(b"PK"):
        return data
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return picture(archive, len(data), name)
    except (NotUsable, *DAMAGED) as error:
        raise Unreadable(
            "fingerprint.not_opened", what=name, reason=reason_of(error, "damaged")
        ) from error


def hashed(pixels: Bytes) -> bytes:
    """32 bytes: signs of the low DCT frequencies around their median (pHash, 16 x 16).

    A picture of one colour has none: 32 zero bytes, which match nothing.
    """
    basis = _cosines()
    low = basis @ grey(pixels) @ basis.T
    if np.abs(low).ravel()[1:].max() < _FLAT:
        return bytes(HASH)
    return np.packbits(low > np.median(low)).tobytes()


def hashes(pixels: Bytes) -> bytes:
    """(h, w, 3) -> the picture's hash, then its mirror image's: one entry finds both."""
    image = Image.fromarray(pixels)  # a third of the time that libvips needs for one so small
    small = np.asarray(image.resize((64, 64), Image.Resampling.LANCZOS, reducing_gap=3.0))
    return hashed(small) + hashed(small[:, ::-1])


def grey(pixels: Bytes) -> NDArray[np.float32]:
    return np.asarray(pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32))


def bits_apart(one: bytes, others: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Differing bits between one hash (32 bytes) and every row of (n, 32)."""
    bits = np.bitwise_count(np.frombuffer(one, np.uint8)[None] ^ others)
    return np.asarray(bits.sum(axis=1, dtype=np.int64))


def small_jpeg(pixels: Bytes) -> bytes:
    """The small picture as a JPEG, for comparing by eye and by features."""
    image = pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")
    data: bytes = image.jpegsave_buffer(Q=82)
    return data


@lru_cache(maxsize=1)
def _cosines() -> NDArray[np.float32]:
    """The first 16 rows of a 64-point DCT-II, not normalised."""
    k, n = np.arange(16)[:, None], np.arange(64)[None]
    return np.asarray(np.cos(math.pi * (2 * n + 1) * k / 128), dtype=np.float32)
