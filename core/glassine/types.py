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
    """Enlarged pixel art: each of its own pixels is a cell of `cell` x `cell` pixels of the file.

    top, left  where the first whole cell begins
    """

    cell: int
    top: int = 0
    left: int = 0


@dataclass(frozen=True)
class Art:
    """What kind of picture it is.

    grey  whether it has no colour; a kind of any name can be grey
    grid  of pixel art that was enlarged; None for everything else
    """

    name: ArtName
    grey: bool = False
    grid: Grid | None = None


PAINTING = Art("painting")


@dataclass(frozen=True)
class Private:
    """A file's private metadata: where, when, by whom and on what the picture was made.

    exif, xmp  all of the metadata, the public part included
    kinds      what the private part is about: NAME of each message "metadata.NAME"
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Keep:
    """What leaves the engine beside the pixels.

    exif, xmp  the public metadata: who made it and what it may be used for
    creators   names in `exif` and `xmp`; Content Credentials are signed in these where the claim
               names no creator
    private    the private metadata, for an artist who wants it published; None: there is none
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    ppi: float | None = None
    depth: int = 8  # bits per channel: 8 or 16
    grey: bool = False  # stored as one channel: all three hold the same
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
    """A face in a picture, in the picture's pixels.

    box     left, top, right, bottom; may reach beyond the border
    points  left eye, right eye, tip of the nose, corners of the mouth; (across, down) each
    sure    the detector's confidence, 0 to 1
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
    """What the marks of an export say. Fields left empty are not written to the file."""

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
    """The file that the artist wants. Known from the start: it decides what a change must survive.

    keep_path     the receipt also records the path of the file
    sidecar       the receipt is also written beside the file, as JSON
    keep_private  the file keeps where, when and on what the picture was made
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
    target   a picture (3, h, w) in [0, 1], any size, to pull towards instead of a style; for a
             decoy, a picture of the person whom the decoy protects
    style_picture  a picture (3, h, w) in [0, 1], any size, whose style is used instead
    shows    what the picture shows
    teach    what models should take it for (poison)
    anchor   a picture (3, h, w) in [0, 1] of the concept `teach`, instead of the one that ships
    caption  how a poison's caption is made; {concept} is what the picture shows, with its article
    strength  "auto": chosen by the kind of picture
    in_colour  the change to a grey picture may have colour
    mask     (1, H, W) in [0, 1]: 0 = leave alone, 1 = full strength
    surrogates  names; None: every real one that is present, else `embedded`. For a recipe for
             faces, names of embedders; None: every one that may be optimised against
    faces    which faces, counted from 1 in the order of detection; None: all of them
    spared   points on faces to leave alone: (across, down) as shares of the picture's sides
    model    folder of a diffusion model in diffusers' layout, whose denoiser is optimised against
    prompt   the prompt with which that model looks at the picture
    redraw   the page shows how that model redraws the original and the copy
    found    folder of changes already found for a set of pictures; "": none were yet
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
    """How a recipe uses a model's denoiser. Numbers and names, no code.

    loss     "error": the denoiser's error on noised latents; "distilled": the same error, but its
             gradient skips the denoiser and passes through the autoencoder only; "goal": distance
             of the predicted noise from the goals' latents
    low, high  range from which a step draws its noise level, as shares of the model's levels
    share    share of the steps that use the denoiser; the others pull towards the goals
    rounds   how often steps on a set of pictures alternate with training on that set; 0: never
    lessons  training steps in each round
    rank, rate  rank and learning rate of the LoRA that is trained
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

    says    one sentence on what it does
    label   one or two words for it, where there is no room for more
    note    what must be known before using it
    goals   kinds of target and how strongly each pulls
    reach   change that a step of size 1 makes where the allowance is full; the result of all steps
            is scaled to its score
    colour  factor on the reach for red, green and blue: the eye is most sensitive to green, least
            to blue
    bound   the most that steps may change a value, as a factor on the reach
    tint    share of the goals' smooth colours that is added before the first step
    detail  share of the goals' fine detail that is added then to a small picture, half of it in
            flat areas; less to a larger one, and nothing where training reduces it
    momentum  share of the earlier gradients' sum that stays in each step
    travel  how many steps of full size a search takes at most; of more, each is smaller
    on_faces  whether it works on faces, against embedders; else on the picture, against encoders
    away    whether steps move away from the goals; else towards them
    denoising  how a model's denoiser is used; None: not at all, and no model is needed
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
    detail: float = 0.0
    momentum: float = 0.8
    travel: float = math.inf
    on_faces: bool = False
    away: bool = False
    denoising: Denoising | None = None


@dataclass(frozen=True)
class Goal:
    """A picture whose latents the artwork is pulled towards; each surrogate encodes it itself."""

    name: str
    says: Message
    picture: Tensor  # (3, H, W) in [0, 1], the artwork's size
    weight: float = 1.0


@dataclass(frozen=True)
class Plan:
    """Every decision, made. Running the same plan twice gives the same pixels.

    artwork    at export size, before any mark; what the report compares with
    allowance  (1, H, W) in [0, 1]: share of the recipe's reach each pixel may use; 0 = untouchable
    score      to be reached by the finished picture, by the strictest of the judges
    steps      each uses one family's encoder; in a recipe for faces, one embedder on one face
    also_at    training's buckets to which such a picture is reduced; views are drawn around these
               sizes too. Sides in pixels of squares with as many pixels
    caption    the words that must go with a poisoned picture; "" otherwise
    art        what kind of picture it is; the change keeps to what that kind can bear
    faces      to optimise against embedders; empty: the whole picture, against encoders
    model      folder of the model whose denoiser is optimised against; "": none
    prompt     the prompt with which that model looks at the picture
    redraw     whether the page shows how that model redraws the original and the copy
    found      folder that holds the change already, with those of other pictures; "": not found yet
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
    """What `optimise` found for one plan; `settle` decides how much of it stays.

    pixels  (3, H, W) float16, at full reach
    notes   what had to be done differently ("ran out of memory, smaller crops")
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
    """Scores by judges that the optimiser never used; None where one could not run.

    fsim, vsi  1 is identical
    mdsi       0 is identical
    """

    fsim: float | None = None
    vsi: float | None = None
    mdsi: float | None = None


@dataclass(frozen=True)
class Cost:
    """What a person can see of the change. `lpips` and `haarpsi` are None where not measured.

    lpips          on SqueezeNet 1.1, whose weights ship
    lpips_alexnet  on AlexNet; None also where its weights were not downloaded
    bytes_before   size of the artwork in the export's format, without marks; `bytes_after` of the
                   copy
    colour_shift   mean distance in CIELAB between colours that are averaged over 16 x 16 pixels
    """

    ssimulacra2: Score
    psnr: float  # dB
    ssim: float
    lpips: float | None
    largest_change: Levels
    changed_share: float
    bytes_before: int = 0
    bytes_after: int = 0
    colour_shift: float = math.nan
    haarpsi: float | None = None
    held_out: HeldOut = HeldOut()
    lpips_alexnet: float | None = None


@dataclass(frozen=True)
class Effect:
    """How one family's encoder sees the change, beside the controls. NaN: not measured.

    family     its name, or "embedded/sd15" where one surrogate holds several
    moved      distance between the latents before and after, divided by their standard deviation
    scattered  `moved` for the control: the same change scattered at random
    closed     share of the latent distance to the goal that was covered; below 0 is further away
    blend      `closed` for the control: a plain blend towards the goal at equal SSIMULACRA2
    jpeg       `moved` for the clean picture saved as JPEG 90, which nobody calls protection
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
    """A denoiser's loss at one noise level on four pictures; training on a picture lowers its loss.

    level      share of the model's levels, 0 to 1
    scattered  on the original with the same change scattered at random
    jpeg       on the original saved as JPEG 90
    """

    level: float
    original: float
    protected: float
    scattered: float
    jpeg: float


@dataclass(frozen=True)
class Trial:
    """What one purifier leaves of the whole effect; its Effects are those with `after` = name.

    left         share of the effect beyond the control that is left on the used families, 0 to 1
    ssimulacra2  of the purified copy: how much the purifier damages the picture
    side         training size to which the picture was reduced before models were shown it, after
                 the purifier; 0: it was shown at its own size
    skipped      why it did not run here; None where it did
    """

    name: str
    says: Message
    kind: Literal["handling", "removal"]
    source: str
    verdict: Literal["survives", "weakened", "removed", "nothing to remove", "not run"]
    left: float = math.nan
    ssimulacra2: Score = UNKNOWN
    side: int = 0
    skipped: Message | None = None


@dataclass(frozen=True)
class Offer:
    """The same copy as a file of another format.

    bytes        size of the file, with the same metadata
    left         share of the effect beyond its control that is left in it, 0 to 1; where training
                 reduces the picture, at the training size at which the change does most
    ssimulacra2  compared with the original
    """

    format: str
    quality: int
    bytes: int
    left: float
    ssimulacra2: Score


@dataclass(frozen=True)
class Glance:
    """The report in four sentences.

    people  how visible the change is, and where most
    models  how far it moves the picture for models
    away    what removes the effect
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
    denoised  losses of the denoiser that was optimised against; empty: there was none
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
    """The finished file."""

    data: bytes
    format: str
    marks: tuple[str, ...]
    notes: tuple[Message, ...] = ()  # what the format could not hold, what the marks have to say

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Progress:
    """How far a stage is.

    said  what the user must know before it goes on, such as in whose name marks sign
    """

    done: int
    total: int
    stage: Literal["optimise", "fit", "mark", "verify", "look", "compare"]
    said: tuple[Message, ...] = ()


Watch = Callable[[Progress], None]
"""Called after every step. Raise `Cancelled` from it to stop the run."""


def quiet(_: Progress) -> None:
    """A watcher that watches nothing."""
