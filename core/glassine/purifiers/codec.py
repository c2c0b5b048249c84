"""Lossy codecs as purifiers. JPEG has a gradient: the value of the real codec, with the gradient of
a differentiable one."""

from __future__ import annotations

import pyvips
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..pixels.grid import to_array, to_tensor
from .base import Purifier

_BLOCK = 16  # pixels; with halved chroma an 8 x 8 block of it covers 16 x 16


def jpeg(quality: int) -> Purifier:
    def apply(rgb: Tensor, draw: Generator) -> Tensor:
        coded = through_jpeg(rgb.detach(), quality)
        return straight_through(coded, soft_jpeg(rgb, quality)) if rgb.requires_grad else coded

    return Purifier(
        says=f"JPEG, quality {quality}",
        kind="handling",
        differentiable=True,
        apply=apply,
        source="libjpeg; chroma is halved below quality 90",
    )


def straight_through(real: Tensor, soft: Tensor) -> Tensor:
    """The value of the real codec with the gradient of the soft one."""
    return real + (soft - soft.detach())


def through_jpeg(rgb: Tensor, quality: int) -> Tensor:
    """What a JPEG of that quality gives back; (3, H, W)."""
    data = image(rgb).jpegsave_buffer(Q=quality)
    return pixels(pyvips.Image.jpegload_buffer(data), rgb)


def through_webp(rgb: Tensor, quality: int) -> Tensor:
    """What a WebP of that quality gives back; (3, H, W)."""
    data = image(rgb).webpsave_buffer(Q=quality)
    return pixels(pyvips.Image.webpload_buffer(data), rgb)


def image(rgb: Tensor) -> pyvips.Image:
    return pyvips.Image.new_from_array(to_array(rgb, 8), interpretation="srgb")


def pixels(read: pyvips.Image, like: Tensor) -> Tensor:
    return to_tensor(read.numpy()).to(like)


def soft_jpeg(rgb: Tensor, quality: int) -> Tensor:
    """A JPEG whose rounding is differentiable (Shin and Song, 2017), by kornia; (3, H, W)."""
    # Imported here: kornia takes a tenth of a second to load, and a first preview needs none of it.
    from kornia.enhance import jpeg_codec_differentiable

    height, width = rgb.shape[1:]
    pad = (0, -width % _BLOCK, 0, -height % _BLOCK)
    quality_of = torch.tensor([float(quality)], device=rgb.device)
    whole = F.pad(rgb[None].float(), pad, mode="replicate")
    coded: Tensor = jpeg_codec_differentiable(whole, quality_of)
    return coded[0, :, :height, :width].to(rgb.dtype)
