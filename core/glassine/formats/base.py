"""What a format is: a way to turn bytes into a picture, and for most formats back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ..messages import Field
from ..types import Artwork, Keep


@dataclass(frozen=True, kw_only=True)
class Format:
    """One file format.

    says      one line on what it is, for people
    suffixes  of its file names; the first is used for writing
    lossy     whether its files give back other pixels than they were given
    depths    bits per channel that it holds exactly
    opens     whether bytes are of this format; looks at the first few only
    read      (bytes, what to call them in messages) -> artwork; raises Unreadable
    write     (rgb (3, H, W), alpha (1, H, W) or None, keep, quality 1-100) -> bytes; None: the
              format is only read
    largest   most pixels on one side; None: no limit that matters
    """

    says: str
    suffixes: tuple[str, ...]
    lossy: bool
    depths: tuple[int, ...]
    opens: Callable[[bytes], bool]
    read: Callable[[bytes, Field], Artwork]
    write: Callable[[Tensor, Tensor | None, Keep, int], bytes] | None
    largest: int | None = None
