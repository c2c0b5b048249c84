"""What each method answers, beside its blobs."""

from __future__ import annotations

from dataclasses import dataclass

from ..messages import Message
from ..types import Cost, Effect, Glance, Offer


@dataclass(frozen=True)
class Estimated:
    """Seconds for each effort, the encoders they would run on, and the device."""

    seconds: dict[str, float]
    surrogates: tuple[str, ...]
    device: Message


@dataclass(frozen=True)
class Modelled:
    """What lies in a model's folder, and how much memory it takes."""

    says: Message


@dataclass(frozen=True)
class Captioned:
    """The words that must stand beside a poisoned picture; "" where none are needed."""

    caption: str


@dataclass(frozen=True)
class Agreed:
    """A campaign that was joined.

    who, key  the name that it is signed in, and the signer's key as it is shown to people
    pairs     what a picture shows -> what it is taught as
    """

    name: str
    who: str
    key: str
    until: str
    strength: str
    pairs: dict[str, str]


@dataclass(frozen=True)
class Joined:
    """The campaigns that may be used today, and what to know before one joins another."""

    campaigns: tuple[Agreed, ...]
    law: Message


@dataclass(frozen=True)
class Previewed:
    """About the pictures of a preview, which come beside it as blobs.

    gain     factor by which the difference is enlarged
    finer    a larger preview could show more
    seen_by  family through which a model's view is shown; "": none here can, None: not asked
    seen_gain  factor by which the difference of the model's two views is enlarged
    art      what kind of picture it was taken for; `start` is the strength that suits that kind
    faces    for a recipe for faces: left, top, right and bottom of each that was found, in pixels
    """

    width: int
    height: int
    gain: int
    ssimulacra2: float
    surrogates: tuple[str, ...]
    goals: tuple[Message, ...]
    finer: bool
    seen_by: str | None = None
    seen_gain: int = 1
    art: str = ""
    start: str = ""
    faces: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Layered:
    """A finished layer. `translucent`: some of its pixels are partly transparent."""

    ssimulacra2: float
    surrogates: tuple[str, ...]
    goals: tuple[Message, ...]
    caption: str
    seed: int
    notes: tuple[Message, ...]
    translucent: bool


@dataclass(frozen=True)
class Exported:
    """A file that can be written now.

    effects  on the file as it is, before any handling
    glance   the report in four sentences
    offers   the same copy in smaller formats: how large, and how much of the effect they keep
    """

    format: str
    marks: tuple[str, ...]
    sha256: str
    width: int
    height: int
    caption: str
    seed: int
    surrogates: tuple[str, ...]
    notes: tuple[Message, ...]
    doubts: tuple[Message, ...]
    cost: Cost
    effects: tuple[Effect, ...]
    glance: Glance | None = None
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True)
class MarkFound:
    """What one mark says."""

    mark: str
    says: Message


@dataclass(frozen=True)
class Examined:
    """`protected`: the evidence that it came out of Glassine before; None: there is none."""

    protected: Message | None
    found: tuple[MarkFound, ...]


@dataclass(frozen=True)
class Tried:
    """One handling or removal, and how much of the effect was left after it; NaN: not known."""

    says: Message
    kind: str
    verdict: str
    left: float


@dataclass(frozen=True)
class Reported:
    """What a report says of an exported file: doubts, and what each trial left of the effect."""

    doubts: tuple[Message, ...]
    trials: tuple[Tried, ...]
