"""What a method of the service takes and gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..types import Progress

Json = dict[str, Any]
Blobs = Mapping[str, bytearray]


@dataclass(frozen=True)
class Answer:
    """The result, and blobs that travel in parts before it."""

    result: Json
    blobs: Mapping[str, bytes | memoryview] = field(default_factory=dict)


Method = Callable[[Json, Blobs, Callable[[Progress], None]], Answer]
"""(what was asked, the blobs that came with it, the watcher) -> the answer"""
