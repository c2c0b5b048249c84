"""A first look within a second or two: the same plan on a smaller copy of what is visible.

The change is explored once; moving the strength slider only scales it anew. What is shown is
smaller than the real thing, so its score stands for the setting, not for the finished file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b

import torch
from torch import Tensor

from .. import encoders as nets
from ..encoders import present
from ..optimise.later import composite
from ..optimise.loop import explored, padded
from ..optimise.strength import settled
from ..pixels import on_grid
from ..plan import least, plan, resized, score
from ..recipes import STEPS
from ..surrogates import SHIPPED, SMALL, named
from ..targets.resize import lanczos
from ..types import Artwork, Plan, Watch
from ..units import Unit
from ..visibility import ssimulacra2
from . import here, pace
from .answer import Answer, Json
from .raster import artwork, bgra8, raster
from .requests import intent

SIZES = (1024, 768, 512, 384, 256, 192)  # longest side of a preview, in pixels
GAIN = 8  # the difference picture shows changes that much larger
DRAW = 1  # family per step; all of them would take five times as long
SEED = 1  # a preview that flickers between two seeds would tell nothing


@dataclass
class Kept:
    """The last exploration, so that a new strength costs a few judgements and no gradient."""

    key: bytes = b""
    plan: Plan | None = None
    change: Tensor | None = None


_kept = Kept()


def preview(ask: Json, blobs: Mapping[str, bytearray], watch: Watch) -> Answer:
    """Pictures for the compare view, BGRA with 8 bits, of the size in the result."""
    made, change = exploration(ask, blobs, watch)
    rgb, _ = settled(made, change, watch)
    clean, alpha = made.artwork.rgb, made.artwork.alpha
    pictures = {
        "before": bgra8(clean, alpha),
        "after": bgra8(rgb, alpha),
        "difference": bgra8((Unit(0.5) + GAIN * (rgb - clean)).clamp(0, 1)),
    }
    height, width = clean.shape[1:]
    about: Json = {"width": width, "height": height, "gain": GAIN}
    if ask.get("full"):
        pictures["full"] = enlarged(ask, blobs, rgb - clean)
    if ask.get("sees"):
        about["seen_by"] = seer(made.surrogates)
        if about["seen_by"]:
            look = decoder(about["seen_by"])
            pictures |= {"sees_before": bgra8(look(clean)), "sees_after": bgra8(look(rgb))}
    about["ssimulacra2"] = ssimulacra2(composite(clean, alpha), composite(rgb, alpha))
    about |= {"surrogates": made.surrogates, "goals": [goal.says for goal in made.goals]}
    about["finer"] = max(height, width) < min(SIZES[0], ask["pixels"]["width"])
    return Answer(about, pictures)


def enlarged(ask: Json, blobs: Mapping[str, bytearray], change: Tensor) -> bytes:
    """The picture at its own size under the small change, scaled up: what the canvas shows."""
    whole = artwork(raster(ask["pixels"], blobs["pixels"]))
    half = Unit(0.5)
    large = lanczos(half + change, *whole.rgb.shape[1:]) - half
    return bgra8((whole.rgb + large).clamp(0, 1), whole.alpha)


def exploration(ask: Json, blobs: Mapping[str, bytearray], watch: Watch) -> tuple[Plan, Tensor]:
    wanted = {name: value for name, value in ask["intent"].items() if name != "strength"}
    key = blake2b(repr((wanted, ask["seconds"], ask["pixels"])).encode())
    for blob in blobs.values():
        key.update(blob)
    if key.digest() != _kept.key or _kept.plan is None or _kept.change is None:
        made = small_plan(ask, blobs)
        (_kept.change, _), _kept.plan, _kept.key = explored(made, watch), made, key.digest()
    return replace(_kept.plan, score=score(intent(ask["intent"]))), _kept.change


def small_plan(ask: Json, blobs: Mapping[str, bytearray]) -> Plan:
    picture = raster(ask["pixels"], blobs["pixels"])
    whole, wanted = artwork(picture), intent(ask["intent"], picture, blobs.get("mask", b""))
    effort = ask["intent"].get("effort", "preview")
    side = longest(ask, max(whole.rgb.shape[1:]), STEPS[effort])
    small, mask = shrunk(whole, side), wanted.mask
    if mask is not None:
        mask = lanczos(mask, *small.rgb.shape[1:])
    fast = wanted.surrogates or (quickest(),)
    wanted = replace(wanted, mask=mask, effort=effort, seed=SEED, surrogates=fast)
    made = plan(small, wanted, device=here.wish())
    return replace(made, recipe=replace(made.recipe, draw=DRAW), warm=0)


def quickest() -> str:
    """What a preview runs on: one surrogate that is on this machine and fast."""
    names = (*((SMALL,) if shipped() else ()), *present())
    if not names:
        return SMALL  # its own error says what is missing
    return str(min(names, key=lambda name: sum(pace.slope_seconds(name, here.device()))))


def shipped() -> bool:
    return any(SHIPPED.glob("embedded*"))


def shrunk(whole: Artwork, side: int) -> Artwork:
    small = resized(whole, max(side, least(whole)))
    keep = replace(small.keep, depth=8)
    return replace(small, rgb=on_grid(small.rgb, 8), keep=keep)


def longest(ask: Json, side: int, steps: int) -> int:
    """The largest preview that fits into the seconds asked for."""
    names, device = tuple(ask["intent"].get("surrogates") or (quickest(),)), here.device()
    for size in SIZES:
        size = min(size, side)
        expected = pace.predicted(size, size, steps, names, device, DRAW)
        if sum(expected.values()) <= float(ask["seconds"]):
            return size
    return min(SIZES[-1], side)


def seer(names: tuple[str, ...]) -> str:
    """The first surrogate here that can turn its latents back into a picture; "" without one."""
    return next((name for name in (*names, *present()) if named(name).sees is not None), "")


@lru_cache(maxsize=2)
def decoder(name: str) -> Callable[[Tensor], Tensor]:
    entry, device = named(name), here.device()
    decode = nets.decoder(name, device)
    assert decode is not None
    encode = next(iter(nets.encoders(name, device).values()))

    @torch.no_grad()
    def look(rgb: Tensor) -> Tensor:
        height, width = rgb.shape[1:]
        seen = decode(encode(padded(rgb)[None])).cpu()
        low, high = entry.expects
        return ((seen[0] - low) / (high - low)).clamp(0, 1)[:, :height, :width]

    return look
