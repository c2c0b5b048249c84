"""What the engine is asked, as values: a class per method, its fields as the engine reads them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, ClassVar

from .reading import Json


@dataclass(frozen=True)
class ExportWish:
    """How the exported file is to be."""

    format: str
    quality: int
    marks: tuple[str, ...]
    claim: Json
    longest_side: int | None = None
    keep_path: bool = False
    sidecar: bool = False
    keep_private: bool = False


Point = tuple[float, float]
"""Across and down, in the document's pixels."""


@dataclass(frozen=True)
class Intent:
    """What the artist wants done.

    strength  SSIMULACRA2 that the result should have
    style     a name; "" leaves it to the engine, None: the recipe needs none
    shows, teach  None: the recipe needs no such words
    campaign  name of a joined campaign, which says what the poison aims at
    model    folder of the model that the steps work on; None: the recipe uses none
    spared    points in faces that are left alone
    """

    recipe: str
    strength: float
    effort: str
    style: str | None = None
    shows: str | None = None
    teach: str | None = None
    campaign: str | None = None
    model: str | None = None
    seed: int | None = None
    spared: tuple[Point, ...] | None = None
    export: ExportWish | None = None

    @property
    def complete(self) -> bool:
        """Whether all words that the recipe needs are there."""
        return all(word is None or word.strip() for word in (self.shows, self.teach))


@dataclass(frozen=True)
class Ask:
    """Something to ask. `method` is the engine's name for it."""

    method: ClassVar[str]


@dataclass(frozen=True)
class Estimate(Ask):
    """How long a picture of that size would take."""

    method = "estimate"
    width: int
    height: int
    recipe: str
    model: str = ""


@dataclass(frozen=True)
class LookAtModel(Ask):
    """Whether steps can work on the model in that folder."""

    method = "model"
    folder: str


@dataclass(frozen=True)
class Caption(Ask):
    """The words that go with a poisoned picture."""

    method = "caption"
    shows: str
    teach: str
    campaign: str = ""


@dataclass(frozen=True)
class Campaigns(Ask):
    """The campaigns that were joined on this machine."""

    method = "campaigns"


@dataclass(frozen=True)
class Join(Ask):
    """Has the engine check a campaign's file, and keep it."""

    method = "join"
    file: str


@dataclass(frozen=True)
class Preview(Ask):
    """seconds  that it may take; the picture is as large as fits into them
    sees     with a model's view too
    scaled   at once, for a slider that is being dragged: reckoned, not measured
    full     with the picture at its own size too
    of       a name for the pixels: a scaled preview of a name that the engine knows sends none
    """

    method = "preview"
    pixels: Json
    intent: Intent
    seconds: float
    sees: bool = False
    scaled: bool = False
    full: bool = False
    of: str = ""


@dataclass(frozen=True)
class Protect(Ask):
    """Protects a layer's pixels.

    file   what its document was opened from
    again  the artist knows that it is protected already
    as_is  changes no pixel: the file gets its marks alone
    """

    method = "protect"
    intent: Intent
    file: str = ""
    again: bool = False
    as_is: bool = False
    pixels: Json = field(default_factory=dict)


@dataclass(frozen=True)
class ExportFile(Protect):
    """Protects a picture's pixels; the answer brings the bytes of a file."""

    method = "export"


@dataclass(frozen=True)
class Measure(Ask):
    """What handling and removal leave of an exported file's effect."""

    method = "report"
    intent: Intent
    pixels: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Placed(Ask):
    """Has the engine note a file that lies on the disk now; `path` if the artist wants that too."""

    method = "placed"
    sha256: str
    sidecar: bool = False
    path: str | None = None


@dataclass(frozen=True)
class Examine(Ask):
    """Whether a file is protected already."""

    method = "examine"
    file: str


def plain(value: Any) -> Any:
    """The value as plain data for a frame, without fields that are None or ""."""
    if is_dataclass(value):
        value = {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items() if one not in (None, "")}
    return [plain(one) for one in value] if isinstance(value, tuple) else value
