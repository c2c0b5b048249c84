"""What an exported file still does after handling and removal, measured on the file itself."""

from __future__ import annotations

from dataclasses import asdict, replace

from ..errors import NotUsable
from ..plan import plan
from ..purifiers import PURIFIERS
from ..read import read
from ..types import Export, Plan, Protected, Trial, Watch
from ..verify import html, verify
from . import here, pace
from .answer import Answer, Blobs, Json
from .raster import artwork, raster
from .requests import intent


def report(ask: Json, blobs: Blobs, watch: Watch) -> Answer:
    """The document's pixels and the exported file in; the page (HTML) and its verdicts out.

    The intent is the one that the file was made with, its seed included: the same goals again.
    """
    picture = raster(ask["pixels"], blobs["pixels"])
    wanted = intent(ask["intent"], picture)
    measured = Export(format="png", longest_side=wanted.export.longest_side)  # as read, unmarked
    wanted = replace(wanted, export=measured)
    made = plan(artwork(picture), wanted, device=here.wish())
    after = read(bytes(blobs["file"])).rgb
    if after.shape != made.artwork.rgb.shape:
        height, width = made.artwork.rgb.shape[1:]
        raise NotUsable(
            f"The file of {after.shape[2]} x {after.shape[1]} pixels was to be compared with the "
            f"picture it was made from, which gives {width} x {height}. Export it again."
        )
    names = tuple(ask.get("after") or (name for name in PURIFIERS if not PURIFIERS[name].slow))
    protected = Protected(made, after, ("Measured on the pixels of the file as they were read.",))
    left = pace.Left({"verify": seconds(made, len(names))}, watch)
    found = verify(protected, purifiers=names, watch=left)
    page = html(protected, found).encode()
    doubts = [asdict(doubt) for doubt in found.doubts]
    return Answer(
        {"doubts": doubts, "trials": [row(one) for one in found.trials]}, {"report": page}
    )


def seconds(made: Plan, trials: int) -> float:
    """A first guess; progress corrects it."""
    return pace.stages(made, verify=True)["verify"] * (1 + trials / 2)


def row(trial: Trial) -> Json:
    left = None if trial.left != trial.left else trial.left  # JSON knows no NaN
    return {"says": trial.says, "kind": trial.kind, "verdict": trial.verdict, "left": left}
