"""What a mark is: something that an export carries to say whose it is or what was done to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ..messages import Message

if TYPE_CHECKING:
    from ..types import Claim, Protected, Report

Stage = Literal["pixels", "metadata", "signature", "record"]
STAGES: tuple[Stage, ...] = ("pixels", "metadata", "signature", "record")
"""The order in which marks are made: an earlier stage, done later, would break the later ones."""

Embed = Callable[["Protected"], "Protected"]
Stamp = Callable[[bytes, "Protected", "Report"], bytes]
"""(a file, the picture, its report) -> the file with the mark."""
Check = Callable[["Claim"], tuple[Message, ...]]
"""Raises, before any work, what making the mark would raise; gives notes for the result."""
Decide = Callable[["Claim"], "Claim"]
"""The claim with what it left open for this mark."""


@dataclass(frozen=True)
class Found:
    """What one mark says when it is read from a file: `says` for people, `facts` for programs."""

    mark: str
    says: Message
    facts: Mapping[str, Any] = field(default_factory=dict)


Read = Callable[[bytes, str], Found | None]
"""(a file's bytes, PEM roots that the reader trusts or "") -> what the mark says, or None where the
file does not carry it."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One mark. Pixel marks have `embed`; all others have `stamp`, which takes and gives a file.

    The stamp of a mark of the stage "record" records the finished file and does not change it.

    says     what it is, in a line
    label    a few words for it, beside its switch
    note     what the artist must know before using it: sites that refuse such files, limits
    formats  that can carry it; empty for all of them
    visible  meant to be seen: it does not count against the strength that was asked for
    check    called before any work is done
    decide   called while the run is planned; the plan keeps what it decides
    prepare  called before the pixels are encoded, for what only the encoder can write; called
             again, it gives the same value back
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
