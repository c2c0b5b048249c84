"""What the engine says, as values: its hello, progress, and the result of each thing it is asked.

Texts are messages; words are put to them where they are shown. Read with `reading.read`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..words.gaps import Message
from .reading import READERS, Json, numbers, read, read_rows

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True)
class Device:
    """What the engine computes on."""

    kind: str = "cpu"
    says: Message | None = None


@dataclass(frozen=True)
class Hello:
    """The first frame. `words`: language -> code -> text, the engine's tables."""

    version: str = ""
    device: Device = field(default_factory=Device)
    methods: tuple[str, ...] = ()
    catalogue: Json = field(default_factory=dict)
    words: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """left  seconds; below 0 where nobody knows"""

    fraction: float = 0.0
    left: float = -1.0
    stage: str = ""


@dataclass(frozen=True)
class Estimated:
    """Seconds by effort."""

    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Captioned:
    """The words that go with a poisoned picture."""

    caption: str = ""


@dataclass(frozen=True)
class Modelled:
    """What lies in a model's folder."""

    says: Message | None = None


@dataclass(frozen=True)
class Agreed:
    """A campaign that was joined.

    who, key  the name that it is signed in, and the signer's key as people compare it
    until     its last day, as 2027-06-30
    pairs     what a picture shows -> what it is taught as
    """

    name: str = ""
    who: str = ""
    key: str = ""
    until: str = ""
    strength: str = ""
    pairs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Joined:
    """The campaigns that may be used today, and what to know before one joins another."""

    campaigns: tuple[Agreed, ...] = ()
    law: Message | None = None


@dataclass(frozen=True)
class Previewed:
    """The size of a preview's pictures, and what the change aims at.

    finer    whether a larger preview would show more
    seen_by  the model whose view came along; "" where none here can show one, None: not asked
    art      what kind of picture it was taken for; `start` is the strength that suits that kind
    faces    left, top, right and bottom of each, in the pictures' pixels
    """

    width: int = 0
    height: int = 0
    ssimulacra2: float = 0.0
    goals: tuple[Message, ...] = ()
    finer: bool = False
    seen_by: str | None = None
    art: str = ""
    start: str = ""
    faces: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Examined:
    """Why a picture counts as protected already; None where nothing says so."""

    protected: Message | None = None


@dataclass(frozen=True)
class LayerMade:
    """translucent  some pixels are see-through: above the original they would show twice"""

    ssimulacra2: float = 0.0
    caption: str = ""
    notes: tuple[Message, ...] = ()
    translucent: bool = False


@dataclass(frozen=True)
class Cost:
    """What a person can see of the change, and how large the file is."""

    ssimulacra2: float = 0.0
    bytes_after: int = 0


@dataclass(frozen=True)
class Glance:
    """The report in four sentences: how visible, how far for models, what undoes it, what next."""

    people: Message | None = None
    models: Message | None = None
    away: Message | None = None
    next: Message | None = None

    @property
    def sentences(self) -> tuple[Message, ...]:
        whole = (self.people, self.models, self.away, self.next)
        return tuple(one for one in whole if one is not None)


@dataclass(frozen=True)
class Offer:
    """The same copy in another format. `left`: share of the effect it keeps; None: no effect."""

    format: str = ""
    quality: int = 0
    bytes: int = 0
    left: float | None = None


@dataclass(frozen=True)
class FileMade:
    """An exported file, as it was measured.

    offers  the same copy in other formats, measured as well
    """

    format: str = ""
    sha256: str = ""
    width: int = 0
    height: int = 0
    caption: str = ""
    notes: tuple[Message, ...] = ()
    doubts: tuple[Message, ...] = ()
    cost: Cost = field(default_factory=Cost)
    glance: Glance = field(default_factory=Glance)
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True)
class Trial:
    """One way of handling or removal. `left`: share of the effect; None where it was not tried."""

    says: Message | None = None
    left: float | None = None


@dataclass(frozen=True)
class Measured:
    """What each way of handling and removal leaves of an exported file's effect."""

    doubts: tuple[Message, ...] = ()
    trials: tuple[Trial, ...] = ()


def _boxes(sent: object) -> tuple[Box, ...]:
    """The rows that are four numbers; others are left out."""
    rows = sent if isinstance(sent, list) else []
    whole = (row for row in rows if numbers(row, 4))
    return tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in whole)


READERS["tuple[Box, ...]"] = _boxes
READERS["Device"] = lambda sent: read(Device, sent)
READERS["Cost"] = lambda sent: read(Cost, sent)
READERS["Glance"] = lambda sent: read(Glance, sent)
READERS["tuple[Agreed, ...]"] = lambda sent: read_rows(Agreed, sent)
READERS["tuple[Offer, ...]"] = lambda sent: read_rows(Offer, sent)
READERS["tuple[Trial, ...]"] = lambda sent: read_rows(Trial, sent)
