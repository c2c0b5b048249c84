"""What a picture looks like, in few bytes: hashes that survive JPEG and resizing, and a small view.

Opened by libvips through its own thumbnailer, which reads no more of a file than it needs.
"""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path

import numpy as np
import pyvips
from numpy.typing import NDArray

from .errors import Unreadable
from .units import Unit, to_levels

Bytes = NDArray[np.uint8]
Source = Path | bytes
"""A picture file, by its name or by its contents."""

HASH = 32
"""Bytes of one hash: 16 x 16 low frequencies of a 64 x 64 grey picture, one bit each."""

VIEW = 480
"""Longest side of the small picture kept for comparing, in pixels."""

LARGEST = 500_000_000
"""Pixels; a file that claims more is not opened."""

_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*", b"GIF8")
_ARCHIVES = (".kra", ".ora", ".kpz")
_UNFOLDED = 1 << 30  # bytes a merged picture in an archive may have


def opened(source: Source, side: int, *, exact: bool = False) -> Bytes:
    """(h, w, 3) uint8, sRGB-like, on white, at most `side` long; `exact`: side x side."""
    data = source if isinstance(source, bytes) else _content(source)
    try:
        if not (data.startswith(_STARTS) or data[4:8] == b"ftyp"):
            raise Unreadable("it is not a PNG, JPEG, WebP, TIFF, AVIF or GIF picture")
        header = pyvips.Image.new_from_buffer(data, "", access="sequential")
        if header.width * header.height > LARGEST:
            raise Unreadable(f"it claims {header.width} x {header.height} pixels")
        size = {"height": side, "size": "force" if exact else "down"}
        small = pyvips.Image.thumbnail_buffer(data, side, **size)
        small = small.flatten(background=to_levels(Unit(1))) if small.hasalpha() else small
        small = small.colourspace("srgb").cast("uchar")
        pixels = np.asarray(small)
    except (pyvips.Error, Unreadable) as error:
        name = source if isinstance(source, Path) else "these bytes"
        why = str(error).strip().splitlines()[0] if str(error).strip() else "damaged"
        raise Unreadable(f"{name} was to be looked at, but {why}. Leave it out.") from error
    return np.ascontiguousarray(pixels[..., :3])


def _content(path: Path) -> bytes:
    """The file, or the merged picture inside a Krita or OpenRaster archive."""
    if path.suffix.lower() not in _ARCHIVES:
        return path.read_bytes()
    try:
        with zipfile.ZipFile(path) as archive:
            merged = archive.getinfo("mergedimage.png")
            if merged.file_size > _UNFOLDED or merged.file_size > 1000 * merged.compress_size + 4096:
                raise Unreadable(
                    f"{path} was to be looked at, but its picture claims to unfold to "
                    f"{merged.file_size >> 20} MB, which no painting does. Leave it out."
                )
            with archive.open(merged) as stream:
                return stream.read(_UNFOLDED)
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Unreadable(f"{path} was to be looked at, but holds no merged picture.") from error


def hashed(pixels: Bytes) -> bytes:
    """32 bytes: signs of the low DCT frequencies around their median (pHash, 16 x 16)."""
    basis = _cosines()
    low = basis @ grey(pixels) @ basis.T
    return np.packbits(low > np.median(low)).tobytes()


def hashes(source: Source) -> bytes:
    """The picture's hash, then its mirror image's: one entry finds both."""
    pixels = opened(source, 64, exact=True)
    return hashed(pixels) + hashed(pixels[:, ::-1])


def grey(pixels: Bytes) -> NDArray[np.float32]:
    return np.asarray(pixels.astype(np.float32) @ np.float32([0.299, 0.587, 0.114]))


def distance(one: bytes, others: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Differing bits between one hash (32 bytes) and every row of (n, 32)."""
    bits = np.bitwise_count(np.frombuffer(one, np.uint8)[None] ^ others)
    return np.asarray(bits.sum(axis=1, dtype=np.int64))


def view(source: Source, side: int = VIEW) -> bytes:
    """A small JPEG for comparing by eye and by features."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(opened(source, side)).save(stream, "JPEG", quality=82)
    return stream.getvalue()


def _cosines() -> NDArray[np.float32]:
    """The first 16 rows of a 64-point DCT-II, without the constant one's weight."""
    k, n = np.arange(16)[:, None], np.arange(64)[None]
    return np.asarray(np.cos(math.pi * (2 * n + 1) * k / 128), dtype=np.float32)
