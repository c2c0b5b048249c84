"""Work that can be stopped between any two of torch's operations, wherever it is.

A watcher is called after whole steps, and on one core a step, a purifier or a watermark takes
seconds. To stop inside them without this, a watcher would have to be passed to every function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from ..errors import Cancelled


class Interruptible(TorchFunctionMode):
    """In its context, on its thread, every torch function raises Cancelled once `stop` is set.

    The backward pass of a network is one operation: on one core, at 512 x 512 pixels, 2.2 seconds.
    No other operation of `protect` and its report takes half a second there.
    """

    def __init__(self, stop: Event) -> None:
        super().__init__()
        self._stop = stop

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        leaving = func is torch._C._set_grad_enabled  # `no_grad` restores the mode while it unwinds
        if self._stop.is_set() and not leaving:
            raise Cancelled("service.stopped")
        return func(*args, **(kwargs or {}))
