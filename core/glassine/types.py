"""The values that flow through the engine, in the order in which they appear."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from .messages import Message
from .units import Levels, Score

if TYPE_CHECKING:
    from torch import Tensor

    from .record import RunRecord

Effort = Literal["preview", "quick", "full"]
Strength = Literal["subtle", "balanced", "strong", "auto"]

ArtName = Literal["photo", "painting", "line", "flat", "pixel", "grey"]

UNKNOWN = Score(math.nan)
"""Not measured."""


@dataclass(frozen=True)
class Grid:
    """The art's own pixels in an enlarged picture: `cell` real ones each, from (top, left) on."""

    cell: int
    top: int = 0
    left: int = 0


@dataclass(frozen=True)
class Art:
    """What kind of picture it is.

    grey  it has no colour, whatever else it is
    grid  of pixel art that was enlarged; None: there is none
    """

    name: ArtName
    grey: bool = False
    grid: Grid | None = None


PAINTING = Art("painting")


@dataclass(frozen=True)
class Private:
    """What a file tells besides whose it is: where, when, by whom and on what it was made.

    exif, xmp  what may be published and that
    kinds      what it is about: names of rows "metadata.NAME"
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Keep:
    """What leaves the engine beside the pixels.

    exif, xmp  who made it and what it may be used for, no more
    creators   the names in these, whose Content Credentials are signed where nobody is claimed
    private    the rest, for an artist who wants it published; None: there is none
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    ppi: float | None = None
    depth: int = 8  # bits per channel: 8 or 16
    grey: bool = False  # one channel is enough, where all three hold the same
    private: Private | None = None
    creators: tuple[str, ...] = ()


@dataclass(frozen=True)
class Artwork:
    """A picture as the engine sees it.

    rgb    (3, H, W) float32 in [0, 1], encoded as in the file (its own ICC profile)
    alpha  (1, H, W) float32 in [0, 1], or None; never perturbed
    notes  what reading had to convert ("was CMYK ...")
    """

    rgb: Tensor
    alpha: Tensor | None = None
    keep: Keep = field(default_factory=Keep)
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Face:
    """A face in a picture, in its pixels.

    box     left, top, right, bottom; may reach beyond the border
    points  left eye, right eye, tip of the nose, corners of the mouth; (across, down) each
    sure    0 to 1, what the detector says
    """

    box: tuple[float, float, float, float]
    points: tuple[tuple[float, float], ...]
    sure: float

    @property
    def side(self) -> float:
        """The longer side of its box."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)

    def holds(self, across: float, down: float) -> bool:
        """Whether that point lies in its box."""
        left, top, right, bottom = self.box
        return left <= across <= right and top <= down <= bottom


@dataclass(frozen=True)
class Visible:
    """The mark that people see. `picture` is the path of a signature with transparency."""

    text: str = "Do not copy"
    layout: Literal["corner", "tiled"] = "corner"
    opacity: float = 0.5
    picture: str = ""


@dataclass(frozen=True)
class Claim:
    """What the marks of an export say. Empty fields are left out of the file."""

    creator: str = ""
    rights: str = ""
    url: str = ""  # where the licence or the artist can be found
    title: str = ""
    usage_terms: str = ""
    policy: str = "search-only"  # what machines may do: a name in marks/vocabulary.py
    source_type: str = "digitalCreation"  # IPTC digital source type: made by hand, on a computer
    watermark: int | None = None  # 32 bits; None: the ledger gives the export a new id
    certificate: str = ""  # path of a PEM chain or .p12; "": one made on this machine on first use
    key: str = ""  # path of the PEM key; "": beside or inside the certificate
    visible: Visible = field(default_factory=Visible)


@dataclass(frozen=True)
class Export:
    """The file the artist wants in the end. Known from the start: it decides what must survive.

    keep_path     the receipt also notes where the file was put
    sidecar       the receipt also lies beside the file, as JSON
    keep_private  the file also tells where, when and on what the picture was made
    """

    format: str = "png"
    quality: int = 95
    longest_side: int | None = None
    marks: tuple[str, ...] = ()
    claim: Claim = field(default_factory=Claim)
    keep_path: bool = False
    sidecar: bool = False
    keep_private: bool = False


@dataclass(frozen=True)
class Intent:
    """What the artist asked for. Everything about a request is in here.

    style    name of a rendered style for the cloak; None: one far enough from the artwork is chosen
    target   a picture (3, h, w) in [0, 1] to pull towards instead, any size; of a decoy, the
             person's whom it protects
    style_picture  a picture (3, h, w) in [0, 1], any size, that lends its style instead
    shows    what the picture shows, `teach` what models should take it for (poison)
    anchor   a picture (3, h, w) in [0, 1] of that other concept, instead of the shared one
    caption  how a poison's caption is made; {concept} is what the picture shows, with its article
    strength  "auto": what the kind of the picture begins with
    in_colour  a picture without colour may come back with some
    mask     (1, H, W) in [0, 1]: 0 = leave alone, 1 = full strength
    surrogates  names; None: every real one that is present, else `embedded`. Of a recipe for
             faces, names of embedders; None: every one that may be optimised against
    faces    which faces, counted from 1 as they are found; None: all of them
    spared   where faces are that are left alone: (across, down) as shares of the picture's sides
    model    folder of a model, as diffusers saves it, whose denoiser is looked through
    prompt   what that model is told the picture is
    redraw   the page shows what that model makes of both pictures
    found    folder in which changes for a set of pictures were found; "": none were yet
    """

    recipe: str = "cloak"
    style: str | None = None
    style_picture: Tensor | None = None
    target: Tensor | None = None
    shows: str | None = None
    teach: str | None = None
    anchor: Tensor | None = None
    caption: str = "a picture of {concept}"
    strength: Strength | Score = "balanced"
    in_colour: bool = False
    effort: Effort = "quick"
    surrogates: tuple[str, ...] | None = None
    faces: tuple[int, ...] | None = None
    spared: tuple[tuple[float, float], ...] = ()
    mask: Tensor | None = None
    seed: int | None = None
    model: str | None = None
    prompt: str = "a painting"
    redraw: bool = False
    found: str = ""
    export: Export = field(default_factory=Export)


@dataclass(frozen=True, kw_only=True)
class Denoising:
    """What a recipe asks of a model's denoiser. Numbers and names, no code.

    loss     "error": of what the denoiser says of noised latents; "distilled": the same, its
             gradient through the autoencoder only; "goal": from the noise that it sees there to
             the goals' latents
    low, high  between which shares of the model's levels of noise a step draws one
    share    of the steps that look through the denoiser; the others go on towards the goals
    rounds   in how many turns steps on a set of pictures alternate with training on it; 0: never
    lessons  steps of that training in each turn
    rank, rate  of the small matrices that are trained (LoRA)
    source   the paper that it follows
    """

    loss: Literal["error", "distilled", "goal"]
    low: float = 0.0
    high: float = 1.0
    share: float = 1.0
    rounds: int = 0
    lessons: int = 0
    rank: int = 4
    rate: float = 1e-4
    source: str


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A named way to protect. Numbers and names, no code.

    label   one or two words for it, where there is room for no more
    note    what must be known before using it
    goals   kinds of target and how strongly each pulls
    reach   largest change the optimiser explores before the result is scaled to its score
    colour  how much of the reach red, green and blue may use: the eye judges green most, blue least
    bound   times the reach: the largest change that steps may make of a value
    tint    share of the goals' colours, smooth over many pixels, that is added beforehand
    on_faces  whether it works on faces, against embedders; else on the picture, against encoders
    away    whether the goals are left behind, as far as can be; else they are approached
    denoising  what is asked of a model's denoiser; None: nothing, and no model is needed
    """

    name: str
    says: str
    label: str = ""
    note: str = ""
    goals: tuple[tuple[str, float], ...]
    reach: Levels
    colour: tuple[float, float, float] = (1.0, 0.6, 1.8)
    bound: float = 1.25
    tint: float = 0.05
    on_faces: bool = False
    away: bool = False
    denoising: Denoising | None = None


@dataclass(frozen=True)
class Goal:
    """A picture whose latents the artwork is pulled towards; each surrogate looks at it itself."""

    name: str
    says: Message
    picture: Tensor  # (3, H, W) in [0, 1], the artwork's size
    weight: float = 1.0


@dataclass(frozen=True)
class Plan:
    """Every decision, made. Running the same plan twice gives the same pixels.

    artwork    at export size, before any mark; what the report compares with
    allowance  (1, H, W) in [0, 1]: share of the recipe's reach each pixel may use; 0 = untouchable
    score      that the finished picture should have, by the strictest of the judges
    steps      each looks through one family's encoder; of a recipe for faces, at one of them
    also_at    sides, by area, around which views are drawn too: training's buckets for such a size
    caption    the words that must go with a poisoned picture; "" otherwise
    art        what kind of picture it is; a change is held to what that bears
    faces      that the steps look at, through embedders; empty: at the picture, through encoders
    model      folder of the model whose denoiser is looked through; "": none is
    prompt     what that model is told the picture is
    redraw     whether the page shows what that model makes of both pictures
    found      folder in which the change was found already, with those of other pictures
    """

    artwork: Artwork
    recipe: Recipe
    export: Export
    surrogates: tuple[str, ...]
    held_out: tuple[str, ...]
    goals: tuple[Goal, ...]
    allowance: Tensor
    score: Score
    steps: int
    seed: int
    device: str
    caption: str = ""
    also_at: tuple[int, ...] = ()
    art: Art = PAINTING
    faces: tuple[Face, ...] = ()
    model: str = ""
    prompt: str = ""
    found: str = ""
    redraw: bool = False


@dataclass(frozen=True)
class Change:
    """What `optimise` found for one plan. pixels is (3, H, W) float16, at full reach.

    How much of it stays is decided by `settle`.
    notes  what had to be done differently ("ran out of memory, smaller tiles")
    """

    plan: Plan
    pixels: Tensor
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Protected:
    """The outcome of one plan. rgb is (3, H, W) on the grid of the artwork's bit depth.

    notes  what had to be done differently, or could not be kept to
    """

    plan: Plan
    rgb: Tensor
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True)
class HeldOut:
    """What judges say that the optimiser never looked at; None where one could not be asked.

    fsim, vsi  1 is identical
    mdsi       0 is identical
    """

    fsim: float | None = None
    vsi: float | None = None
    mdsi: float | None = None


@dataclass(frozen=True)
class Cost:
    """What a person can see of it. `lpips` and `haarpsi` are None where they were not measured.

    lpips          on SqueezeNet 1.1, whose trunk ships
    lpips_alexnet  on AlexNet; None also where its trunk was not asked for
    """

    ssimulacra2: Score
    psnr: float  # dB
    ssim: float
    lpips: float | None
    largest_change: Levels
    changed_share: float
    bytes_before: int = 0  # the artwork in the export's format, without marks
    bytes_after: int = 0
    colour_shift: float = math.nan  # CIELAB, of what is smooth over 16 pixels
    haarpsi: float | None = None
    held_out: HeldOut = HeldOut()
    lpips_alexnet: float | None = None


@dataclass(frozen=True)
class Effect:
    """What one family's encoder makes of it, beside the controls. NaN: not measured.

    family     its name, or "embedded/sd15" where one entry holds several
    moved      latent distance travelled over the latents' own spread
    scattered  the same, for the same change scattered at random
    closed     share of the latent distance to the goal that was covered; below 0 is further away
    blend      the same, for a plain blend towards the goal at equal SSIMULACRA2
    jpeg       `moved` of the clean picture saved as JPEG 90: what nobody calls protection
    """

    family: str
    role: Literal["used", "held out"]
    after: str  # purifier applied first; "" for none
    moved: float
    scattered: float
    closed: float
    blend: float
    jpeg: float = math.nan


@dataclass(frozen=True, kw_only=True)
class Denoised:
    """A denoiser's loss at one level of noise; training on a picture lowers it.

    level      share of the model's levels, 0 to 1
    scattered  of the same change, scattered at random
    jpeg       of the clean picture saved as JPEG 90
    """

    level: float
    original: float
    protected: float
    scattered: float
    jpeg: float


@dataclass(frozen=True)
class Trial:
    """One purifier's verdict on the whole effect; its rows are the Effects with `after` = name.

    left         share of the effect beyond the control that is left on the used families, 0 to 1
    ssimulacra2  of the purified protected picture: what the purifier costs whoever runs it
    skipped      why it did not run here; None where it did
    """

    name: str
    says: Message
    kind: Literal["handling", "removal"]
    source: str
    verdict: Literal["survives", "weakened", "removed", "nothing to remove", "not run"]
    left: float = math.nan
    ssimulacra2: Score = UNKNOWN
    skipped: Message | None = None


@dataclass(frozen=True)
class Offer:
    """The same copy as a file of another format.

    bytes        with the same words beside its pixels
    left         share of the effect beyond its control that is left in it, 0 to 1
    ssimulacra2  beside the original
    """

    format: str
    quality: int
    bytes: int
    left: float
    ssimulacra2: Score


@dataclass(frozen=True)
class Glance:
    """The report in four sentences.

    people  how visible it is, and where most
    models  how far they see it moved
    away    what takes that back
    next    what to do now
    """

    people: Message
    models: Message
    away: Message
    next: Message


@dataclass(frozen=True)
class Report:
    """Everything `verify` found.

    doubts  reasons to trust it less; shown before the numbers, never after
    offers  the same copy in smaller formats
    denoised  what the model makes of it that was looked through; empty: none was
    threat  what this works against, and which families were aimed at
    limits  what is always true and always shown
    """

    cost: Cost
    effects: tuple[Effect, ...]
    doubts: tuple[Message, ...]
    record: RunRecord | None = None  # of the run; None where nobody measured it
    trials: tuple[Trial, ...] = ()
    threat: Message | None = None
    limits: tuple[Message, ...] = ()
    glance: Glance | None = None
    offers: tuple[Offer, ...] = ()
    denoised: tuple[Denoised, ...] = ()


@dataclass(frozen=True)
class Encoded:
    data: bytes
    format: str
    marks: tuple[str, ...]
    notes: tuple[Message, ...] = ()  # what the format could not hold, what the marks have to say

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Progress:
    """How far a stage is, and what is to be told before it: in whose name marks sign."""

    done: int
    total: int
    stage: Literal["optimise", "fit", "mark", "verify", "look", "compare"]
    said: tuple[Message, ...] = ()


Watch = Callable[[Progress], None]
"""Called after every step. Raise `Cancelled` from it to stop the run."""


def quiet(_: Progress) -> None:
    """A watcher that watches nothing."""
