"""Protects artwork against being learned from. One value flows through the verbs:

artwork = read(Path("piece.png"))
chosen = plan(artwork, Intent(recipe="cloak", strength="balanced"))
protected = mark(settle(optimise(chosen)))
report = verify(protected)
encoded = encode(protected, report)

`protect(source, intent)` is all of them in a row. Nothing is loaded before it is used: importing
this package takes milliseconds, the first verb loads torch.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
"""Type checkers read this as true. It is not imported from `typing`, which takes longer to load
than everything else that a command loads before it handles signals: until then, Ctrl-C prints a
traceback."""

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# ONNX Runtime, which renders the styles, sends facts about this machine and its programs to
# Microsoft from version 1.29 on. It reads this variable only once, when it is loaded.

if TYPE_CHECKING:
    from .flow.catalogue import catalogue as catalogue
    from .flow.encode import encode as encode
    from .flow.examine import examine as examine
    from .flow.mark import mark as mark
    from .flow.optimise import optimise as optimise
    from .flow.plan import plan as plan
    from .flow.protect import protect as protect
    from .flow.read import read as read
    from .flow.settle import settle as settle
    from .flow.verify import verify as verify

_VERBS = (
    "catalogue",
    "encode",
    "examine",
    "mark",
    "optimise",
    "plan",
    "protect",
    "read",
    "settle",
    "verify",
)
_TYPES = (
    "Artwork",
    "Change",
    "Claim",
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
    **{name: f"flow.{name}" for name in _VERBS},
    **dict.fromkeys(_TYPES, "types"),
    **dict.fromkeys(_ERRORS, "errors"),
    **dict.fromkeys(_UNITS, "units"),
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name == "__version__":
        return import_module(".version", __name__).engine_version()
    if name not in _HOME:
        raise AttributeError(f"module 'glassine' has no attribute '{name}'")
    value: object = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value
