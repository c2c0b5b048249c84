"""AdverseCleaner: 64 small bilateral filters, then 4 guided ones. Needs no network and no GPU."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..units import Levels, to_unit
from .base import Purifier

_ROUNDS, _RADIUS = 64, 2  # a diameter of 5
_COLOUR, _SPACE = to_unit(Levels(8)), 8.0
_GUIDED, _WINDOW = 4, 9  # radius 4
_EPSILON = 16 * to_unit(Levels(1)) ** 2


def apply(rgb: Tensor, draw: Generator) -> Tensor:
    guide = rgb.float()
    smooth = opencv(guide) if find_spec("cv2") else torch_only(guide)
    for _ in range(_GUIDED):
        smooth = guided(guide, smooth)
    return smooth.clamp(0, 1).to(rgb.dtype)


def opencv(rgb: Tensor) -> Tensor:
    """The bilateral rounds by OpenCV, on a processor twenty times faster than by torch."""
    import cv2

    pixels = np.ascontiguousarray(rgb.permute(1, 2, 0).cpu().numpy())
    for _ in range(_ROUNDS):
        pixels = cv2.bilateralFilter(pixels, 2 * _RADIUS + 1, _COLOUR, _SPACE)
    return torch.from_numpy(pixels).permute(2, 0, 1).to(rgb)


def torch_only(rgb: Tensor) -> Tensor:
    for _ in range(_ROUNDS):
        rgb = bilateral(rgb)
    return rgb


def bilateral(rgb: Tensor) -> Tensor:
    """OpenCV's bilateral filter: a disc of neighbours, weighted by distance and by the sum of the
    three colour differences."""
    height, width = rgb.shape[1:]
    wide = F.pad(rgb[None], (_RADIUS,) * 4, mode="reflect")[0]
    total, weights = rgb.clone(), torch.ones_like(rgb[:1])
    for down in range(-_RADIUS, _RADIUS + 1):
        for right in range(-_RADIUS, _RADIUS + 1):
            far = down * down + right * right
            if not 0 < far <= _RADIUS**2:
                continue
            rows = slice(_RADIUS + down, _RADIUS + down + height)
            near = wide[:, rows, _RADIUS + right : _RADIUS + right + width]
            apart = (near - rgb).abs().sum(0, keepdim=True)
            like = (apart.square() * (-0.5 / _COLOUR**2) - 0.5 * far / _SPACE**2).exp()
            total.addcmul_(near, like)
            weights += like
    return total / weights


def guided(guide: Tensor, picture: Tensor) -> Tensor:
    """Guided filter with a colour guide (He et al., 2010); (3, H, W) twice."""
    mean_g, mean_p = box(guide), box(picture)
    spread = paired(guide, guide)
    spread = spread - mean_g[:, None] * mean_g[None]
    across = paired(guide, picture)
    across = across - mean_g[:, None] * mean_p[None]
    ridge = _EPSILON * torch.eye(3, dtype=guide.dtype, device=guide.device)
    slope = torch.linalg.solve(spread.permute(2, 3, 0, 1) + ridge, across.permute(2, 3, 0, 1))
    offset = mean_p - torch.einsum("hwgp,ghw->phw", slope, mean_g)
    slope = box(slope.permute(2, 3, 0, 1).flatten(0, 1)).view(3, 3, *guide.shape[1:])
    return torch.einsum("gphw,ghw->phw", slope, guide) + box(offset)


def paired(one: Tensor, other: Tensor) -> Tensor:
    """(3, 3, H, W): local mean of every product of two channels."""
    products = (one[:, None] * other[None]).flatten(0, 1)
    return box(products).view(3, 3, *one.shape[1:])


def box(planes: Tensor) -> Tensor:
    """Mean over _WINDOW x _WINDOW pixels; (C, H, W)."""
    wide = F.pad(planes[None], (_WINDOW // 2,) * 4, mode="reflect")
    return F.avg_pool2d(wide, _WINDOW, stride=1)[0]


ENTRY = Purifier(
    says="AdverseCleaner",
    kind="removal",
    differentiable=False,
    apply=apply,
    source="lllyasviel/AdverseCleaner: bilateral (5, 8, 8) x 64, guided (4, 16) x 4",
)
