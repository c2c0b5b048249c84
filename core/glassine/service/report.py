"""What an exported file still does after handling and removal, measured on the file itself."""

from __future__ import annotations

from dataclasses import asdict, replace

from ..errors import NotUsable
from ..evidence.page.render import html
from ..evidence.sight import sighted
from ..flow.plan import plan
from ..flow.read import read
from ..flow.verify import verify
from ..purifiers import PURIFIERS
from ..types import Export, Protected, Trial
from .call import Answer, Json, Request
from .raster import artwork, raster
from .requests import wanted_intent


def report(request: Request) -> Answer:
    """The document's pixels and the exported file in; the page (HTML) and its verdicts out.

    The intent is the one that the file was made with, its seed included: the same goals again.
    """
    ask, blobs, state = request.ask, request.blobs, request.state
    picture = raster(ask["pixels"], blobs["pixels"])
    wanted = wanted_intent(ask["intent"], picture)
    measured = Export(format="png", longest_side=wanted.export.longest_side)  # as read, unmarked
    wanted = replace(wanted, export=measured)
    made = plan(artwork(picture), wanted, device=state.wish)
    after = read(bytes(blobs["file"])).rgb
    if after.shape != made.artwork.rgb.shape:
        height, width = made.artwork.rgb.shape[1:]
        raise NotUsable(
            f"The file of {after.shape[2]} x {after.shape[1]} pixels was to be compared with the "
            f"picture it was made from, which gives {width} x {height}. Export it again."
        )
    names = tuple(ask.get("after") or (name for name in PURIFIERS if not PURIFIERS[name].slow))
    protected = Protected(made, after, ("Measured on the pixels of the file as they were read.",))
    seconds = state.estimates.stages(made, verify=True)["verify"] * (1 + len(names) / 2)
    left = state.estimates.watched({"verify": seconds}, request.watch)  # a first guess
    sight = sighted(protected)
    found = verify(protected, purifiers=names, sight=sight, watch=left)
    page = html(protected, found, sight).encode()
    doubts = [asdict(doubt) for doubt in found.doubts]
    return Answer(
        {"doubts": doubts, "trials": [row(one) for one in found.trials]}, {"report": page}
    )


def row(trial: Trial) -> Json:
    left = None if trial.left != trial.left else trial.left  # JSON knows no NaN
    return {"says": trial.says, "kind": trial.kind, "verdict": trial.verdict, "left": left}
