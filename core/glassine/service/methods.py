"""What Krita can ask the engine. To add a method: a function here, and its row in METHODS."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import torch

from ..catalogue import catalogue as list_everything
from ..catalogue import version
from ..encoders import present
from ..optimise import optimise
from ..optimise.later import composite
from ..plan import gathered, plan, started
from ..recipes import RECIPES, STEPS
from ..surrogates import SMALL
from ..types import Artwork, Intent, Plan, Progress, Protected, Watch
from ..visibility import ssimulacra2
from . import here, pace
from .answer import Answer, Blobs, Json, Method
from .examine import examine, refuse_twice
from .export import export as export_file
from .export import placed
from .preview import preview, quickest
from .raster import artwork, back, cleared, raster, translucent
from .report import report
from .requests import intent
from .frames import PROTOCOL, WINDOW


def hello() -> Json:
    """The first frame. Limits are said, so that the plugin need not know them."""
    if named := os.environ.get("GLASSINE_THREADS"):
        torch.set_num_threads(int(named))
    device = here.device()
    return {
        "protocol": PROTOCOL,
        "version": version(),
        "device": {"kind": device.kind, "says": device.says},
        "limits": {"window": WINDOW},
        "methods": list(METHODS),
        "catalogue": list_everything(),
    }


def catalogue(ask: Json, blobs: Blobs, watch: Watch) -> Answer:
    return Answer(dict(list_everything()))


def warm(ask: Json, blobs: Blobs, watch: Watch) -> Answer:
    """Loads and times the networks, so that the first preview does not wait for them."""
    names, device = (quickest(),), here.device()
    for done, name in enumerate(names):
        watch(Progress(done, len(names), "optimise"))
        pace.slope_seconds(name, device)
    pace.look_seconds()
    grey = Artwork(torch.full((3, 64, 64), 0.5))
    plan(grey, Intent(), device=here.wish())  # the styles' networks load here
    return Answer({"surrogates": names})


def estimate(ask: Json, blobs: Blobs, watch: Watch) -> Answer:
    """Seconds for each effort, for a picture of that size; needs no pixels."""
    names, device = tuple(ask.get("surrogates") or present() or (SMALL,)), here.device()
    recipe, size = RECIPES[ask["recipe"]], (int(ask["width"]), int(ask["height"]))
    verify = bool(ask.get("verify"))

    def seconds(effort: str, steps: int) -> float:
        draw = gathered(recipe, names, effort).draw
        given = (*size, steps, names, device, draw, started(recipe, names, steps))
        return sum(pace.predicted(*given, verify=verify).values())

    found = {effort: seconds(effort, steps) for effort, steps in STEPS.items()}
    return Answer({"seconds": found, "surrogates": names, "device": device.says})


def protect(ask: Json, blobs: Blobs, watch: Watch) -> Answer:
    """A layer's raw pixels in, the protected ones out in the same form."""
    picture = raster(ask["pixels"], blobs["pixels"])
    whole, mask = artwork(picture), blobs.get("mask", b"")
    refuse_twice(ask, whole)
    made = plan(whole, intent(ask["intent"], picture, mask), device=here.wish())
    done = timed(made, watch)
    out = cleared(back(picture, made.artwork.rgb, done.rgb), mask)
    about = {**told(done), "translucent": translucent(replace(picture, numbers=out))}
    return Answer(about, {"pixels": np.ascontiguousarray(out).data.cast("B")})


def timed(made: Plan, watch: Watch) -> Protected:
    """`optimise`, with the time left in every progress frame; the estimate learns from it."""
    left = pace.Left(pace.stages(made), watch)
    done = optimise(made, watch=left)
    left.end_of_stage()
    return done


def told(done: Protected) -> Json:
    """What the docker says about a finished layer."""
    made = done.plan
    clean = composite(made.artwork.rgb, made.artwork.alpha)
    return {
        "ssimulacra2": ssimulacra2(clean, composite(done.rgb, made.artwork.alpha)),
        "surrogates": made.surrogates,
        "goals": [goal.says for goal in made.goals],
        "caption": made.caption,
        "seed": made.seed,
        "notes": [*made.artwork.notes, *done.notes],
    }


METHODS: dict[str, Method] = {
    "catalogue": catalogue,
    "warm": warm,
    "estimate": estimate,
    "preview": preview,
    "protect": protect,
    "export": export_file,
    "placed": placed,
    "examine": examine,
    "report": report,
}
