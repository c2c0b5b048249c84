"""What Krita can ask the engine. To add a method: a function here, and its row in METHODS."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..campaigns import Signed, join, joined, joined_named
from ..denoisers import DENOISERS
from ..denoisers.folder import parts_in
from ..denoisers.loaded import GIGABYTE, check_libraries, check_memory
from ..embedders.loaded import attackable, present_embedders
from ..errors import UnknownEntry
from ..flow.catalogue import catalogue as list_everything
from ..flow.catalogue import entry_words
from ..flow.optimise import optimise
from ..flow.plan import caption_of, check_model, own_encoder, plan, recipe_named
from ..flow.recipes import steps_by_effort
from ..flow.settle import settle
from ..flow.timing import Workload
from ..machine.weights import is_shipped, model_folder
from ..messages import LANGUAGES, message, to_plain
from ..messages.words import table
from ..pixels.flatten import on_white
from ..record import parts, record_of
from ..surrogates import SMALL
from ..surrogates.encoders import present_surrogates
from ..types import Intent, Plan, Protected, Recipe
from ..version import engine_version
from ..visibility import ssimulacra2
from .answers import Agreed, Captioned, Estimated, Joined, Layered, Modelled
from .asked import (
    CaptionAsk,
    EstimateAsk,
    ExamineAsk,
    JoinAsk,
    ModelAsk,
    Nothing,
    PlacedAsk,
    PreviewAsk,
    ProtectAsk,
    ReportAsk,
)
from .call import Answer, Json, Method, Request
from .examine import examine, refuse_again
from .export import check_file, placed
from .export import export as export_file
from .frames import PROTOCOL, WINDOW
from .preview import preview
from .raster import artwork, back, cleared, raster, translucent
from .report import report
from .requests import wanted_intent
from .state import State

FACE_SHARE = 0.25  # of a picture: what its faces are assumed to cover before they are looked for


def hello(state: State) -> Json:
    """The first frame. It states limits, so that the plugin need not know them."""
    if named := os.environ.get("GLASSINE_THREADS"):
        torch.set_num_threads(int(named))
    return {
        "protocol": PROTOCOL,
        "version": engine_version(),
        "device": {"kind": state.device.kind, "says": to_plain(state.device.says)},
        "limits": {"window": WINDOW},
        "methods": list(METHODS),
        "catalogue": list_everything(),
        "words": words(),
    }


def words() -> dict[str, dict[str, str]]:
    """The tables of every language; English with the rows that entries bring along."""
    tables = {language: dict(table(language)) for language in LANGUAGES}
    return tables | {"en": tables["en"] | entry_words()}


def catalogue(request: Request[Nothing]) -> Answer:
    return Answer(list_everything())


def estimate(request: Request[EstimateAsk]) -> Answer:
    """Seconds for each effort, for a picture of that size; needs no pixels."""
    ask, device = request.ask, request.state.device
    recipe = recipe_named(ask.recipe)
    check_model(Intent(model=ask.model or None), recipe)
    names = looked_through(ask, recipe)
    job = Workload(
        ask.width,
        ask.height,
        0,
        names,
        device,
        asks=recipe.denoising,
        model=str(model_folder(ask.model)) if ask.model else "",
        prompt=ask.prompt or Intent.prompt,
        faces=round(FACE_SHARE * ask.width * ask.height) if recipe.on_faces else None,
    )

    def seconds(steps: int) -> float:
        found = request.state.estimates.seconds(replace(job, steps=steps), verify=ask.verify)
        return sum(found.values())

    found = {effort: seconds(steps) for effort, steps in steps_by_effort(recipe).items()}
    return Answer(Estimated(found, names, device.says))


def looked_through(ask: EstimateAsk, recipe: Recipe) -> tuple[str, ...]:
    """What the steps will work on where the request does not say: face networks, the model that is
    named, or the encoders on this machine."""
    if ask.surrogates:
        return ask.surrogates
    if recipe.on_faces:
        return attackable(present_embedders()) or (SMALL,)
    return own_encoder(ask.model) or present_surrogates() or (SMALL,)


def look_at_model(request: Request[ModelAsk]) -> Answer:
    """Checks a model's folder as far as that goes without loading it; refuses it in words."""
    folder, device = model_folder(request.ask.folder), request.state.device
    check_libraries()
    parts = parts_in(folder)
    check_memory(parts, device)
    name = next(name for name in DENOISERS if DENOISERS[name] is parts.entry)
    memory = parts.bytes_on(device) / GIGABYTE
    if is_shipped(folder):
        return Answer(Modelled(message("service.research", memory=memory)))
    kind = DENOISERS.words(name)
    return Answer(Modelled(message("service.model", name=folder.name, kind=kind, memory=memory)))


def caption(request: Request[CaptionAsk]) -> Answer:
    """The words that go with a poison, as its plan will have them."""
    ask = request.ask
    rule = joined_named(ask.campaign).campaign.caption if ask.campaign else Intent.caption
    return Answer(Captioned(caption_of(ask.shows, rule)))


def campaigns(request: Request[Nothing]) -> Answer:
    """Those that were joined and are not over; the docker lists them for poison."""
    current = [one for one in joined() if not one.campaign.over]
    return Answer(Joined(tuple(map(told_campaign, current)), message("campaign.legal")))


def join_campaign(request: Request[JoinAsk]) -> Answer:
    """Checks that file and keeps it; one that cannot be trusted is refused in words."""
    return Answer(told_campaign(join(Path(request.ask.file))))


def told_campaign(found: Signed) -> Agreed:
    told = found.campaign
    pairs = {pair.shows: pair.teach for pair in told.pairs}
    until = told.until.isoformat()
    return Agreed(told.name, found.who, found.key_told, until, told.strength, pairs)


def protect(request: Request[ProtectAsk]) -> Answer:
    """A layer's raw pixels in, the protected ones out in the same form."""
    ask, mask = request.ask, request.mask
    picture = raster(ask.pixels, request.blobs["pixels"])
    whole = artwork(picture)
    refuse_again(ask, whole)
    wanted = wanted_intent(ask.intent, picture, mask, ask.pixels)
    made = plan(whole, wanted, device=request.state.wish)
    done = timed(made, request)
    out = cleared(back(picture, made.artwork.rgb, done.rgb), mask)
    about = layer_result(done, see_through=translucent(replace(picture, numbers=out)))
    return Answer(about, {"pixels": np.ascontiguousarray(out).data.cast("B")})


def timed(made: Plan, request: Request[ProtectAsk]) -> Protected:
    """`optimise` and `settle`, with the time left in every progress frame; estimates learn."""
    estimates = request.state.estimates
    left = estimates.watched(estimates.stages(made), request.watch)
    done = settle(optimise(made, watch=left), watch=left)
    left.end_of_stage()
    return done


def layer_result(done: Protected, *, see_through: bool) -> Layered:
    """What the docker says about a finished layer."""
    made = done.plan.artwork
    score = ssimulacra2(on_white(made.rgb, made.alpha), on_white(done.rgb, made.alpha))
    whole = parts(record_of(done), ("surrogates", "goals", "caption", "seed", "notes"))
    return Layered(**whole, ssimulacra2=score, translucent=see_through)


METHODS: dict[str, Method[Any]] = {
    "catalogue": Method(Nothing, catalogue),
    "estimate": Method(EstimateAsk, estimate),
    "model": Method(ModelAsk, look_at_model),
    "caption": Method(CaptionAsk, caption),
    "campaigns": Method(Nothing, campaigns),
    "join": Method(JoinAsk, join_campaign),
    "preview": Method(PreviewAsk, preview),
    "protect": Method(ProtectAsk, protect),
    "export": Method(ProtectAsk, export_file, refuse=check_file),
    "placed": Method(PlacedAsk, placed),
    "examine": Method(ExamineAsk, examine),
    "report": Method(ReportAsk, report),
}


def method_named(name: str) -> Method[Any]:
    if name not in METHODS:
        raise UnknownEntry("method", name, METHODS)
    return METHODS[name]
