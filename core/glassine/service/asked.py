"""What each method is asked, as the plugin sends it beside its blobs.

What a request leaves out, or sends as null, has its default here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..types import Export


@dataclass(frozen=True)
class Nothing:
    """For a method that takes no arguments, or whose only answer is that it is done."""


@dataclass(frozen=True)
class Pixels:
    """How the numbers of the blob "pixels" are to be read; see `raster`.

    ppi   pixels per inch of the document; None where nobody says
    grey  whether the document has no colours: its file gets none either
    left, top  where in the document the first of them lies, in the document's pixels
    scale  how many of the document's pixels one of them is wide
    """

    width: int
    height: int
    order: str
    type: str
    linear: bool = False
    ppi: float | None = None
    grey: bool = False
    left: float = 0.0
    top: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class Wish:
    """The intent, without its pictures. What is None is left to the engine.

    campaign  name of a joined campaign, which says what `shows` is taught as and with which anchor
    spared    points in the document's pixels: the faces around them are left alone
    model     folder of a model whose denoiser the steps work on, `prompt` its words; "": none
    """

    recipe: str = "cloak"
    style: str | None = None
    shows: str | None = None
    teach: str | None = None
    campaign: str = ""
    strength: float | str = "balanced"
    effort: str | None = None
    surrogates: tuple[str, ...] = ()
    seed: int | None = None
    spared: tuple[tuple[float, ...], ...] = ()
    model: str = ""
    prompt: str = ""
    export: Export = field(default_factory=Export)


@dataclass(frozen=True)
class EstimateAsk:
    """How long a picture of that size would take. `verify`: with the report of an export.

    model, prompt  as a `Wish` has them
    """

    recipe: str
    width: int
    height: int
    surrogates: tuple[str, ...] = ()
    verify: bool = False
    model: str = ""
    prompt: str = ""


@dataclass(frozen=True)
class ModelAsk:
    """Whether steps can work on the denoiser of the model in that folder."""

    folder: str


@dataclass(frozen=True)
class CaptionAsk:
    """What a poisoned picture shows; what it is taught as changes nothing about its caption."""

    shows: str = ""
    campaign: str = ""


@dataclass(frozen=True)
class JoinAsk:
    """The file of a campaign, on this machine."""

    file: str


@dataclass(frozen=True)
class PreviewAsk:
    """A preview as large as fits into so many seconds.

    full    with the picture at its own size too
    sees    with what a model keeps of the picture too
    scaled  at once, for a slider that is being dragged: how much of the change has the strength
            asked for is reckoned from earlier previews, and nothing is measured
    of      the asker's name for these pixels and this selection: a scaled preview needs no blobs
            where an earlier one had the same name; "": no name
    """

    pixels: Pixels
    intent: Wish
    seconds: float
    full: bool = False
    sees: bool = False
    scaled: bool = False
    of: str = ""


@dataclass(frozen=True)
class ProtectAsk:
    """A layer, or a picture to export.

    file   the one that the document was opened from; "" for none
    again  protects it although it is protected already
    as_is  writes the pixels as they are: the layers that show were protected in Krita before
    """

    pixels: Pixels
    intent: Wish
    file: str = ""
    again: bool = False
    as_is: bool = False


@dataclass(frozen=True)
class PlacedAsk:
    """Tells that an export is written now, and where to, if the artist wants that kept.

    sidecar  asks for its entry in the ledger as a file
    """

    sha256: str
    path: str = ""
    sidecar: bool = False


@dataclass(frozen=True)
class ExamineAsk:
    """Whether a file, pixels or both came out of Glassine before."""

    file: str = ""
    pixels: Pixels | None = None


@dataclass(frozen=True)
class ReportAsk:
    """The intent is the one that the blob "file" was made with. `after`: names of purifiers."""

    pixels: Pixels
    intent: Wish
    after: tuple[str, ...] = ()
