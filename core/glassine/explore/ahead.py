"""What steps through a denoiser will cost, said before they begin: memory and time.

Memory is the size of its weights; time comes from one step that is timed.
"""

from __future__ import annotations

import time
from math import sqrt
from pathlib import Path

import torch
from torch import Generator

from ..denoisers.folder import parts_in
from ..machine.device import Device
from ..messages import Message, message
from ..pixels.pad import covered
from ..types import Plan
from .denoising import denoised_views, looked_at, through_model

GIGABYTE = 1e9


def ahead(plan: Plan, device: Device) -> tuple[Message, ...]:
    """The message; nothing where the plan uses no denoiser, or its change was found already."""
    asks = plan.recipe.denoising
    if asks is None or plan.found:
        return ()
    seconds = step_seconds(plan, device)
    return (told_ahead(plan, device, seconds, plan.steps * asks.share),)


def told_ahead(plan: Plan, device: Device, seconds: float, steps: float) -> Message:
    """The message about the model's memory and the time for `steps` steps of `seconds` each."""
    return message(
        "model.ahead",
        model=Path(plan.model).name,
        memory=parts_in(Path(plan.model)).bytes_on(device) / GIGABYTE,
        seconds=seconds,
        minutes=seconds * steps / 60,
        device=device.says,
    )


def step_seconds(plan: Plan, device: Device) -> float:
    """Seconds of one step through the denoiser, timed on a square of a view's mean size."""
    assert plan.recipe.denoising
    through = through_model(plan, device)
    height, width = plan.artwork.rgb.shape[1:]
    side = covered(round(sqrt(denoised_views(height, width).mean_pixels())))
    seen = looked_at(plan.recipe.denoising, through, 0, 0)
    draw = Generator().manual_seed(0)
    picture = torch.rand(1, 3, side, side, generator=draw).to(device.kind).requires_grad_(True)
    began = time.perf_counter()
    torch.autograd.grad(seen(picture).square().sum(), picture)[0].sum().item()
    return time.perf_counter() - began
