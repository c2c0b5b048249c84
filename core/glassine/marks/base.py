"""What a mark is: something an export carries that says whose it is and what was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ..messages import Message

if TYPE_CHECKING:
    from ..types import Claim, Protected, Report

Stage = Literal["pixels", "metadata", "signature", "record"]
STAGES: tuple[Stage, ...] = ("pixels", "metadata", "signature", "record")
"""The only order that works: each later stage would be broken by an earlier one coming after it."""

Embed = Callable[["Protected"], "Protected"]
Stamp = Callable[[bytes, "Protected", "Report"], bytes]
Check = Callable[["Claim"], tuple[Message, ...]]
"""Raises what would be raised at the very end; gives what is to be told with the result."""
Decide = Callable[["Claim"], "Claim"]


@dataclass(frozen=True)
class Found:
    """What one mark says when it is read back. `facts` is what a machine would want of it."""

    mark: str
    says: Message
    facts: Mapping[str, Any] = field(default_factory=dict)


Read = Callable[[bytes, str], Found | None]
"""A file's bytes and PEM roots that the reader trusts ("" for none) -> what the mark says, or
None where the file does not carry it."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One mark. Pixel marks have `embed`; all others have `stamp`, which takes and gives a file.

    A mark of the stage "record" stamps a file that is written already and leaves it as it is.

    says     what it is, in a line
    label    a few words for it, to be read beside its switch
    note     what the artist must know before using it: sites that refuse such files, limits
    formats  that can carry it; empty for all of them
    visible  meant to be seen: its cost is not held against the strength that was asked for
    check    asked before any work is done
    decide   asked while it is planned, for what the claim left open; what is decided stays
    prepare  told before the pixels are encoded, for what only the encoder can write; told again, it
             gives the same value back
    """

    says: str
    stage: Stage
    embed: Embed | None = None
    check: Check | None = None
    decide: Decide | None = None
    prepare: Embed | None = None
    stamp: Stamp | None = None
    read: Read | None = None
    label: str = ""
    note: str = ""
    formats: tuple[str, ...] = ()
    visible: bool = False

    def __post_init__(self) -> None:
        assert (self.embed is not None) == (self.stage == "pixels"), "only pixel marks embed"
        assert (self.stamp is not None) == (self.stage != "pixels"), "every other mark stamps"
