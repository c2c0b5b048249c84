"""Protected -> Protected: marks in the pixels, after the cloak and before the report.

What a mark needs the encoder to write (its `prepare`) is added here too, so that the report
measures the file that is published.

A pixel with alpha 0 or allowance 0 keeps its exact bits under the watermark, as it does under the
cloak. Only the visible mark is drawn over masked-out parts too; it also leaves alpha 0 alone.
"""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from ..marks import marks_in_order
from ..pixels.grid import on_grid
from ..types import Plan, Progress, Protected, Watch, quiet


def mark(protected: Protected, watch: Watch = quiet) -> Protected:
    """Embeds the pixel marks that the export names, on the grid of the artwork's bit depth.

    They are embedded in the registry's order, whatever order the export names them in: the
    watermark last, on top of everything that could disturb it. The returned plan holds what was
    chosen on the way (the watermark's id), so that running it again gives the same pixels.
    """
    named = [entry for _, entry in marks_in_order(protected.plan.export.marks)]
    embeds = [entry.embed for entry in named if entry.embed]
    for done, embed in enumerate(embeds):
        watch(Progress(done, len(embeds), "mark"))
        protected = embed(protected)
    for entry in named:
        protected = entry.prepare(protected) if entry.prepare else protected
    if not embeds:
        return protected
    watch(Progress(len(embeds), len(embeds), "mark"))
    plan = protected.plan
    rgb = without_colour(plan, protected.rgb) if plan.art.grey else protected.rgb
    return replace(protected, rgb=on_grid(rgb, plan.artwork.keep.depth))


def without_colour(plan: Plan, rgb: Tensor) -> Tensor:
    """The picture with what marks added made grey; all colours stay where a visible mark is on."""
    if "visible" in plan.export.marks:
        return rgb
    added = rgb - plan.artwork.rgb.to(rgb.device)
    return (rgb - added + added.mean(0, keepdim=True)).clamp(0, 1)
