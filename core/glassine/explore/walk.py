"""The search: each step takes a gradient of one view through one encoder; half of the steps also
take one of what people see of it, through the visibility judges ("the eye").

A course decides what each step looks at: views of the picture, or the faces in it (faces.py).

Projected gradient descent (Madry et al., 2018) with momentum (Dong et al., 2018). Adam closes as
much of the gap where sizes are drawn, and less at a picture's own size (docs/eye.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ..machine.device import Device
from ..messages import message
from ..pixels.art import grid_from, in_cells
from ..pixels.flatten import on_white
from ..surrogates import Encoder
from ..surrogates.encoders import gradient_encoders
from ..types import Grid, Plan, Progress, Watch
from ..units import to_unit
from ..visibility.eye import more_visible, of_mean_size
from .aims import Aims
from .canvas import Canvas, canvas, enlarged, start
from .course import Course, Shows, Step
from .denoising import DenoiserCourse, through_model
from .evenly import evenly
from .faces import FaceCourse
from .fit import fit
from .handling import Handle, handled
from .look import Look, Part, look
from .training_sizes import training_sizes
from .views import views

FIRST, LAST = 0.5, 0.02
"""Size of the first and of the last step, in `Ground.unit`; less where a search takes more steps
than its recipe's `travel`."""
POWER, STEEP = 0.5, 3.0  # exponent on a gradient's size, in mean sizes; largest size counted
EYE = 0.2  # weight of the eye's gradient in a look, beside an encoder's of mean size 1
TURNS = 2  # of a family at one view, before it gets another
DETAILED = 256 * 256  # pixels of the largest picture with the recipe's whole share of detail
EYE_SHARE = 0.5  # share of the steps in which the eye looks


@dataclass(frozen=True)
class Ground:
    """What stays fixed during a search.

    start  (3, h, w): the change before the first step, to which the search adds
    unit   (3, h, w): how much a step of size 1 changes each value
    bound  the largest change beyond `start`, in `unit`
    momentum  as the recipe's
    """

    canvas: Canvas
    start: Tensor
    unit: Tensor
    bound: float
    momentum: float

    def moved(self, change: Tensor, part: Part) -> Tensor:
        """The part with `start` and this change added, on white."""
        moved = self.canvas.clean[part] + self.start[part] + change
        return self.seen(moved.clamp(0, 1), part)

    def before(self, part: Part) -> Tensor:
        """The part without any change, on white."""
        return self.seen(self.canvas.clean[part], part)

    def seen(self, rgb: Tensor, part: Part) -> Tensor:
        """These pixels of the part on white, by the canvas's alpha."""
        alpha = self.canvas.alpha
        return on_white(rgb, None if alpha is None else alpha[part])


@dataclass(frozen=True)
class Search:
    """What steps update in place; both tensors are as large as the canvas."""

    change: Tensor
    velocity: Tensor  # gradients, summed up with momentum

    @staticmethod
    def on(canvas: Canvas) -> Search:
        return Search(torch.zeros_like(canvas.clean), torch.zeros_like(canvas.clean))


def walk(plan: Plan, device: Device, crop: int, watch: Watch) -> Tensor:
    """(3, H, W) float16: the change of the whole picture after all steps.

    crop  longest side of a view, in pixels; smaller needs less memory
    """
    ground, draw = prepared(plan, device), Generator().manual_seed(plan.seed)
    way = Way(plan, ground, Search.on(ground.canvas), course(plan, ground.canvas, device, crop))
    for step in range(plan.steps):
        stride(way, step, draw)
        watch(Progress(step + 1, plan.steps, "optimise"))
    return arrived(way)


@dataclass(frozen=True)
class Way:
    """A search in progress: its plan, what stays fixed, what steps update, and its course."""

    plan: Plan
    ground: Ground
    search: Search
    course: Course


def stride(way: Way, step: int, draw: Generator) -> None:
    """One step; the first is number 0."""
    plan, ground, search = way.plan, way.ground, way.search
    part, encode, aim, handle = way.course.at(step, draw)
    gradient = encoder_gradient(ground, search, part, encode, aim, handle)
    if plan.recipe.away:
        gradient.neg_()
    if eye_looks(step):
        add_eye_gradient(gradient, ground, search, part.part, draw)
    gradient = in_cells_of(ground.canvas.grid, gradient, part.part)
    if not gradient.isfinite().all():
        raise FloatingPointError(message("steps.no_numbers"))
    size = step_size(step, plan.steps, plan.recipe.travel)
    move(search, gradient, ground, part.part, size)


def arrived(way: Way) -> Tensor:
    """(3, H, W) float16: the change of the whole picture as far as the search has come."""
    height, width = way.plan.artwork.rgb.shape[1:]
    return enlarged((way.search.change + way.ground.start).cpu(), height, width)


def course(plan: Plan, on: Canvas, device: Device, crop: int) -> Course:
    """The plan's course: over its faces where it has any, else over views of the picture; in some
    recipes with steps through a model's denoiser."""
    if plan.faces:
        return FaceCourse(plan, on, device)
    if plan.recipe.denoising is None:
        return PictureCourse(plan, on, families(plan, device), crop)
    goals = PictureCourse(plan, on, families(plan, device), crop) if plan.goals else None
    return DenoiserCourse(plan, on, through_model(plan, device), goals, crop)


class PictureCourse:
    """Views of the picture, each through one family's encoder, the families in turn.

    A family sees each of its views in several of its turns, because the goals' latents in a view
    take half as long as a gradient there.
    """

    def __init__(self, plan: Plan, on: Canvas, encoders: Sequence[Encoder], crop: int) -> None:
        height, width = plan.artwork.rgb.shape[1:]
        self._views, self._encoders = views(height, width, crop), encoders
        self._canvas, self._aims, self._held = on, Aims(on), dict[int, tuple[Look, Tensor]]()
        self._drawn = 0

    def at(self, step: int, draw: Generator) -> Step:
        turn, family = divmod(step, len(self._encoders))
        encode = self._encoders[family]
        if turn % TURNS == 0 or family not in self._held:
            part = look(self._views.draw(self._drawn, draw), self._canvas.size)
            self._drawn += 1
            self._held[family] = part, self._aims.at(family, encode, part)
        part, aim = self._held[family]
        return Step(part, encode, aim, handled(step, part))


def prepared(plan: Plan, device: Device) -> Ground:
    on, recipe = canvas(plan, device.kind), plan.recipe
    colour = torch.tensor(recipe.colour, device=device.kind)[:, None, None]
    return Ground(
        canvas=on,
        start=in_cells_of(on.grid, start(on, recipe.tint, detail_for(plan))),
        unit=in_cells_of(on.grid, on.allowance * colour * to_unit(recipe.reach)),
        bound=recipe.bound,
        momentum=recipe.momentum,
    )


def detail_for(plan: Plan) -> float:
    """The share of the goals' detail that the search starts with. In larger pictures detail is seen
    more, and gains less (docs/eye.md)."""
    height, width = plan.artwork.rgb.shape[1:]
    if training_sizes(height, width):
        return 0.0
    return plan.recipe.detail * min(1.0, DETAILED / (height * width))


def families(plan: Plan, device: Device) -> tuple[Encoder, ...]:
    """The encoders of all the plan's surrogates; steps use them in turn."""
    return tuple(
        encode for name in plan.surrogates for encode in gradient_encoders(name, device).values()
    )


def encoder_gradient(
    ground: Ground, search: Search, part: Shows, encode: Encoder, aim: Tensor, handle: Handle
) -> Tensor:
    """(3, h, w) of the part: the gradient of the squared latent distance, of mean size 1."""
    change = search.change[part.part].clone().requires_grad_(True)
    seen = handle(part.seen(ground.moved(change, part.part)))
    loss = (encode(seen[None]) - aim).square().sum()
    (gradient,) = torch.autograd.grad(loss, change)
    return of_mean_size(gradient)


def in_cells_of(grid: Grid | None, picture: Tensor, part: Part | None = None) -> Tensor:
    """(3, h, w), each cell of pixel art replaced by its mean: `settle` keeps no more of it.

    part  of the canvas that it is; None: all of it
    """
    if grid is None:
        return picture
    top, left = (part[1].start, part[2].start) if part else (0, 0)
    return in_cells(picture, grid_from(grid, top, left))


def eye_looks(step: int) -> bool:
    """Whether the eye looks in this step; not yet in the first, when little has changed."""
    return evenly(step) >= 1 - EYE_SHARE


def add_eye_gradient(
    gradient: Tensor, ground: Ground, search: Search, part: Part, draw: Generator
) -> None:
    """Adds the direction in which the part's change shows more; steps go against it."""
    down, across = torch.rand(2, generator=draw).tolist()
    change = search.change[part].clone().requires_grad_(True)
    seen, reduced = ground.moved(change, part), bool(training_sizes(*ground.canvas.size))
    away = more_visible(ground.before(part), seen.detach(), down, across, reduced=reduced)
    (more,) = torch.autograd.grad((seen * away).sum(), change)
    gradient += EYE * more


def move(search: Search, gradient: Tensor, ground: Ground, part: Part, size: float) -> None:
    """Takes a step on that part; the change stays within its bound, the picture in [0, 1]."""
    change, velocity = search.change[part], search.velocity[part]
    velocity.mul_(ground.momentum).add_(gradient)
    unit, base = ground.unit[part], ground.canvas.clean[part] + ground.start[part]
    change.sub_(size * unit * sized(velocity))
    change.copy_(fit(change, base, ground.bound * unit))


def sized(gradient: Tensor) -> Tensor:
    """The gradient's sign, scaled up where it is steep and down where it is nearly flat: there the
    sign is chance."""
    return gradient.sign() * of_mean_size(gradient).abs().clamp_max(STEEP) ** POWER


def step_size(step: int, steps: int, travel: float) -> float:
    """The step's size in `Ground.unit`: falls linearly from FIRST to LAST, or from and to less
    where there are more steps than `travel`."""
    return (FIRST + (LAST - FIRST) * step / steps) * min(1.0, travel / steps)
