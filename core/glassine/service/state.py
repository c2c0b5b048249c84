"""What a session remembers from one request to the next."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from torch import Tensor

from .. import ledger
from ..explore.smooth import Amounts
from ..flow.timing import Estimates
from ..machine.device import Device, choose
from ..types import Change
from ..units import Score


def wished_device() -> str:
    """$GLASSINE_DEVICE, with which Krita starts the engine, else "auto": the fastest."""
    return os.environ.get("GLASSINE_DEVICE") or "auto"


@dataclass(frozen=True)
class Explored:
    """A preview's change, and the digest of what it was made of.

    side     the longest it may have, in pixels
    settled  the picture at each score that was looked for, (3, h, w), and the amounts of the
             change in it
    """

    key: bytes
    side: int
    change: Change
    settled: dict[Score, tuple[Tensor, Amounts]] = field(default_factory=dict)


@dataclass
class State:
    """Belongs to one `Session`; only its worker thread uses it.

    wish       the device, as `plan` takes it; what was timed and loaded holds for it
    estimates  how long things take here
    explored   the last two, since Krita shows one in its docker and another on its canvas; with
               them a new strength costs a few judgements and no gradient
    awaited    what the ledger will say of files that Krita has not written yet, by their digests
    """

    wish: str = field(default_factory=wished_device)
    estimates: Estimates = field(default_factory=Estimates)
    explored: tuple[Explored, ...] = ()
    awaited: dict[str, ledger.Entry] = field(default_factory=dict)

    @property
    def device(self) -> Device:
        return choose(self.wish)
