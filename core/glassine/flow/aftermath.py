"""What happens to the picture after it is optimised: invisible marks, and the file's codec.

The strength that an artist asks for is that of the finished file. So the search for how much of
the change stays (settle.py) judges pictures as they are after both.
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
"""(rgb, alpha, part): (3, h, w) and (1, h, w) of that part -> the same part as a reader of the file
sees it, on white."""


def through_codec(export: Export) -> Seen:
    """The picture as the format gives it back; each part is coded as a picture of its own."""
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
    """(3, H, W) float16: what invisible pixel marks will add to this picture; None without any."""
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
