"""What a purifier is: anything that happens to a picture after it is posted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from torch import Generator, Tensor

from ..errors import NotUsable
from ..messages import Message

Apply = Callable[[Tensor, Generator], Tensor]
"""(3, H, W) in [0, 1], plus the run's random generator -> same size, same range."""


@dataclass(frozen=True)
class Autoencoder:
    """A family's encoder and decoder: (1, 3, H, W) in [0, 1] <-> latents; sides multiples of 8.

    kind  torch's name of the device on which both run; they take tensors on other devices too
    """

    family: str
    encode: Callable[[Tensor], Tensor]
    decode: Callable[[Tensor], Tensor]
    kind: str = "cpu"


@dataclass(frozen=True)
class Scene:
    """What a purifier may use beyond the pixels it is handed.

    longest      longest side of the whole picture, where the pixels are a crop of it: sites resize
                 by the whole picture
    autoencoder  given by the caller, because purifiers do not know surrogates
    distance     perceptual distance of two (3, H, W), differentiable; None: not available here
    """

    longest: int | None = None
    autoencoder: Autoencoder | None = None
    distance: Callable[[Tensor, Tensor], Tensor] | None = None


def nothing(_: Scene = Scene()) -> None:
    """`missing` of a purifier that can run everywhere."""


@dataclass(frozen=True, kw_only=True)
class Purifier:
    """A handling or removal; `apply` takes and gives (3, H, W) in [0, 1], the same size.

    says     what it is, in a line
    source   where the procedure and its numbers come from
    moves    content moves within the picture (crops): comparisons must treat all pictures alike
    slow     takes tens of seconds on a processor; never part of a default set
    missing  None where it can run in that scene, else why not and what to do
    prepare  scene -> apply, for those that need more than pixels; None: `apply` is enough
    """

    says: str
    kind: Literal["handling", "removal"]  # what platforms do, or a deliberate attack
    differentiable: bool  # `apply` passes gradients
    apply: Apply
    source: str = ""
    moves: bool = False
    slow: bool = False
    missing: Callable[[Scene], Message | None] = field(default=nothing)
    prepare: Callable[[Scene], Apply] | None = None

    def ready(self, scene: Scene) -> Apply:
        """The function to call in that scene; raises NotUsable with what is missing."""
        if reason := self.missing(scene):
            raise NotUsable(reason.code, **reason.fields)
        return self.prepare(scene) if self.prepare else self.apply
