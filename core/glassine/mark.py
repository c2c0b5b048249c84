"""Protected -> Protected: the marks that live in pixels. And bytes -> bytes: those in the file.

What the mask or the transparency leaves out stays out: a pixel with alpha 0 or allowance 0 keeps
its exact bits under the watermark, as it does under the cloak. Only the visible mark, which is
asked for in order to be seen, is drawn over masked-out parts too; it spares alpha 0 all the same.
"""

from __future__ import annotations

from dataclasses import replace

from .errors import NotUsable
from .marks import MARKS, Mark
from .marks.base import STAGES
from .pixels import on_grid
from .types import Export, Progress, Protected, Report, Watch, quiet


def mark(protected: Protected, watch: Watch = quiet) -> Protected:
    """Embeds the pixel marks that the export names, on the grid of the artwork's bit depth.

    The returned plan holds what was chosen on the way (the watermark's id), so that running it
    again gives the same pixels.
    """
    entries = in_order(protected.plan.export)
    pixel = [entry for _, entry in entries if entry.embed]
    for done, entry in enumerate(pixel):
        watch(Progress(done, len(pixel), "mark"))
        assert entry.embed is not None
        protected = entry.embed(protected)
    for _, entry in entries:
        protected = entry.prepare(protected) if entry.prepare else protected
    if pixel:
        watch(Progress(len(pixel), len(pixel), "mark"))
    depth = protected.plan.artwork.keep.depth
    return replace(protected, rgb=on_grid(protected.rgb, depth)) if pixel else protected


def stamp(data: bytes, protected: Protected, report: Report) -> tuple[bytes, tuple[str, ...]]:
    """Puts the file marks on an encoded picture, the signature after everything it signs.

    Every mark is read back from the finished bytes; one that cannot be found there is an error.
    """
    entries = in_order(protected.plan.export)
    for _, entry in entries:
        data = entry.stamp(data, protected, report) if entry.stamp else data
    for name, entry in entries:
        if entry.stage in ("metadata", "signature") and entry.read and not entry.read(data):
            raise NotUsable(
                f"The mark '{name}' was written and cannot be read back from the finished "
                f"{protected.plan.export.format} file. Nothing was saved; export without it."
            )
    return data, tuple(name for name, _ in entries)


def in_order(export: Export) -> list[tuple[str, Mark]]:
    """The export's marks by stage, then in the registry's order, whatever order they came in."""
    check(export)
    known = list(MARKS)
    entries = [(name, MARKS[name]) for name in dict.fromkeys(export.marks)]
    return sorted(entries, key=lambda one: (STAGES.index(one[1].stage), known.index(one[0])))


def check(export: Export) -> None:
    """Refuses a mark that the format cannot carry, before any work is done."""
    for name in export.marks:
        formats = MARKS[name].formats
        if formats and export.format not in formats:
            raise NotUsable(
                f"The mark '{name}' was asked for in a {export.format} file, which cannot carry "
                f"it. Use one of {', '.join(formats)}, or switch the mark off."
            )
