"""What a step optimises: a view, the network that sees it, and the aim of its output."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Generator, Tensor

from ..surrogates import Encoder
from .handling import Handle
from .look import Part


class Shows(Protocol):
    """A view: a part of the canvas, and how it is shown to a network."""

    @property
    def part(self) -> Part: ...

    @property
    def pixels(self) -> int:
        """How many pixels the network sees."""
        ...

    def seen(self, part: Tensor) -> Tensor:
        """(C, h, w) of the part -> (C, h', w') as the network sees it, differentiable."""
        ...


class Step(NamedTuple):
    """One step's view and network, the aim of the network's output, and the handling (such as a
    JPEG) that the view goes through before."""

    part: Shows
    encode: Encoder
    aim: Tensor
    handle: Handle


class Course(Protocol):
    """The sequence of what steps look at: `at` gives each step's view, network and aim."""

    def at(self, step: int, draw: Generator) -> Step: ...
