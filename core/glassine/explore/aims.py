"""Where steps should arrive: the goals as an encoder sees them."""

from __future__ import annotations

import torch
from torch import Tensor

from ..surrogates import Encoder
from .canvas import Canvas
from .look import Look


class Aims:
    """The latents that each family should arrive at.

    Those of the whole picture are computed once for each of the few sizes of a view.
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._known = dict[tuple[int, tuple[int, int]], Tensor]()

    @torch.no_grad()
    def at(self, family: int, encode: Encoder, part: Look) -> Tensor:
        """(1, C, h, w): the weighted mean of the goals' latents, for that family and view.

        For squared distances the weighted sum over several goals differs from the distance to
        their weighted mean by a constant.
        """
        if part.whole and (family, part.whole) in self._known:
            return self._known[family, part.whole]
        goals = self._canvas.goals
        parts = [weight * encode(part.seen(goal[part.part])[None]) for goal, weight in goals]
        aim = torch.stack(parts).sum(0)
        if part.whole:
            self._known[family, part.whole] = aim
        return aim
