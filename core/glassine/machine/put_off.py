"""Modules that others import and that nobody here needs yet: loading them can wait."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType


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
            forget(name, one)


def forget(name: str, one: ModuleType) -> None:
    """Drops the stand-in, also where the package that the module lies in has taken it in."""
    if sys.modules.get(name) is one:
        del sys.modules[name]
    package, _, inside = name.rpartition(".")
    held = vars(sys.modules[package]) if package in sys.modules else {}
    if held.get(inside) is one:
        del held[inside]


class _StandIn(ModuleType):
    """Stands for a module that is not loaded yet; serves `from MODULE import FUNCTION` only."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name.startswith("__"):  # what the import system asks of a module
            raise AttributeError(name)

        def called(*values: object, **named: object) -> object:
            function: Callable[..., object] = getattr(import_module(self.__name__), name)
            return function(*values, **named)

        return called
