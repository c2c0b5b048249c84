"""What happens to the picture after it is optimised: invisible marks, and the codec of the file.

The strength that an artist asks for is that of the finished file, so both are looked through when
it is searched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from ..formats import FORMATS
from ..marks import marks_in_order
from ..messages import message
from ..pixels.flatten import on_white
from ..types import Export, Keep, Plan, Protected

Part = tuple[slice, slice, slice]
"""Channels, rows and columns of a picture (3, H, W) or (1, H, W)."""

Seen = Callable[[Tensor, Tensor | None, Part], Tensor]
"""rgb (3, h, w) and alpha (1, h, w) of a part -> what a reader of the file sees of it, on white."""


def through_codec(export: Export) -> Seen:
    """What the format gives back. A part is coded by itself, its borders are those of a picture."""
    entry = FORMATS[export.format]
    write = entry.write

    def seen(rgb: Tensor, alpha: Tensor | None, _: Part) -> Tensor:
        if not entry.lossy or write is None:
            return on_white(rgb, alpha)
        data = write(rgb, alpha, Keep(), export.quality)
        back = entry.read(data, message("picture.copy"))
        return on_white(back.rgb, back.alpha)

    return seen


def mark_traces(plan: Plan, rgb: Tensor) -> Tensor | None:
    """(3, H, W) float16: what the marks that are not meant to be seen will add to this picture."""
    hidden = [
        (name, mark.embed) for name, mark in marks_in_order(plan.export.marks) if not mark.visible
    ]
    embeds = {name: embed for name, embed in hidden if embed}
    if not embeds:
        return None
    export = replace(plan.export, marks=tuple(embeds))
    marked = Protected(replace(plan, export=export), rgb)
    for embed in embeds.values():
        marked = embed(marked)
    return (marked.rgb - rgb).half()
