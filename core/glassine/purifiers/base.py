"""What a purifier is: anything that happens to a picture after it is posted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Generator, Tensor


@dataclass(frozen=True, kw_only=True)
class Purifier:
    """`apply` takes and gives (3, H, W) in [0, 1], the same size."""

    says: str
    kind: Literal["handling", "removal"]  # ordinary upload treatment, or a deliberate attack
    differentiable: bool  # may be drawn from inside the loop
    apply: Callable[[Tensor, Generator], Tensor]
