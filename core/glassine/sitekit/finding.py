"""One thing that a check of a site found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..messages import Message

Level = Literal["good", "know", "gap"]
GOOD: Level = "good"
KNOW: Level = "know"
GAP: Level = "gap"


@dataclass(frozen=True)
class Finding:
    """level: good reserves, know is worth knowing, gap keeps crawlers from the reservation."""

    level: Level
    says: Message
