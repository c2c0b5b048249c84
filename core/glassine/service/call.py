"""What a method of the service takes and gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..types import Watch

if TYPE_CHECKING:
    from .state import State

Json = dict[str, Any]
Blobs = Mapping[str, bytearray]


@dataclass(frozen=True)
class Request:
    """What was asked, the blobs that came with it, who watches, and what the session remembers."""

    ask: Json
    blobs: Blobs
    watch: Watch
    state: State

    @property
    def mask(self) -> bytes | bytearray:
        """The selection, one byte a pixel; empty for none."""
        return self.blobs.get("mask", b"")


@dataclass(frozen=True)
class Answer:
    """The result, and blobs that travel in parts before it."""

    result: Json
    blobs: Mapping[str, bytes | memoryview] = field(default_factory=dict)


Method = Callable[[Request], Answer]
