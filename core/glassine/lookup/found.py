"""What a look-up test found, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..messages import Message
from .rates import Rates

Role = Literal["used", "held out"]


@dataclass(frozen=True)
class Line:
    """One row of the table.

    what    "clean", "cloaked", "blend" or "scattered"; "robust": cloaked, through a head that was
            trained on other people's cloaked pictures
    after   purifier that was applied first; "" for none
    online  share of the person's gallery that was online before, and is clean
    """

    network: str
    role: Role
    what: str
    after: str
    online: float
    rates: Rates


@dataclass(frozen=True)
class Lookup:
    """Everything that was found, doubts first.

    people    how many were looked up
    pictures  how many, in gallery and probes
    chance    rank-1 share of a guess
    """

    doubts: tuple[Message, ...]
    lines: tuple[Line, ...]
    people: int
    pictures: int
    chance: float
    notes: tuple[Message, ...] = ()
