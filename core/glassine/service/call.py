"""What a method of the service takes and gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..plain import typed
from ..types import Watch

if TYPE_CHECKING:
    from .state import State

Json = dict[str, Any]
Blobs = Mapping[str, bytes | bytearray]
Ask = TypeVar("Ask")


@dataclass(frozen=True)
class Request(Generic[Ask]):
    """What was asked, the blobs that came with it, the watcher, and what the session remembers."""

    ask: Ask
    blobs: Blobs
    watch: Watch
    state: State

    @property
    def mask(self) -> bytes | bytearray:
        """The selection, one byte a pixel; empty for none."""
        return self.blobs.get("mask", b"")


@dataclass(frozen=True)
class Answer:
    """The result, a value of `answers`, and blobs that travel in parts before it."""

    result: object
    blobs: Mapping[str, bytes | memoryview] = field(default_factory=dict)


@dataclass(frozen=True)
class Method(Generic[Ask]):
    """One thing that Krita can ask for: what it is asked, who answers, and who refuses it before
    its pixels are there."""

    ask: type[Ask]
    answer: Callable[[Request[Ask]], Answer]
    refuse: Callable[[Ask], object] | None = None

    def __call__(self, told: Json, blobs: Blobs, watch: Watch, state: State) -> Answer:
        """Raises NotUsable for what the method cannot be asked."""
        return self.answer(Request(typed(self.ask, told), blobs, watch, state))

    def check(self, told: Json) -> None:
        """Raises what is wrong with a request, whatever its pixels are."""
        ask = typed(self.ask, told)
        if self.refuse:
            self.refuse(ask)
