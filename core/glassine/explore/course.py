"""What a step looks at, through what, and where that should arrive."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Generator, Tensor

from ..surrogates import Encoder
from .handling import Handle
from .look import Part


class Shows(Protocol):
    """Part of the canvas, and what a network is shown of it."""

    @property
    def part(self) -> Part: ...

    @property
    def pixels(self) -> int:
        """That the network sees."""
        ...

    def seen(self, part: Tensor) -> Tensor:
        """(C, h, w) of the part -> (C, h', w'), differentiable."""
        ...


class Step(NamedTuple):
    """One step's view, network and goal, and what happens to the view before."""

    part: Shows
    encode: Encoder
    aim: Tensor
    handle: Handle


class Course(Protocol):
    """What the steps look at, one after another."""

    def at(self, step: int, draw: Generator) -> Step: ...
