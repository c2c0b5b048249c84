"""A first look within a second or two: the same plan on a smaller copy of what is visible.

The change is explored once; moving the strength slider only scales it anew. What is shown is
smaller than the real thing, so its score stands for the setting, not for the finished file.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

from torch import Tensor

from ..embedders import EMBEDDERS
from ..embedders.loaded import attackable, present_embedders
from ..evidence.controls import mixed
from ..explore.smooth import Amounts, amounts_in, split_of
from ..faces.detect import find_faces
from ..flow.optimise import optimise
from ..flow.plan import (
    at_export_size,
    entry_named,
    least_longest_side,
    plan,
    recipe_named,
    score_of,
)
from ..flow.recipes import FACE_RECIPES, MODEL_RECIPES, RECIPES, START, steps_by_effort
from ..flow.settle import settle, with_change
from ..flow.strength import guess
from ..flow.timing import Workload, gradient_seconds
from ..machine.weights import model_folder
from ..pixels.art import held_to
from ..pixels.flatten import on_white
from ..pixels.grid import on_grid
from ..pixels.resize import lanczos
from ..surrogates import SHIPPED, SMALL
from ..surrogates.encoders import present_surrogates
from ..surrogates.eyes import Eye, eyes
from ..types import Artwork, Intent, Plan
from ..units import Score, Unit
from ..visibility import ssimulacra2
from .answers import Previewed
from .asked import PreviewAsk
from .call import Answer, Blobs, Request
from .raster import artwork, bgra8, raster
from .requests import wanted_intent
from .state import Explored, State

SIZES = (1024, 768, 512, 384, 256, 192, 128)  # longest side of a preview, in pixels
TIMING = 2.0  # seconds, about, that it takes to measure how fast this machine is
GAIN = 8  # the difference picture shows changes that many times as strong
SEEN_GAIN = 8  # the same, for the difference of what a model keeps
SEED = 1  # a preview that flickers between two seeds would tell nothing


def preview(request: Request[PreviewAsk]) -> Answer:
    """Pictures for the compare view, BGRA with 8 bits, of the size in the result."""
    ask, blobs = request.ask, request.blobs
    explored = exploration(request)
    rgb = pixels_of(explored, request)
    made = explored.change.plan
    clean, alpha = made.artwork.rgb, made.artwork.alpha
    pictures = {
        "before": bgra8(clean, alpha),
        "after": bgra8(rgb, alpha),
        "difference": bgra8((Unit(0.5) + GAIN * (rgb - clean)).clamp(0, 1)),
    }
    height, width = clean.shape[1:]
    if ask.full:
        pictures["full"] = at_full_size(ask, blobs, rgb - clean)
    names = () if made.faces else made.surrogates  # face networks cannot show what they see
    found = eyes(names, request.state.device, 1) if ask.sees else ()
    for eye in found:
        pictures |= through(eye, made, rgb)
    about = Previewed(
        width=width,
        height=height,
        gain=GAIN,
        ssimulacra2=made.score
        if ask.scaled
        else ssimulacra2(on_white(clean, alpha), on_white(rgb, alpha)),
        surrogates=made.surrogates,
        goals=tuple(goal.says for goal in made.goals),
        finer=max(height, width) < min(SIZES[0], ask.pixels.width),
        seen_by=next((eye.family for eye in found), "") if ask.sees else None,
        seen_gain=SEEN_GAIN,
        art=made.art.name,
        start=START[made.art.name],
        faces=tuple(face.box for face in find_faces(on_white(clean, alpha))) if made.faces else (),
    )
    return Answer(about, pictures)


def at_full_size(ask: PreviewAsk, blobs: Blobs, change: Tensor) -> bytes:
    """The picture at its own size under the small change, scaled up: what the canvas shows."""
    whole = artwork(raster(ask.pixels, blobs["pixels"]))
    half = Unit(0.5)
    large = lanczos(half + change, *whole.rgb.shape[1:]) - half
    return bgra8((whole.rgb + large).clamp(0, 1), whole.alpha)


def exploration(request: Request[PreviewAsk]) -> Explored:
    """The change at full reach: that of an earlier request, where this one differs in strength
    only, or has more seconds but gets no larger preview for them."""
    ask, state = request.ask, request.state
    side, key = longest(ask, state, steps_of(ask)), made_of(request)
    same = (one for one in state.explored if one.key == key and (ask.scaled or one.side == side))
    found = next(same, None)
    if found is None:
        change = optimise(small_plan(request, side), watch=request.watch)
        found = Explored(key, side, change)
    state.explored = (found, *(one for one in state.explored if one is not found))[:2]
    score = score_of(wanted_intent(ask.intent), found.change.plan.art.name)
    plan = replace(found.change.plan, score=score)
    return replace(found, change=replace(found.change, plan=plan))


def made_of(request: Request[PreviewAsk]) -> bytes:
    """A digest of everything but the strength and the size."""
    ask = request.ask
    key = blake2b(repr((replace(ask.intent, strength=""), ask.pixels, ask.of)).encode())
    for blob in () if ask.of else request.blobs.values():
        key.update(blob)
    return key.digest()


def steps_of(ask: PreviewAsk) -> int:
    efforts = steps_by_effort(recipe_named(ask.intent.recipe))
    return entry_named("effort", ask.intent.effort or "preview", efforts)


def pixels_of(explored: Explored, request: Request[PreviewAsk]) -> Tensor:
    """(3, h, w) at the plan's score.

    How much of the change has that score is searched once for each; while the slider is dragged,
    it is reckoned from earlier searches.
    """
    change, settled = explored.change, explored.settled
    score = change.plan.score
    if score in settled:
        return settled[score][0]
    whole = (slice(None),) * 3
    split = split_of(held_to(change.plan.art, change.pixels).float())
    if request.ask.scaled and settled:
        return with_change(change.plan, split, whole, reckoned(settled, score))
    rgb = settle(change, watch=request.watch).rgb
    settled[score] = rgb, amounts_in(rgb - change.plan.artwork.rgb, split)
    return rgb


def reckoned(settled: dict[Score, tuple[Tensor, Amounts]], score: Score) -> Amounts:
    """How much of the change should have that score, judging by amounts whose score is known."""
    _, nearest = settled[min(settled, key=lambda known: abs(known - score))]
    found = sorted((100 - known, amounts.fine) for known, (_, amounts) in settled.items())
    looks = [(fine, loss) for loss, fine in found if fine > 0]
    if not looks:
        return nearest
    loss = 100 - score
    fair = [look for look in looks if look[1] <= loss]
    poor = [look for look in reversed(looks) if look[1] > loss]
    return nearest.times(guess(loss, fair, poor) / max(nearest.fine, 1e-6))


def small_plan(request: Request[PreviewAsk], side: int) -> Plan:
    ask, state = request.ask, request.state
    picture = raster(ask.pixels, request.blobs.get("pixels", b""))
    wish = replace(ask.intent, effort=ask.intent.effort or "preview")
    whole, wanted = artwork(picture), wanted_intent(wish, picture, request.mask, ask.pixels)
    small, mask = preview_copy(whole, side), wanted.mask
    if mask is not None:
        mask = lanczos(mask, *small.rgb.shape[1:])
    fast = wanted.surrogates or fast_ones(wanted.recipe, state)
    wanted = replace(wanted, mask=mask, seed=SEED, surrogates=fast)
    return plan(small, wanted, device=state.wish)


def fast_ones(recipe: str, state: State) -> tuple[str, ...]:
    """What a preview of that recipe runs on: one network."""
    if recipe not in FACE_RECIPES:
        return (quickest(state),)
    return (min(attackable(present_embedders()), key=lambda name: EMBEDDERS[name].size),)


def quickest(state: State) -> str:
    """What a preview runs on: one surrogate that is on this machine and fast."""
    names = (*((SMALL,) if shipped() else ()), *present_surrogates())
    if not names:
        return SMALL  # its own error says what is missing
    if len(names) == 1 or not state.estimates.measured:
        return str(names[0])
    return str(min(names, key=lambda name: sum(gradient_seconds(name, state.device))))


def shipped() -> bool:
    return any(SHIPPED.glob("embedded*"))


def preview_copy(whole: Artwork, side: int) -> Artwork:
    small = at_export_size(whole, max(side, least_longest_side(whole)))
    keep = replace(small.keep, depth=8)
    return replace(small, rgb=on_grid(small.rgb, 8), keep=keep)


def longest(ask: PreviewAsk, state: State, steps: int) -> int:
    """Longest side, in pixels, of the largest preview that fits into the seconds asked for.

    For faces the largest size at once: a step takes no longer for it, since it looks at the faces
    alone, and in a small preview they are not found.
    """
    side = max(ask.pixels.width, ask.pixels.height)
    if ask.intent.recipe in FACE_RECIPES:
        return min(SIZES[0], side)
    names = ask.intent.surrogates or (quickest(state),)
    if not state.estimates.measured and ask.seconds < TIMING:
        return min(SIZES[-1], side)
    recipe = (RECIPES | MODEL_RECIPES).get(ask.intent.recipe)
    asks = recipe.denoising if recipe and ask.intent.model else None
    model = str(model_folder(ask.intent.model))
    about = state.device, asks, model, ask.intent.prompt or Intent.prompt
    for size in SIZES:
        size = min(size, side)
        expected = state.estimates.seconds(Workload(size, size, steps, names, *about))
        if sum(expected.values()) <= ask.seconds:
            return size
    return min(SIZES[-1], side)


def through(eye: Eye, made: Plan, rgb: Tensor) -> dict[str, bytes]:
    """Original, copy and goal as that model keeps them, and how the first two differ."""
    before, after = eye.sees(made.artwork.rgb), eye.sees(rgb)
    moved = (Unit(0.5) + SEEN_GAIN * (after - before)).clamp(0, 1)
    seen = {"sees_before": before, "sees_after": after, "sees_difference": moved}
    if made.goals:
        seen["sees_goal"] = eye.sees(mixed([(goal.picture, goal.weight) for goal in made.goals]))
    return {name: bgra8(picture) for name, picture in seen.items()}
