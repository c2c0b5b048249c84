"""Survival and removal: the effects measured again after what may be done to a picture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

import torch
from torch import Tensor

from ..machine.device import Device
from ..purifiers import PURIFIERS, Autoencoder, Scene
from ..surrogates import SMALL
from ..surrogates import encoders as nets
from ..surrogates.eyes import eye_of
from ..types import UNKNOWN, Effect, Trial
from ..visibility import ssimulacra2
from ..visibility.lpips import lpips_distance
from .drift import Before, effects

Outcome = tuple[Trial, tuple[Effect, ...]]
"""A trial, and the effects after it."""
Verdict = Literal["survives", "weakened", "removed", "nothing to remove", "not run"]
REMOVED, WEAKENED = 0.15, 0.75  # share of the effect beyond its control
TRAINED = "trained"  # how the names of trials at training sizes begin; see trained.py
_NOTHING = 0.005  # an effect beyond its control of no more is none


def scene(longest: int, device: Device) -> Scene:
    return Scene(longest=longest, autoencoder=autoencoder(device), distance=lpips_distance())


def autoencoder(device: Device) -> Autoencoder | None:
    """The newest real encoder at hand that has its decoder, as a remover would pick it.

    Without any, the encoder that ships, which is a likeness; None where that has no decoder here.
    """
    for name in (*reversed(nets.present_surrogates()), SMALL):
        if eye := eye_of(name, device):
            return Autoencoder(eye.family, eye.encode, eye.decode, device.kind)
    return None


def trial(name: str, around: Scene, before: Before, seed: int) -> Outcome:
    """One purifier, on the protected picture and on every control."""
    entry, says = PURIFIERS[name], PURIFIERS.words(name)
    if reason := entry.missing(around):
        return Trial(name, says, entry.kind, entry.source, "not run", skipped=reason), ()
    apply, seen, controls = entry.ready(around), {}, before.controls

    def treat(picture: Tensor) -> Tensor:
        draw = torch.Generator().manual_seed(seed)
        treated = seen[id(picture)] = apply(picture, draw)
        return before.look(treated)

    rows = tuple(
        effects(
            before.viewers,
            controls,
            after=name,
            treat=treat,
            aims=None if entry.moves else before.aims,
            short=entry.slow or bool(controls.goals),
        )
    )
    score = UNKNOWN if entry.moves else ssimulacra2(controls.clean, seen[id(controls.seen)])
    left = share_left(before.rows, rows)
    made = Trial(name, says, entry.kind, entry.source, verdict(left), left, score, before.side)
    return made, rows


def at_training_size(trial: Trial) -> bool:
    """Whether the trial is a reduction as for training, which trained.py makes."""
    return trial.name.startswith(TRAINED)


def as_learnt(rows: Iterable[Effect]) -> list[Effect]:
    """The rows of the picture as models learn it: at the sizes of training where training reduces
    it, else as posted. A large picture is searched at those sizes, and little may show beside."""
    known = list(rows)
    reduced = [row for row in known if row.after.startswith(TRAINED)]
    return reduced or [row for row in known if not row.after]


def share_left(before: Sequence[Effect], after: Sequence[Effect]) -> float:
    """Share of the effect beyond its control that is left, 0 to 1; NaN where there was none."""
    had, has = beyond_control(before), beyond_control(after)
    return min(1.0, max(0.0, has / had)) if had > _NOTHING else math.nan


def verdict(left: float) -> Verdict:
    if math.isnan(left):
        return "nothing to remove"
    return "removed" if left < REMOVED else "weakened" if left < WEAKENED else "survives"


def beyond_control(rows: Sequence[Effect]) -> float:
    """Mean effect on the used families less its control: the blend, or the scattered change."""
    used = [row for row in rows if row.role == "used"] or list(rows)
    if not used:
        return 0.0
    gaps = [
        row.moved - (0 if math.isnan(row.scattered) else row.scattered)
        if math.isnan(row.closed)
        else row.closed - row.blend
        for row in used
    ]
    return sum(gaps) / len(gaps)
