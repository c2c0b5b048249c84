"""What an embedder is: a network that maps photos of one person to vectors close together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ..machine.weights import Wanted
from ..units import Unit, to_levels

if TYPE_CHECKING:  # whoever lists what there is need not wait for torch
    from torch import Tensor, nn

Embed: TypeAlias = "Callable[[Tensor], Tensor]"
"""(B, 3, size, size) of aligned faces in [0, 1] -> (B, dims), compared by Euclidean distance."""

Points = tuple[tuple[float, float], ...]
"""Left eye, right eye, tip of the nose, corners of the mouth; (across, down)."""

ARCFACE: Points = (
    (0.34192, 0.46158),
    (0.65653, 0.45983),
    (0.50022, 0.64050),
    (0.37098, 0.82469),
    (0.63152, 0.82325),
)
"""Where they lie in the crop that most embedders were trained on, as shares of its side of 112 px
(Deng et al., 2019)."""

_HALF, _SPAN = to_levels(Unit(0.5)), 128  # levels: what is subtracted, and what divides
CENTRED = ((-_HALF / _SPAN,), (_HALF / _SPAN,))
"""The values of black and white that most embedders expect."""


@dataclass(frozen=True, kw_only=True)
class Embedder:
    """One network of face recognition.

    covers   its name and size, as the report prints them
    folder   where its weights lie inside the models folder; "weights": they ship
    licence  of the weights
    weights  files that users download; empty where the repository ships them
    load     folder of the weights -> network taking (B, 3, size, size) in `expects`, on the CPU
    size     side of the crop, in pixels
    points   where the crop has eyes, nose and mouth, as shares of its side
    dims     length of its vectors
    expects  the values that it takes black and white to have, per channel where these differ
    bgr      whether its channels are blue, green, red
    unit     whether its vectors are scaled to length one
    measures_only  never optimised against: what it was trained on is not known
    """

    covers: str
    folder: str
    licence: str
    weights: tuple[Wanted, ...] = ()
    load: Callable[[Path], nn.Module]
    size: int
    points: Points
    dims: int
    expects: tuple[tuple[float, ...], tuple[float, ...]] = ((0.0,), (1.0,))
    bgr: bool = False
    unit: bool = True
    measures_only: bool = False

    def encoder(self, net: nn.Module) -> Embed:
        """Wraps a loaded network so that it takes [0, 1] like everything else here."""

        def embed(faces: Tensor) -> Tensor:
            low, high = (faces.new_tensor(one).view(1, -1, 1, 1) for one in self.expects)
            inside = faces.flip(1) if self.bgr else faces
            found: Tensor = net(inside * (high - low) + low)
            return found / found.norm(dim=1, keepdim=True) if self.unit else found

        return embed
