"""How long a plan will take on this machine, by measurement.

One small gradient per surrogate is timed when it is first needed; after every job the estimate of
each stage moves towards the time that it really took. Times grow linearly with pixels: those that
encoders see, and those that are judged while the strength is searched.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import mean

import torch

from ..embedders import EMBEDDERS
from ..embedders.loaded import embedder
from ..explore.canvas import LARGEST
from ..explore.denoising import looked_at, through_folder
from ..explore.views import views
from ..explore.walk import EYE_SHARE
from ..faces.place import around
from ..machine.device import Device, choose
from ..surrogates.encoders import gradient_encoders
from ..types import Denoising, Plan, Progress, Watch
from ..visibility import ssimulacra2
from .settle import judged_pixels

LOOKS = 5  # looks by SSIMULACRA2 that a search takes: three or four, rarely more
OTHERS = 6  # cost of the other judges in looks by SSIMULACRA2: two looks, each as dear as three
HELD_OUT = 1.5  # of the one held out, in such looks: four looks, each as dear as a third
EYE_LOOKS = 5  # cost of all judges in the loop, with their gradients, in such looks
_PROBE, _FIRST = 128, 64  # sides in pixels of the timed picture, and of a first one to warm up
_LEARN = 0.5  # exponent: how far one job moves the estimate of its stage


@dataclass(frozen=True)
class Workload:
    """The work whose time is estimated: that of a plan, or of one that does not exist yet.

    width, height  of the picture, in pixels
    asks  how steps use a denoiser, that of the folder `model` with `prompt`; None: not at all
    faces  pixels of the boxes in which faces are judged; None: the picture is worked on
    """

    width: int
    height: int
    steps: int
    surrogates: tuple[str, ...]
    device: Device
    asks: Denoising | None = None
    model: str = ""
    prompt: str = ""
    faces: int | None = None

    @staticmethod
    def of(plan: Plan) -> Workload:
        height, width = plan.artwork.rgb.shape[1:]
        asks = None if plan.found else plan.recipe.denoising
        boxes = [around(face, height, width) for face in plan.faces]
        areas = [(down.stop - down.start) * (wide.stop - wide.start) for down, wide in boxes]
        return Workload(
            width,
            height,
            plan.steps,
            plan.surrogates,
            choose(plan.device),
            asks=asks,
            model=plan.model if asks else "",
            prompt=plan.prompt if asks else "",
            faces=sum(areas) if areas else None,
        )

    @property
    def pixels(self) -> float:
        """How many an encoder sees in a step, on average."""
        if self.faces is not None:
            return mean(EMBEDDERS[name].size ** 2 for name in self.surrogates)
        return views(self.height, self.width).mean_pixels()

    @property
    def eyed(self) -> float:
        """How many the judges in the loop see when they look, at most."""
        return self.pixels if self.faces is not None else min(self.width * self.height, LARGEST**2)

    @property
    def judged(self) -> tuple[int, int, int]:
        """Pixels that are judged, in the three numbers of `judged_pixels`."""
        if self.faces is not None:
            return self.faces, 0, self.faces
        return judged_pixels(self.height, self.width)


@dataclass
class Estimates:
    """Seconds by stage, corrected by what earlier jobs took. Belongs to one session.

    corrections  factors on the measured estimates, by stage
    measured     whether anything was timed yet, which takes about as long as a first preview
    """

    corrections: dict[str, float] = field(default_factory=dict)
    measured: bool = False

    def stages(self, plan: Plan, *, verify: bool = False) -> dict[str, float]:
        """Seconds of a plan's stages, in the order in which they run."""
        return self.seconds(Workload.of(plan), verify=verify)

    def seconds(self, job: Workload, *, verify: bool = False) -> dict[str, float]:
        found = uncorrected(job, verify=verify)
        self.measured = True
        return {stage: value * self.corrections.get(stage, 1) for stage, value in found.items()}

    def watched(self, expected: dict[str, float], watch: Watch) -> Left:
        """A watcher for a run of these stages."""
        return Left(expected, watch, self)

    def learn(self, stage: str, expected: float, took: float) -> None:
        """Moves the stage's next estimate towards what it took this time; outliers are limited."""
        if expected > 0:
            ratio = min(max(took / expected, 0.2), 5)
            self.corrections[stage] = self.corrections.get(stage, 1) * ratio**_LEARN


def uncorrected(job: Workload, *, verify: bool = False) -> dict[str, float]:
    """Seconds by stage, before corrections, from one timed gradient and one timed look.

    A step is a gradient and the goal's latents (a third of a gradient), and in a share of the steps
    the visibility judges, forward and backward (EYE_LOOKS looks). A step through a denoiser has one
    gradient in place of the first two.
    """
    families = [one for name in job.surrogates for one in gradient_seconds(name, job.device)]
    each, once, others = job.judged
    search, gradient = LOOKS * each * look_seconds(), mean(families)
    if job.asks:
        own = denoiser_seconds(job.asks, job.model, job.prompt, job.device)
        mixed = job.asks.share * own + (1 - job.asks.share) * 4 / 3 * gradient
    else:
        mixed = 4 / 3 * gradient
    step = job.pixels * mixed + job.eyed * EYE_LOOKS * EYE_SHARE * look_seconds()
    found = {
        "optimise": job.steps * step,
        "fit": (2 if once else 1) * search
        + (once + OTHERS * others + HELD_OUT * each) * look_seconds(),
    }
    if verify:
        seen = job.width * job.height if job.faces is None else job.pixels
        found["verify"] = 4 * search + 4 * seen * sum(families)
    return found


@lru_cache(maxsize=32)
def gradient_seconds(name: str, device: Device) -> tuple[float, ...]:
    """Seconds per pixel of one gradient, for each family of the surrogate.

    Where a graphics card is full or fails, those of the processor: the steps will run there.
    """
    try:
        return measure_gradients(name, device)
    except RuntimeError:
        if device.kind == "cpu":
            raise
    return gradient_seconds(name, choose("cpu"))


@lru_cache(maxsize=8)
def denoiser_seconds(asks: Denoising, model: str, prompt: str, device: Device) -> float:
    """Seconds per pixel of one gradient through the denoiser of that folder, which is loaded."""
    through = through_folder(model, prompt, device)
    whole = torch.rand(1, 3, _PROBE, _PROBE, generator=torch.Generator().manual_seed(0))
    return _timed_gradient(looked_at(asks, through, 0, 0), whole.to(device.kind)) / _PROBE**2


def measure_gradients(name: str, device: Device) -> tuple[float, ...]:
    """Times each network of that name once; an embedder takes crops of one size only, so its
    warm-up has that size too."""
    if name in EMBEDDERS:
        side = first = EMBEDDERS[name].size
        nets: Sequence[object] = (embedder(name, device),)
    else:
        side, first = _PROBE, _FIRST
        nets = tuple(gradient_encoders(name, device).values())
    whole = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    picture = whole.to(device.kind)
    for encode in nets:
        _timed_gradient(encode, picture[..., :first, :first])
    return tuple(_timed_gradient(encode, picture) / side**2 for encode in nets)


def _timed_gradient(encode: object, picture: torch.Tensor) -> float:
    assert callable(encode)
    start = time.perf_counter()
    at = picture.clone().requires_grad_(True)
    torch.autograd.grad(encode(at).square().sum(), at)[0].sum().item()
    return time.perf_counter() - start


@lru_cache(maxsize=1)
def look_seconds() -> float:
    """Seconds per pixel of one look by SSIMULACRA2."""
    picture = torch.rand(3, _PROBE, _PROBE, generator=torch.Generator().manual_seed(0))
    start = time.perf_counter()
    ssimulacra2(picture, picture.flip(1))
    return (time.perf_counter() - start) / _PROBE**2


@dataclass(frozen=True)
class Timed(Progress):
    """Progress of the whole job.

    fraction  the share of the job's time that has passed, 0 to 1
    left      seconds until its end
    """

    fraction: float = 0.0
    left: float = 0.0


class Left:
    """A watcher that adds the time left, and corrects the estimates by what each stage took."""

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
        told = progress.done, progress.total, progress.stage, progress.said
        self._watch(Timed(*told, fraction, left))

    def end_of_stage(self, now: float | None = None) -> None:
        took = (now or time.monotonic()) - self._stage_begun
        self._estimates.learn(self._stage, self._expected.get(self._stage, 0), took)

    def _left(self, progress: Progress, spent: float) -> float:
        """Seconds left: of this stage at its speed so far, and of later ones as estimated."""
        share = progress.done / max(progress.total, 1)
        stage = self._expected.get(self._stage, spent)
        rest = spent / share * (1 - share) if share > 0.1 else max(stage - spent, 0)
        names = list(self._expected)
        after = names[names.index(self._stage) + 1 :] if self._stage in names else []
        return rest + sum(self._expected[name] for name in after)
