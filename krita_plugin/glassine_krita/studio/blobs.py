"""A picture's pixels and mask, as they travel to the engine."""

from __future__ import annotations

from collections.abc import Iterator

from ..canvas import layers
from ..canvas.pictures import Picture
from ..canvas.small_pictures import SmallPicture
from ..engine.requests import Blob


def picture_blobs(picture: Picture) -> dict[str, Blob]:
    blobs = {"pixels": Blob(picture.size, picture.parts())}
    return blobs | ({"mask": blob_in_parts(picture.mask)} if picture.mask else {})


def small_blobs(small: SmallPicture) -> dict[str, Blob]:
    """Small enough to travel in one piece."""
    blobs = {"pixels": Blob(len(small.pixels), iter((small.pixels,)))}
    return blobs | ({"mask": Blob(len(small.mask), iter((small.mask,)))} if small.mask else {})


def blob_in_parts(data: bytes) -> Blob:
    return Blob(len(data), in_parts(data))


def in_parts(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), layers.PART):
        yield data[start : start + layers.PART]
