"""Measurements of a finished picture, for the report. SSIMULACRA2 has a file of its own."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .haarpsi import SMALLEST as LEAST
from .haarpsi import haarpsi
from .lpips import ALEX, SMALLEST, SMALLEST_ALEX, alexnet_is_here, lpips_distance
from .packages import unfit

STRIP = 1024  # rows at a time: no second copy of a large picture is held


def psnr(clean: Tensor, other: Tensor) -> float:
    """Peak signal-to-noise ratio in dB; infinite for equal pictures. (3, H, W) in [0, 1]."""
    strips = zip(*(torch.split(picture, STRIP, 1) for picture in (clean, other)), strict=True)
    error = sum((a - b).square_().sum(dtype=torch.float64).item() for a, b in strips)
    error /= clean.numel()
    return -10 * math.log10(error) if error else math.inf


def ssim(clean: Tensor, other: Tensor) -> float:
    """Structural similarity, 11 x 11 window (Wang et al., 2004). (3, H, W) in [0, 1]."""
    from kornia.metrics import ssim as ssim_map  # here: a preview has no report, and waits

    if min(clean.shape[1:]) < 11:
        return math.nan
    return ssim_map(clean[None], other[None], window_size=11).mean().item()


@torch.no_grad()
def lpips(clean: Tensor, other: Tensor) -> float | None:
    """LPIPS v0.1 on SqueezeNet; None for small pictures and where `unfit` gives a reason."""
    apart = lpips_distance()
    if apart is None or min(clean.shape[1:]) < SMALLEST:
        return None
    return apart(clean, other).item()


@torch.no_grad()
def lpips_alexnet(clean: Tensor, other: Tensor) -> float | None:
    """LPIPS v0.1 on AlexNet; None also where its trunk was not downloaded."""
    if not alexnet_is_here() or min(clean.shape[1:]) < SMALLEST_ALEX:
        return None
    apart = lpips_distance(ALEX)
    return None if apart is None else apart(clean, other).item()


@torch.no_grad()
def haarpsi_figure(clean: Tensor, other: Tensor) -> float | None:
    """HaarPSI, 1 is identical; None for small pictures and where `unfit` gives a reason."""
    if min(clean.shape[1:]) < LEAST or unfit():
        return None
    return haarpsi(clean, other).item()
