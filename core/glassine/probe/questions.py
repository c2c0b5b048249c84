"""The questions that are asked of a model about one picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from .alike import Look, bits_between, looked_at, near_duplicate
from .asked import LEVELS, Asked, losses, painted, sampled
from .copies import COPIES, neighbours
from .halves import away_from, half_hidden, never_was
from .statistics import largest_clique


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is asked. The same numbers and seed give the same figures.

    samples    pictures that are sampled for a caption
    paintings  of each hidden half
    noises     draws of noise at each level
    steps      denoising steps in which a picture is sampled or painted
    """

    samples: int = 16
    paintings: int = 4
    noises: int = 4
    steps: int = 20
    seed: int = 1


@dataclass(frozen=True)
class Answer:
    """A model's answer about one picture.

    score    higher where the model knows the picture better
    figures  what the score was computed from
    """

    score: float
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """A question and its cost.

    ask    (model, picture (3, side, side), its caption, effort) -> answer
    looks  (effort, whether the model is guided) -> passes of one latent through the denoiser
    """

    ask: Callable[[Asked, Tensor, str, Effort], Answer]
    looks: Callable[[Effort, bool], int]


def completion(model: Asked, picture: Tensor, caption: str, effort: Effort) -> Answer:
    """The model paints each half of the picture, and each half of its control, from the same noise.

    The control is `never_was`: whatever is merely easy to paint is as easy there. The score is the
    logarithm of how many times nearer to its truth the picture's best painting is than the
    control's.
    """
    seeds = range(effort.seed, effort.seed + effort.paintings)
    rows = []
    for left in (False, True):
        hidden, other = (half_hidden(model.side, way) for way in (left, not left))
        own = away_from(
            painted(model, picture, hidden, caption, seeds, effort.steps), picture, hidden
        )
        strange = never_was(picture)
        beside = away_from(
            painted(model, strange, other, caption, seeds, effort.steps), strange, other
        )
        rows.append((float(own.min()), float(beside.min())))
    own_best, beside_best = (torch.tensor(column) for column in zip(*rows, strict=True))
    score = float((beside_best.log() - own_best.log()).mean())
    return Answer(
        score, {"away": float(own_best.mean()), "away_mirrored": float(beside_best.mean())}
    )


def extraction(model: Asked, picture: Tensor, caption: str, effort: Effort) -> Answer:
    """Samples for the caption are compared with the picture, and with one another.

    The score is minus the number of bits in which the nearest sample's hash differs.
    """
    shown = sampled(model, caption, effort.samples, effort.seed, effort.steps)
    own, seen = looked_at(picture), [looked_at(one) for one in shown]
    bits = bits_between(own, seen)
    hits = sum(near_duplicate(own, one) for one in seen)
    figures = {"bits": float(bits.min()), "near": float(hits), "clique": float(len(group(seen)))}
    return Answer(-float(bits.min()), figures)


def group(seen: list[Look]) -> tuple[int, ...]:
    """The largest clique of samples that are near-duplicates of one another."""
    near = np.array([[near_duplicate(one, other) for other in seen] for one in seen])
    return largest_clique(near | near.T)


def membership(model: Asked, picture: Tensor, caption: str, effort: Effort) -> Answer:
    """The denoiser's loss on the picture is compared with its loss on slightly different copies.

    The score is the logarithm of how many times larger the copies' loss is, averaged over noise
    levels.
    """
    mean = mean_losses(model, torch.cat([picture[None], neighbours(picture)]), caption, effort)
    ahead = mean[:, 1:].log().mean(1) - mean[:, 0].log()
    figures = {
        f"loss_{level:.2f}": float(row) for level, row in zip(LEVELS, mean[:, 0], strict=True)
    }
    return Answer(float(ahead.mean()), figures)


def calibrated(
    model: Asked, beside: Asked, pictures: tuple[Tensor, Tensor], caption: str, effort: Effort
) -> Answer:
    """The denoiser's loss on the picture is compared with that of a reference model, which cannot
    have learnt it (Watson et al., 2022): a picture that is hard for both is merely hard.

    pictures  the same picture, in each model's own size
    """
    own, other = (
        mean_losses(asked, one[None], caption, effort)[:, 0]
        for asked, one in zip((model, beside), pictures, strict=True)
    )
    figures: dict[str, float] = {}
    for name, column in (("loss", own), ("reference", other)):
        figures |= {f"{name}_{at:.2f}": float(x) for at, x in zip(LEVELS, column, strict=True)}
    return Answer(float((other.log() - own.log()).mean()), figures)


def mean_losses(model: Asked, pictures: Tensor, caption: str, effort: Effort) -> Tensor:
    """(levels, N): the denoiser's losses, averaged over the effort's draws of noise."""
    latents = model.encode(pictures)
    draws = [
        losses(model, latents, caption, effort.seed + len(LEVELS) * at)
        for at in range(effort.noises)
    ]
    return torch.stack(draws).mean(0)


def calibrated_looks(effort: Effort) -> int:
    """Passes through both denoisers for one picture, as `Question.looks`."""
    return 2 * len(LEVELS) * effort.noises


REFERENCE = "reference"
"""Name of the question that is asked with a reference model."""

QUESTIONS = {
    "completion": Question(
        completion, lambda effort, twice: 4 * effort.steps * effort.paintings * (1 + twice)
    ),
    "extraction": Question(
        extraction, lambda effort, twice: effort.steps * effort.samples * (1 + twice)
    ),
    "membership": Question(
        membership, lambda effort, _: len(LEVELS) * effort.noises * (1 + COPIES)
    ),
}
"""The questions by their names, the most informative first."""
