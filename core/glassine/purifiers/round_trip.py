"""Through a model's own encoder and decoder: the cheapest regeneration."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..errors import NotUsable
from ..messages import Message, message
from .base import Apply, Autoencoder, Purifier, Scene


def missing(scene: Scene) -> Message | None:
    return None if scene.autoencoder else message("round_trip.no_encoder")


def there_and_back(rgb: Tensor, model: Autoencoder) -> Tensor:
    """The picture (3, H, W), encoded and decoded again."""
    height, width = rgb.shape[1:]
    whole = F.pad(rgb[None].float(), (0, -width % 8, 0, -height % 8), mode="replicate")
    return model.decode(model.encode(whole))[0, :, :height, :width].clamp(0, 1).to(rgb)


def prepare(scene: Scene) -> Apply:
    model = scene.autoencoder
    assert model, "checked by `missing`"

    @torch.no_grad()
    def apply(rgb: Tensor, draw: Generator) -> Tensor:
        return there_and_back(rgb, model)

    return apply


def alone(rgb: Tensor, draw: Generator) -> Tensor:
    """The `apply` of purifiers that need an autoencoder: raises, because there is none."""
    raise NotUsable("round_trip.no_encoder")


ENTRY = Purifier(
    says="Encoder round trip",
    kind="removal",
    differentiable=False,
    apply=alone,
    source="regeneration by a tiny autoencoder",
    missing=missing,
    prepare=prepare,
)
