"""Protects artwork against being learned from. One value flows through the verbs:

artwork = read(Path("piece.png"))
chosen = plan(artwork, Intent(recipe="cloak", strength="balanced"))
protected = mark(optimise(chosen))
report = verify(protected)
encoded = encode(protected, report)

`protect(source, intent)` is all of them in a row. Nothing is loaded before it is used: importing
this package takes milliseconds, the first verb loads torch.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# ONNX Runtime 1.29 and newer, which renders the styles, sends facts about this machine and its
# programs to Microsoft, and looks at this only once: before it is loaded.

if TYPE_CHECKING:
    from .catalogue import catalogue as catalogue
    from .encode import encode as encode
    from .examine import examine as examine
    from .mark import mark as mark
    from .optimise import optimise as optimise
    from .plan import plan as plan
    from .protect import protect as protect
    from .read import read as read
    from .verify import verify as verify

__version__ = "0.1.0"

_VERBS = ("catalogue", "encode", "examine", "mark", "optimise", "plan", "protect", "read", "verify")
_TYPES = (
    "Artwork",
    "Claim",
    "Doubt",
    "Effect",
    "Encoded",
    "Export",
    "Goal",
    "Intent",
    "Keep",
    "Plan",
    "Progress",
    "Protected",
    "Recipe",
    "Report",
    "Watch",
)
_ERRORS = (
    "Cancelled",
    "EntryMissing",
    "GlassineError",
    "NoSolution",
    "NotUsable",
    "NotWritable",
    "OutOfMemory",
    "UnknownEntry",
    "Unreadable",
    "WeightsMissing",
)
_UNITS = ("Levels", "Score", "Unit")
_HOME = {
    **{name: name for name in _VERBS},
    **dict.fromkeys(_TYPES, "types"),
    **dict.fromkeys(_ERRORS, "errors"),
    **dict.fromkeys(_UNITS, "units"),
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'glassine' has no attribute '{name}'")
    value: object = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


class _Door(ModuleType):
    """Keeps `glassine.plan` the verb: loading the file of that name would put a module there."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in _VERBS and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Door
