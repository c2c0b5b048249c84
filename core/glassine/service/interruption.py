"""Work that can be stopped between any two of torch's operations, wherever it is.

A watcher is asked after whole steps, and on one core a step, a purifier or a watermark takes
seconds. To ask inside each of them would hand a watcher through every room.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from ..errors import Cancelled


class Interruptible(TorchFunctionMode):
    """In its context, on its thread, what torch is asked for raises Cancelled once `stop` is set.

    The way back through a network is one operation: on one core, at 512 x 512 pixels, 2.2 seconds.
    Nothing else that `protect` and its report do there goes unasked for half a second.
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
        if self._stop.is_set() and func is not torch._C._set_grad_enabled:
            raise Cancelled("service.stopped")  # but on its way out `no_grad` puts back what was
        return func(*args, **(kwargs or {}))
