"""The packages that judges come from: `lpips` and `piq`, imported when a judge is first asked.

Both stand on torchvision, which has to be built for this very torch. Nine tenths of their start
goes to modules of which a judge calls nothing; those stay out.
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
"""Seconds to load, for one name each: torchvision.ops.roi_align's `is_compile_supported`, which
brings torch's compiler and sympy, and `zoom` of lpips' training."""


@cache
def unfit() -> Message | None:
    """None where the packages can be used; else why not, and what to do."""
    try:
        with quiet(), put_off(*UNCALLED):
            import_module("lpips")
            import_module("piq")
    except (ImportError, OSError, RuntimeError) as error:
        return message("judge.unfit", torch=torch.__version__, details=details_of(error))
    return None


@contextmanager
def quiet() -> Iterator[None]:
    """What these packages warn of is how they call each other: nobody here can mend it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def put_off(*names: str) -> Iterator[None]:
    """Within it an import of those modules gives functions that load them when they are called.

    Afterwards an import finds the modules themselves; what is loaded already is left alone.
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
    """Stands for a module that is not loaded yet; good for `from MODULE import FUNCTION`."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name.startswith("__"):  # what the import system asks of a module
            raise AttributeError(name)

        def called(*values: object, **named: object) -> object:
            function: Callable[..., object] = getattr(import_module(self.__name__), name)
            return function(*values, **named)

        return called
