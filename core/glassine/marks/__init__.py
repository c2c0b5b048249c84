"""Marks that an exported file carries. To add one: a file here, and its name below.

What several marks share (containers, certificates, the vocabulary) has its own files here."""

from collections.abc import Iterable

from ..registry import Registry
from .base import Found, Mark

MARKS: Registry[Mark] = Registry(
    __name__,
    Mark,
    names=(
        "visible",
        "watermark",
        "xmp",
        "c2pa",
        "receipt",
    ),
)


def marks_in_order(names: Iterable[str]) -> list[tuple[str, Mark]]:
    """Those marks in the registry's order, whatever order they were named in."""
    asked = set(names)
    return [(name, MARKS[name]) for name in MARKS if name in asked]


__all__ = ["MARKS", "Found", "Mark", "marks_in_order"]
