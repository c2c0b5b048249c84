"""The packages that judges come from: `lpips` and `piq`, imported when a judge is first used.

Both need torchvision, which has to be built for the installed torch. Nine tenths of their loading
time goes to modules that no judge calls; these are not loaded.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module

import torch

from ..causes import details_of
from ..machine.put_off import put_off
from ..messages import Message, message

UNCALLED = (
    "torch._dynamo.utils",
    "scipy.ndimage",
    "torchvision._meta_registrations",
    "torchvision.datasets",
)
"""The first two take seconds to load and are imported for one function each: `is_compile_supported`
for torchvision.ops.roi_align, which brings torch's compiler and sympy, and `zoom` for lpips'
training. The other two take half of what is left of torchvision's loading time.
"""


@cache
def unfit() -> Message | None:
    """Why the packages cannot be used, and what to do; None where they can."""
    try:
        with quiet(), put_off(*UNCALLED):
            import_module("lpips")
            import_module("piq")
    except (ImportError, OSError, RuntimeError) as error:
        return message("judge.unfit", torch=torch.__version__, details=details_of(error))
    return None


@contextmanager
def quiet() -> Iterator[None]:
    """Ignores warnings: those of these packages are about how they call each other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
