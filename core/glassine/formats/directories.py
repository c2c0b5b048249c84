"""Which of a TIFF's pictures is the one to read, by the tags of each directory.

The first directory may be a thumbnail, with the picture in a subdirectory; a picture may be
followed by its thumbnail. Whatever is neither a thumbnail nor a mask counts as a page. Sources:
TIFF 6.0, tags 254 and 255; EXIF for thumbnails; TIFF/EP for subdirectories.
"""

from __future__ import annotations

from dataclasses import dataclass

from .carried.exif import Directory, all_numbers, chained

_KIND, _OLD_KIND, _WIDTH, _HEIGHT = range(0x00FE, 0x0102)
_STRIPS, _TILES, _JPEG = 0x0111, 0x0144, 0x0201
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2


@dataclass(frozen=True)
class Place:
    """Where libvips finds a picture.

    page   number of the directory, from 0
    below  number of the subdirectory; -1: the directory itself
    """

    page: int
    below: int = -1

    @property
    def options(self) -> dict[str, int]:
        """What libvips' loader is called with."""
        return {"page": self.page} | ({"subifd": self.below} if self.below >= 0 else {})


@dataclass(frozen=True)
class Held:
    """How many pages, thumbnails and masks a TIFF holds.

    pages  at least 1: a picture in a subdirectory counts where no directory is a page
    """

    pages: int
    small: int
    masks: int


def held(data: bytes) -> Held:
    """What a TIFF holds, by its directories."""
    order, rows = chained(data)
    every = [one for own, below in rows for one in (own, *below)]
    masks = sum(is_mask(one, order) for one in every)
    pictures = sum(area(one, order) > 0 or _JPEG in one for one in every) - masks
    pages = max(1, sum(whole(own, order) for own, _ in rows))
    return Held(pages, max(0, pictures - pages), masks)


def chosen(data: bytes) -> Place | None:
    """The one picture, or the larger of a page and a subdirectory; None where there are several
    pages, or no picture at all."""
    order, rows = chained(data)
    pages = [at for at, (own, _) in enumerate(rows) if whole(own, order)]
    below = {
        Place(page, at): area(one, order)
        for page, (_, parts) in enumerate(rows)
        for at, one in enumerate(parts)
        if whole(one, order)
    }
    largest = max(below, key=below.__getitem__, default=None)
    if len(pages) > 1 or (not pages and largest is None):
        return None
    if pages and (largest is None or area(rows[pages[0]][0], order) >= below[largest]):
        return Place(pages[0])
    return largest


def whole(directory: Directory, order: str) -> bool:
    """Whether it is a picture at full size, neither a thumbnail nor a mask."""
    (kind, *_) = all_numbers(directory, _KIND, order) or (0,)
    (before, *_) = all_numbers(directory, _OLD_KIND, order) or (0,)
    bare = _JPEG in directory and not directory.keys() & {_STRIPS, _TILES}
    return area(directory, order) > 0 and not (
        kind & (_REDUCED | _MASK) or before == _OLD_REDUCED or bare
    )


def is_mask(directory: Directory, order: str) -> bool:
    """Whether it is a transparency mask of another directory."""
    (kind, *_) = all_numbers(directory, _KIND, order) or (0,)
    return bool(kind & _MASK)


def area(directory: Directory, order: str) -> int:
    """Width times height, in pixels; 0 where one is missing."""
    wide, high = (all_numbers(directory, tag, order) or (0,) for tag in (_WIDTH, _HEIGHT))
    return wide[0] * high[0]
