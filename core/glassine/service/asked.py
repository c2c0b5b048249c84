"""What each method is asked, as the plugin sends it beside its blobs.

What a request leaves out, or sends as null, has its default here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..types import Export


@dataclass(frozen=True)
class Nothing:
    """A method that has no questions, or no answer but that it is done."""


@dataclass(frozen=True)
class Pixels:
    """How the numbers of the blob "pixels" are to be read; see `raster`.

    ppi   pixels per inch of the document; None where nobody says
    grey  whether the document has no colours: its file gets none either
    left, top  where in the document they begin, in its pixels
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

    campaign  name of one that was joined: it says what `shows` is taught as, and towards what
    spared    points in the document's pixels: the faces around them are left alone
    model     folder of a model whose denoiser is looked through, `prompt` what it is told; "": none
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
    """For a picture of that size; needs no pixels. `verify`: with the report of an export.

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
    """Whether steps can look through the model in that folder."""

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
    """As large as fits into so many seconds.

    full  also at the picture's own size
    sees  also as a model keeps it
    scaled  while a hand drags the strength: as it is reckoned from those looked at before, at once
    of      what the asker calls these pixels and this selection: of a preview that was made of them
            a scaled one needs no blobs; "": nothing
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

    file   that the document was opened from; "" for none
    again  although it is protected already
    as_is  a file of the pixels as they are: what shows was protected in Krita
    """

    pixels: Pixels
    intent: Wish
    file: str = ""
    again: bool = False
    as_is: bool = False


@dataclass(frozen=True)
class PlacedAsk:
    """Of an export that is written now; its place where the artist wants that kept."""

    sha256: str
    path: str = ""
    sidecar: bool = False


@dataclass(frozen=True)
class ExamineAsk:
    """Of a file, of pixels, or of both."""

    file: str = ""
    pixels: Pixels | None = None


@dataclass(frozen=True)
class ReportAsk:
    """The intent is the one that the blob "file" was made with. `after`: names of purifiers."""

    pixels: Pixels
    intent: Wish
    after: tuple[str, ...] = ()
