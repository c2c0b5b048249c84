"""One step of a training, as every training of the lab takes it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def stepped(
    search: torch.optim.Optimizer, loss: Tensor, clipped: Sequence[nn.Parameter] = ()
) -> float:
    """One step down the loss's gradient, clipped to length 1 over `clipped`; returns the loss."""
    search.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    if clipped:
        nn.utils.clip_grad_norm_(clipped, 1.0)
    search.step()
    return loss.item()
