"""The packages that judges come from: `lpips` and `piq`, imported when a judge is first used.

Both need torchvision, which has to be built for the installed torch. Nine tenths of their loading
time goes to modules that no judge calls; these are not loaded.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import ModuleType

import torch

from ..causes import details_of
from ..messages import Message, message

UNCALLED = ("torch._dynamo.utils", "scipy.ndimage")
"""Each takes seconds to load and is imported for one function only: `is_compile_supported` for
torchvision.ops.roi_align, which brings torch's compiler and sympy, and `zoom` for lpips' training.
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


@contextmanager
def put_off(*names: str) -> Iterator[None]:
    """Within it, an import from those modules gives functions that load them when first called.

    Afterwards an import finds the modules themselves. Modules that are loaded already stay.
    """
    stand_ins = {name: _StandIn(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, one in stand_ins.items():
            if sys.modules.get(name) is one:
                del sys.modules[name]


class _StandIn(ModuleType):
    """Stands for a module that is not loaded yet; serves `from MODULE import FUNCTION` only."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name.startswith("__"):  # what the import system asks of a module
            raise AttributeError(name)

        def called(*values: object, **named: object) -> object:
            function: Callable[..., object] = getattr(import_module(self.__name__), name)
            return function(*values, **named)

        return called
