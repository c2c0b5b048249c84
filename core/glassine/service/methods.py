"""What Krita can ask the engine. To add a method: a function here, and its row in METHODS."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import torch

from ..flow.catalogue import catalogue as list_everything
from ..flow.optimise import optimise
from ..flow.plan import plan, warm_steps, with_draw
from ..flow.recipes import RECIPES, STEPS
from ..flow.settle import settle
from ..flow.timing import Workload, gradient_seconds, look_seconds
from ..pixels.flatten import on_white
from ..surrogates import SMALL
from ..surrogates.encoders import present_surrogates
from ..types import Artwork, Intent, Plan, Progress, Protected
from ..version import engine_version
from ..visibility import ssimulacra2
from .call import Answer, Json, Method, Request
from .examine import examine, refuse_again
from .export import export as export_file
from .export import placed
from .frames import PROTOCOL, WINDOW
from .preview import preview, quickest
from .raster import artwork, back, cleared, raster, translucent
from .report import report
from .requests import wanted_intent
from .state import State


def hello(state: State) -> Json:
    """The first frame. Limits are said, so that the plugin need not know them."""
    if named := os.environ.get("GLASSINE_THREADS"):
        torch.set_num_threads(int(named))
    return {
        "protocol": PROTOCOL,
        "version": engine_version(),
        "device": {"kind": state.device.kind, "says": state.device.says},
        "limits": {"window": WINDOW},
        "methods": list(METHODS),
        "catalogue": list_everything(),
    }


def catalogue(request: Request) -> Answer:
    return Answer(dict(list_everything()))


def warm(request: Request) -> Answer:
    """Loads and times the networks, so that the first preview does not wait for them."""
    state = request.state
    names = (quickest(state),)
    for done, name in enumerate(names):
        request.watch(Progress(done, len(names), "optimise"))
        gradient_seconds(name, state.device)
    look_seconds()
    grey = Artwork(torch.full((3, 64, 64), 0.5))
    plan(grey, Intent(), device=state.wish)  # the styles' networks load here
    return Answer({"surrogates": names})


def estimate(request: Request) -> Answer:
    """Seconds for each effort, for a picture of that size; needs no pixels."""
    ask, device = request.ask, request.state.device
    names = tuple(ask.get("surrogates") or present_surrogates() or (SMALL,))
    recipe, size = RECIPES[ask["recipe"]], (int(ask["width"]), int(ask["height"]))
    verify = bool(ask.get("verify"))

    def seconds(effort: str, steps: int) -> float:
        draw = with_draw(recipe, names, effort).draw
        job = Workload(*size, steps, names, device, draw, warm_steps(recipe, names, steps))
        return sum(request.state.estimates.seconds(job, verify=verify).values())

    found = {effort: seconds(effort, steps) for effort, steps in STEPS.items()}
    return Answer({"seconds": found, "surrogates": names, "device": device.says})


def protect(request: Request) -> Answer:
    """A layer's raw pixels in, the protected ones out in the same form."""
    ask, mask = request.ask, request.mask
    picture = raster(ask["pixels"], request.blobs["pixels"])
    whole = artwork(picture)
    refuse_again(ask, whole)
    made = plan(whole, wanted_intent(ask["intent"], picture, mask), device=request.state.wish)
    done = timed(made, request)
    out = cleared(back(picture, made.artwork.rgb, done.rgb), mask)
    about = {**layer_result(done), "translucent": translucent(replace(picture, numbers=out))}
    return Answer(about, {"pixels": np.ascontiguousarray(out).data.cast("B")})


def timed(made: Plan, request: Request) -> Protected:
    """`optimise` and `settle`, with the time left in every frame of progress; estimates learn."""
    estimates = request.state.estimates
    left = estimates.watched(estimates.stages(made), request.watch)
    done = settle(optimise(made, watch=left), watch=left)
    left.end_of_stage()
    return done


def layer_result(done: Protected) -> Json:
    """What the docker says about a finished layer."""
    made = done.plan
    clean = on_white(made.artwork.rgb, made.artwork.alpha)
    return {
        "ssimulacra2": ssimulacra2(clean, on_white(done.rgb, made.artwork.alpha)),
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
