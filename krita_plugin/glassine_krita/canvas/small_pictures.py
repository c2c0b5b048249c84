"""A small copy of what a preview looks at, made a strip at a time so that painting goes on.

Qt scales, in C++; the plugin has no numpy. Up to LONGEST pixels nothing is scaled at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

from ..qt import Qt, QtGui
from .pictures import Picture
from .places import Place

LONGEST = 1024  # pixels; the engine's largest preview
STRIP = 1 << 19  # pixels that are read and scaled in one turn: about 5 ms
Format = QtGui.QImage.Format
FORMAT = Format.Format_ARGB32


@dataclass(frozen=True)
class SmallPicture:
    """Straight-alpha sRGB, BGRA with 8 bits, and the part of the document that it shows."""

    pixels: bytes
    mask: bytes
    width: int
    height: int
    place: Place

    @cached_property
    def name(self) -> str:
        """A digest: the same for the same pixels and selection."""
        found = blake2b(self.pixels)
        found.update(self.mask)
        return found.hexdigest()

    def about(self) -> dict[str, Any]:
        size = {"width": self.width, "height": self.height}
        at = {"left": self.place.x, "top": self.place.y, "scale": self.place.width / self.width}
        return {**size, **at, "order": "BGRA", "type": "u8", "linear": False}


def shrink_by_strips(picture: Picture, longest: int = LONGEST) -> Iterator[SmallPicture | None]:
    """Yields None while there is more to do, and at last the small copy of a picture in SCREEN."""
    place, pixel = picture.place, picture.space.pixel
    factor = min(1.0, longest / max(place.width, place.height))
    width, height = max(1, round(place.width * factor)), max(1, round(place.height * factor))
    out = QtGui.QImage(width, height, FORMAT)
    out.fill(0)
    done = 0
    for strip in place.strips(max(1, STRIP // place.width)):
        data = picture.read(strip)
        image = QtGui.QImage(data, strip.width, strip.height, strip.width * pixel, FORMAT)
        last = strip.y + strip.height - place.y
        bottom = height if last == place.height else round(last * factor)
        if bottom > done:
            paste_scaled(out, image, done, width, bottom - done)
        done = max(done, bottom)
        yield None
    mask = shrink_mask(picture, width, height) if picture.mask else b""
    yield SmallPicture(packed_rows(out, pixel), mask, width, height, place)


def paste_scaled(out: QtGui.QImage, image: QtGui.QImage, top: int, width: int, height: int) -> None:
    if image.width() != width or image.height() != height:
        image = image.scaled(
            width,
            height,
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    painter = QtGui.QPainter(out)
    painter.setCompositionMode(QtGui.QPainter.CompositionMode.CompositionMode_Source)
    painter.drawImage(0, top, image)
    painter.end()


def shrink_mask(picture: Picture, width: int, height: int) -> bytes:
    place = picture.place
    mask = QtGui.QImage(
        picture.mask, place.width, place.height, place.width, Format.Format_Grayscale8
    )
    scaled = mask.scaled(
        width,
        height,
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    return packed_rows(scaled.convertToFormat(Format.Format_Grayscale8), 1)


def packed_rows(image: QtGui.QImage, pixel: int) -> bytes:
    """The image's rows without the padding to four bytes that Qt adds."""
    pointer = image.constBits()
    assert pointer is not None  # only an image without pixels has none
    data, stride = pointer.asstring(image.sizeInBytes()), image.bytesPerLine()
    wide = image.width() * pixel
    if stride == wide:
        return data
    return b"".join(data[y * stride : y * stride + wide] for y in range(image.height()))


def image_of(data: memoryview, width: int, height: int) -> QtGui.QImage:
    """The engine's BGRA bytes as a picture that owns its pixels."""
    return QtGui.QImage(bytes(data), width, height, width * 4, FORMAT).copy()
