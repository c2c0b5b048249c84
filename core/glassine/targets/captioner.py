"""What a picture shows, as a local CLIP or BLIP says it. Nothing is ever downloaded.

The folder is what transformers' `save_pretrained` writes. It is found in $GLASSINE_SUGGEST, or as
`clip` or `blip` beside the other models.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from ..errors import EntryMissing, WeightsMissing
from ..machine import weights
from ..pixels.grid import to_array
from ..pixels.resize import lanczos
from ..types import Artwork
from .concept import index

_VARIABLE, _NAMES = "GLASSINE_SUGGEST", ("clip", "blip")
_PROMPT = "a painting of a {}"
_MORE = (
    "woman man child portrait landscape city street mountain river lake sea beach forest garden "
    "flowers fruit bottle cup table window door room building church bridge train truck "
    "cow elephant lion tiger bear fox deer duck eagle owl snake turtle dragon robot knight"
)
"""Words beside the shipped concepts that CLIP chooses from; BLIP is not bound to any."""
_SIDE = 448  # pixels; both kinds of network look at 224 to 384
_WORDS = 20


@dataclass(frozen=True)
class Suggestion:
    """A word or a caption, and how sure the network is of it among its choices (0 to 1)."""

    says: str
    share: float | None


def captioner_present() -> bool:
    return bool(os.environ.get(_VARIABLE)) or any(map(weights.present, _NAMES))


def suggest(artwork: Artwork, most: int = 3) -> list[Suggestion]:
    """The likeliest words (CLIP) or one caption (BLIP), best first; a guess, not a judgement."""
    place = captioner_folder()
    if find_spec("transformers") is None:
        raise EntryMissing("helper", "suggest", "transformers")
    kind = json.loads((place / "config.json").read_text("utf-8")).get("model_type")
    height, width = artwork.rgb.shape[1:]
    scale = min(1.0, _SIDE / max(height, width))
    small = lanczos(artwork.rgb, max(1, round(height * scale)), max(1, round(width * scale)))
    picture = Image.fromarray(to_array(small, 8))
    if kind == "clip":
        return by_clip(place, picture)[:most]
    if kind == "blip":
        return by_blip(place, picture)
    raise WeightsMissing("captioner.other_kind", place=place, kind=str(kind))


def captioner_folder() -> Path:
    named = os.environ.get(_VARIABLE)
    places = (
        [Path(named)] if named else [weights.folder_of(n) for n in _NAMES if weights.present(n)]
    )
    for place in places:
        if (place / "config.json").is_file():
            return place
    raise WeightsMissing("captioner.absent", variable=_VARIABLE)


@torch.no_grad()
def by_clip(place: Path, picture: Image.Image) -> list[Suggestion]:
    from transformers import CLIPModel, CLIPProcessor

    words = sorted({*index(), *_MORE.split()})
    net: Any = CLIPModel.from_pretrained(place, local_files_only=True)
    look: Any = CLIPProcessor.from_pretrained(place, local_files_only=True)
    asked = look(
        text=[_PROMPT.format(word) for word in words],
        images=picture,
        return_tensors="pt",
        padding=True,
    )
    shares = net.eval()(**asked).logits_per_image[0].softmax(-1).tolist()
    ranked = sorted(zip(shares, words, strict=True), reverse=True)
    return [Suggestion(word, share) for share, word in ranked]


@torch.no_grad()
def by_blip(place: Path, picture: Image.Image) -> list[Suggestion]:
    from transformers import BlipForConditionalGeneration, BlipProcessor

    net: Any = BlipForConditionalGeneration.from_pretrained(place, local_files_only=True)
    look: Any = BlipProcessor.from_pretrained(place, local_files_only=True)
    told = net.eval().generate(**look(images=picture, return_tensors="pt"), max_new_tokens=_WORDS)
    return [Suggestion(look.decode(told[0], skip_special_tokens=True).strip(), None)]
