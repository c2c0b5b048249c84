"""Resizing by Lanczos, and opening the pictures that ship or that the user added."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyvips
import torch
from torch import Tensor

from .flatten import laid_on_white
from .grid import to_tensor

_SEEN = 1e-3  # least alpha that counts; less becomes 0 in an 8-bit file


def lanczos(picture: Tensor, height: int, width: int) -> Tensor:
    """(C, h, w) in [0, 1] -> (C, height, width), Lanczos 3."""
    if picture.shape[1:] == (height, width):
        return picture
    _, h, w = picture.shape
    pixels = np.ascontiguousarray(picture.permute(1, 2, 0).cpu().numpy())
    out = pyvips.Image.new_from_array(pixels).resize(
        width / w, vscale=height / h, kernel="lanczos3"
    )
    if (out.width, out.height) != (width, height):  # libvips rounds sizes its own way
        out = out.embed(0, 0, width, height, extend="copy")
    array = np.atleast_3d(out.numpy())
    return torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1))).clamp_(0, 1)


def lanczos_seen(
    rgb: Tensor, alpha: Tensor | None, height: int, width: int
) -> tuple[Tensor, Tensor | None]:
    """A picture and its alpha, both resized, colours weighted by alpha: so colours of transparent
    pixels (mostly black) leave no rim around what is visible."""
    small = lanczos(rgb, height, width)
    if alpha is None:
        return small, None
    thin = lanczos(alpha, height, width)
    seen = lanczos(rgb * alpha, height, width).div_(thin.clamp(min=_SEEN)).clamp_(0, 1)
    return torch.where(thin > _SEEN, seen, small), thin


def open_picture(path: Path) -> Tensor:
    """(3, H, W) from a picture in the package's or the user's data folder, at 8 bits on white."""
    image = laid_on_white(pyvips.Image.new_from_file(str(path)))
    return to_tensor(image.numpy()[..., :3])
