"""How long a plan will take on this machine, measured and not guessed.

One small tile is timed per surrogate when it is first needed; after every job the estimate of
each stage is pulled towards what it really took. Times are linear in pixels: those that tiles
compute, and those that are judged while the strength is searched.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from statistics import mean

import torch

from ..explore.tiles import MARGIN, SIZE, spans
from ..explore.training_sizes import SIZES, lengths, sizes_below
from ..machine.device import Device, choose
from ..surrogates import SMALL, surrogate_named
from ..surrogates.encoders import gradient_encoders
from ..types import Plan, Progress, Watch
from ..visibility import ssimulacra2
from .settle import judged_pixels

LOOKS = 5  # judgements until the strength is found: three or four, rarely more
_PROBE = 192  # pixels, side of the timed tile
_LEARN = 0.5  # how far one job moves the estimate of its stage


@dataclass(frozen=True)
class Workload:
    """What is to be timed: a plan, or one that does not exist yet.

    width, height  of the picture, in pixels
    draw, warm, sizes  as in `Recipe` and `Plan`
    """

    width: int
    height: int
    steps: int
    surrogates: tuple[str, ...]
    device: Device
    draw: int = 0
    warm: int = 0
    sizes: tuple[int, ...] = tuple(SIZES)

    @staticmethod
    def of(plan: Plan) -> Workload:
        height, width = plan.artwork.rgb.shape[1:]
        return Workload(
            width=width,
            height=height,
            steps=plan.steps,
            surrogates=plan.surrogates,
            device=choose(plan.device),
            draw=plan.recipe.draw,
            warm=plan.warm,
            sizes=plan.recipe.sizes,
        )

    @property
    def pixels(self) -> int:
        """That tiles compute, at all sizes together."""
        pixels = covered(self.width) * covered(self.height)
        for side in sizes_below(min(self.width, self.height), self.sizes):
            pixels += prod(covered(length) for length in lengths(self.height, self.width, side))
        return pixels


@dataclass
class Estimates:
    """Seconds by stage, corrected by what earlier jobs took. Belongs to one session."""

    corrections: dict[str, float] = field(default_factory=dict)

    def stages(self, plan: Plan, *, verify: bool = False) -> dict[str, float]:
        """Of a plan, in the order in which its stages run."""
        return self.seconds(Workload.of(plan), verify=verify)

    def seconds(self, job: Workload, *, verify: bool = False) -> dict[str, float]:
        found = uncorrected(job, verify=verify)
        return {stage: value * self.corrections.get(stage, 1) for stage, value in found.items()}

    def watched(self, expected: dict[str, float], watch: Watch) -> Left:
        """A watcher for a run of these stages."""
        return Left(expected, watch, self)

    def learn(self, stage: str, expected: float, took: float) -> None:
        """The next estimate of that stage is nearer to what this one took; outliers are limited."""
        if expected > 0:
            ratio = min(max(took / expected, 0.2), 5)
            self.corrections[stage] = self.corrections.get(stage, 1) * ratio**_LEARN


def uncorrected(job: Workload, *, verify: bool = False) -> dict[str, float]:
    """Seconds by stage as they follow from one timed tile."""
    groups = [
        (surrogate_named(name).draw, gradient_seconds(name, job.device)) for name in job.surrogates
    ]
    if job.draw:
        groups = [(job.draw, tuple(seconds for _, group in groups for seconds in group))]
    step = sum(mean(group) * min(count or len(group), len(group)) for count, group in groups)
    goals = sum(  # one forward pass of forward + backward, for each family whose turn comes
        mean(group) * min(count * job.steps or len(group), len(group)) / 2
        for count, group in groups
    )
    start = job.warm * mean(gradient_seconds(SMALL, job.device)) if job.warm else 0.0
    each, once = judged_pixels(job.height, job.width)
    search = LOOKS * each * look_seconds()
    found = {
        "optimise": job.pixels * (start + job.steps * step + goals),
        "fit": 2 * search + once * look_seconds() if once else search,
    }
    if verify:
        found["verify"] = 4 * search + 8 * job.pixels * goals
    return found


def covered(side: int) -> int:
    """Pixels of one axis that tiles compute, overlaps counted twice."""
    return sum(rows.stop - rows.start for rows, _ in spans(side, SIZE, MARGIN))


@lru_cache(maxsize=32)
def gradient_seconds(name: str, device: Device) -> tuple[float, ...]:
    """Seconds per pixel of one gradient, for each family of the surrogate.

    Those of the processor where a card is full or fails: it is where the steps will be taken.
    """
    try:
        return measure_gradients(name, device)
    except RuntimeError:
        if device.kind == "cpu":
            raise
    return gradient_seconds(name, choose("cpu"))


def measure_gradients(name: str, device: Device) -> tuple[float, ...]:
    found = []
    for encode in gradient_encoders(name, device, bool(surrogate_named(name).draw)).values():
        picture = torch.rand(1, 3, _PROBE, _PROBE, generator=torch.Generator().manual_seed(0))
        best = min(_timed_gradient(encode, picture.to(device.kind)) for _ in range(2))
        found.append(best / _PROBE**2)
    return tuple(found)


def _timed_gradient(encode: object, picture: torch.Tensor) -> float:
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

    def __init__(self, expected: dict[str, float], watch: Watch, estimates: Estimates) -> None:
        self._expected, self._watch, self._estimates = expected, watch, estimates
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
        self._estimates.learn(self._stage, self._expected.get(self._stage, 0), took)

    def _left(self, progress: Progress, spent: float) -> float:
        """This stage at the speed seen so far, and what was expected of the later ones."""
        share = progress.done / max(progress.total, 1)
        stage = self._expected.get(self._stage, spent)
        rest = spent / share * (1 - share) if share > 0.1 else max(stage - spent, 0)
        names = list(self._expected)
        after = names[names.index(self._stage) + 1 :] if self._stage in names else []
        return rest + sum(self._expected[name] for name in after)
