"""What a first preview needs, loaded before anybody asks for one, a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count

import torch

from ..explore.walk import eye_looks
from ..flow.optimise import optimise
from ..flow.plan import plan
from ..flow.settle import settle
from ..surrogates.encoders import gradient_encoders
from ..types import Artwork, Intent
from ..visibility.lpips import lpips_distance
from .preview import quickest
from .state import State

_SIDE = 64  # pixels of the picture that is tried; enough for every judge


def to_load(state: State) -> Iterator[Callable[[], object]]:
    """The parts in turn; each takes some tenths of a second.

    Nothing is timed, since the first preview would have to wait for that too.
    """
    yield lpips_distance  # its package brings torchvision
    name = quickest(state)
    tried = torch.rand(3, _SIDE, _SIDE, generator=torch.Generator().manual_seed(0))
    for encode in gradient_encoders(name, state.device).values():
        yield partial(encode, tried[None])
    yield partial(stepped, tried, name, state)


def stepped(tried: torch.Tensor, name: str, state: State) -> None:
    """Takes a few steps on that picture, (3, H, W), until the eye has looked, and settles it: that
    loads all the rest."""
    made = plan(Artwork(tried), Intent(surrogates=(name,)), device=state.wish)
    steps = next(filter(eye_looks, count())) + 1
    settle(optimise(replace(made, steps=steps)))
