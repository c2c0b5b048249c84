"""IMPRESS: searches near the given picture for the one that an autoencoder reproduces best."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from .base import Apply, Purifier, Scene
from .round_trip import alone, missing, there_and_back

_STEPS = 3000  # as published
_HERE = 40  # on a processor, where 3000 steps take more than an hour for one picture
_RATE, _ALPHA, _NEAR, _START = 0.01, 0.1, 0.1, 0.1
_PIXELS_NEAR = 0.02  # root mean square distance that is free where there is no perceptual one


def prepare(scene: Scene) -> Apply:
    model, distance = scene.autoencoder, scene.distance
    assert model, "checked by `missing`"

    def away(found: Tensor, given: Tensor) -> Tensor:
        if distance:
            return (distance(found, given) - _NEAR).clamp_min(0)
        return ((found - given).square().mean().sqrt() - _PIXELS_NEAR).clamp_min(0)

    def apply(rgb: Tensor, draw: Generator) -> Tensor:
        given = rgb.detach().float().to(model.kind)
        noise = torch.randn(given.shape, generator=draw).to(given)
        found = (given + _START * noise * _RATE).clamp(0, 1).requires_grad_(True)
        steps = _HERE if given.device.type == "cpu" else _STEPS
        search = torch.optim.Adam([found], lr=_RATE)
        fading = torch.optim.lr_scheduler.CosineAnnealingLR(search, steps)
        for _ in range(steps):
            again = there_and_back(found, model)
            loss = (again - found).square().mean() + _ALPHA * away(found, given)
            search.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            search.step()
            fading.step()
            with torch.no_grad():
                found.clamp_(0, 1)
        return found.detach().to(rgb)

    return apply


ENTRY = Purifier(
    says="IMPRESS: 40 steps on a processor, the published 3000 on a graphics card",
    kind="removal",
    differentiable=False,
    slow=True,
    apply=alone,
    source="Cao et al. (2023): Adam 0.01, alpha 0.1, LPIPS 0.1; 40 steps on a processor",
    missing=missing,
    prepare=prepare,
)
