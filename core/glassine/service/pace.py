"""How long a plan will take on this machine, measured and not guessed.

One small tile is timed per surrogate when it is first needed; after every job the estimate of
each stage is pulled towards what it really took. Times are linear in pixels (tiles), except that
the judging of strength looks at crops of large pictures.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from statistics import mean

import torch

from ..device import Device, choose
from ..encoders import walkers
from ..learned import SIZES, lengths, smaller
from ..optimise.tiles import MARGIN, SIZE, spans
from ..surrogates import SMALL, named
from ..types import Plan, Progress, Watch
from ..visibility import ssimulacra2

LOOKS = 5  # judgements until the strength is found: three or four, rarely more
CROPS = 9 * 512**2  # pixels of a large picture that are judged at most; see `strength`
_PROBE = 192  # pixels, side of the timed tile
_LEARN = 0.5  # how far one job moves the estimate of its stage

_corrections: dict[str, float] = {}


def stages(plan: Plan, *, verify: bool = False) -> dict[str, float]:
    """Seconds by stage, in the order in which they run."""
    height, width = plan.artwork.rgb.shape[1:]
    return predicted(
        width,
        height,
        plan.steps,
        plan.surrogates,
        choose(plan.device),
        plan.recipe.draw,
        plan.warm,
        plan.recipe.sizes,
        verify=verify,
    )


def predicted(
    width: int,
    height: int,
    steps: int,
    surrogates: tuple[str, ...],
    device: Device,
    draw: int = 0,
    warm: int = 0,
    sizes: tuple[int, ...] = tuple(SIZES),
    *,
    verify: bool = False,
) -> dict[str, float]:
    pixels = covered(width) * covered(height)
    for side in smaller(min(width, height), sizes):
        pixels += prod(covered(length) for length in lengths(height, width, side))
    groups = [(named(name).draw, slope_seconds(name, device)) for name in surrogates]
    if draw:
        groups = [(draw, tuple(seconds for _, group in groups for seconds in group))]
    step = sum(mean(group) * min(count or len(group), len(group)) for count, group in groups)
    goals = sum(  # one forward pass of forward + backward, for each family whose turn comes
        mean(group) * min(count * steps or len(group), len(group)) / 2 for count, group in groups
    )
    start = warm * mean(slope_seconds(SMALL, device)) if warm else 0.0
    looked = min(width * height, CROPS)
    found = {
        "optimise": pixels * (start + steps * step + goals),
        "fit": LOOKS * looked * look_seconds(),
    }
    if verify:
        found["verify"] = 4 * found["fit"] + 8 * pixels * goals
    return {stage: seconds * _corrections.get(stage, 1) for stage, seconds in found.items()}


def learn(stage: str, expected: float, took: float) -> None:
    """The next estimate of that stage is nearer to what this one took; outliers are limited."""
    if expected > 0:
        ratio = min(max(took / expected, 0.2), 5)
        _corrections[stage] = _corrections.get(stage, 1) * ratio**_LEARN


def covered(side: int) -> int:
    """Pixels of one axis that tiles compute, overlaps counted twice."""
    return sum(rows.stop - rows.start for rows, _ in spans(side, SIZE, MARGIN))


@lru_cache(maxsize=32)
def slope_seconds(name: str, device: Device) -> tuple[float, ...]:
    """Seconds per pixel of one gradient, for each family of the surrogate.

    Those of the processor where a card is full or fails: it is where the steps will be taken.
    """
    try:
        return measured(name, device)
    except RuntimeError:
        if device.kind == "cpu":
            raise
    return slope_seconds(name, choose("cpu"))


def measured(name: str, device: Device) -> tuple[float, ...]:
    found = []
    for encode in walkers(name, device, bool(named(name).draw)).values():
        picture = torch.rand(1, 3, _PROBE, _PROBE, generator=torch.Generator().manual_seed(0))
        best = min(_slope(encode, picture.to(device.kind)) for _ in range(2))
        found.append(best / _PROBE**2)
    return tuple(found)


def _slope(encode: object, picture: torch.Tensor) -> float:
    assert callable(encode)
    start = time.perf_counter()
    at = picture.clone().requires_grad_(True)
    torch.autograd.grad(encode(at).square().sum(), at)[0].sum().item()
    return time.perf_counter() - start


@lru_cache(maxsize=1)
def look_seconds() -> float:
    """Seconds per pixel of one judgement of strength."""
    picture = torch.rand(3, _PROBE, _PROBE, generator=torch.Generator().manual_seed(0))
    start = time.perf_counter()
    ssimulacra2(picture, picture.flip(1))
    return (time.perf_counter() - start) / _PROBE**2


@dataclass(frozen=True)
class Timed(Progress):
    """Progress of the whole job: the share that is done, and seconds until its end."""

    fraction: float = 0.0
    left: float = 0.0


class Left:
    """A watcher that adds the time left, and teaches the estimate how long each stage took."""

    def __init__(self, expected: dict[str, float], watch: Watch) -> None:
        self._expected, self._watch = expected, watch
        self._begun = self._stage_begun = time.monotonic()
        self._stage = next(iter(expected))

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.stage != self._stage:
            self.end_of_stage(now)
            self._stage, self._stage_begun = progress.stage, now
        left = self._left(progress, now - self._stage_begun)
        fraction = (now - self._begun) / max(now - self._begun + left, 1e-9)
        self._watch(Timed(progress.done, progress.total, progress.stage, fraction, left))

    def end_of_stage(self, now: float | None = None) -> None:
        took = (now or time.monotonic()) - self._stage_begun
        learn(self._stage, self._expected.get(self._stage, 0), took)

    def _left(self, progress: Progress, spent: float) -> float:
        """This stage at the speed seen so far, and what was expected of the later ones."""
        share = progress.done / max(progress.total, 1)
        stage = self._expected.get(self._stage, spent)
        rest = spent / share * (1 - share) if share > 0.1 else max(stage - spent, 0)
        names = list(self._expected)
        after = names[names.index(self._stage) + 1 :] if self._stage in names else []
        return rest + sum(self._expected[name] for name in after)
