"""What a format is: a way to turn bytes into a picture, and mostly back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ..messages import Field
from ..types import Artwork, Keep


@dataclass(frozen=True, kw_only=True)
class Format:
    """One file format.

    suffixes  of its file names; the first is the one that is written
    lossy     whether its files give back other pixels than they were given
    depths    bits per channel that it holds without loss of depth
    largest   pixels on one side that it holds; None: more than a machine can
    opens     whether bytes are of this format; looks at the first few only
    read      bytes and what to call them in a message -> artwork; raises Unreadable
    write     rgb (3, H, W), alpha (1, H, W) or None, keep, quality 1-100; None: it only reads
    """

    says: str
    suffixes: tuple[str, ...]
    lossy: bool
    depths: tuple[int, ...]
    opens: Callable[[bytes], bool]
    read: Callable[[bytes, Field], Artwork]
    write: Callable[[Tensor, Tensor | None, Keep, int], bytes] | None
    largest: int | None = None
