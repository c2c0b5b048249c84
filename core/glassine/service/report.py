"""What handling and removal leave of an exported file's effect, measured on the file itself."""

from __future__ import annotations

from dataclasses import replace

from ..errors import NotUsable
from ..evidence.page.render import html
from ..evidence.sight import sighted
from ..flow.plan import plan
from ..flow.read import read
from ..flow.verify import verify
from ..messages import message
from ..purifiers import PURIFIERS
from ..types import Export, Protected, Trial
from .answers import Reported, Tried
from .asked import ReportAsk
from .call import Answer, Request
from .raster import artwork, raster
from .requests import wanted_intent


def report(request: Request[ReportAsk]) -> Answer:
    """The document's pixels and the exported file in; the page (HTML) and its verdicts out.

    The intent is the one that the file was made with, its seed included, so its goals are the same.
    """
    ask, blobs, state = request.ask, request.blobs, request.state
    picture = raster(ask.pixels, blobs["pixels"])
    wanted = wanted_intent(ask.intent, picture, at=ask.pixels)
    measured = Export(format="png", longest_side=wanted.export.longest_side)  # as read, unmarked
    wanted = replace(wanted, export=measured)
    made = plan(artwork(picture), wanted, device=state.wish)
    after = read(bytes(blobs["file"])).rgb
    if after.shape != made.artwork.rgb.shape:
        height, width = made.artwork.rgb.shape[1:]
        raise NotUsable(
            "service.compared",
            across=after.shape[2],
            down=after.shape[1],
            width=width,
            height=height,
        )
    names = ask.after or tuple(name for name in PURIFIERS if not PURIFIERS[name].slow)
    protected = Protected(made, after, (message("service.as_read"),))
    seconds = state.estimates.stages(made, verify=True)["verify"] * (1 + len(names) / 2)
    left = state.estimates.watched({"verify": seconds}, request.watch)  # a first guess
    sight = sighted(protected)
    found = verify(protected, purifiers=names, sight=sight, watch=left)
    page = html(protected, found, sight).encode()
    told = Reported(found.doubts, tuple(tried(one) for one in found.trials))
    return Answer(told, {"report": page})


def tried(trial: Trial) -> Tried:
    return Tried(trial.says, trial.kind, trial.verdict, trial.left)
