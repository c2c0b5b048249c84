"""One lesson: the small model learns an artist's works, as whoever trains on them got them, under a
word of their own, and what it draws for that word is measured as in cloak.py."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import torch
from glassine.evidence.controls import blended
from glassine.pixels.area import area
from glassine.pixels.grid import on_grid
from glassine.visibility.held_out import fsim, mdsi, vsi
from torch import Tensor

from ..rows import Row
from . import base, cloak, common, judge, pictures, small

LEARNER_STEPS, SAMPLES, SCORE = 150, 24, 70
LEARNERS = ("all weights", "LoRA", "word")
BEGINS = "portrait"
"""The word with whose vector textual inversion begins."""
HELD_OUT = {"fsim": fsim, "vsi": vsi, "mdsi": mdsi}
VALUES = ("as_artist", "as_target", "along", "gram", "closed", *HELD_OUT)
COLUMNS = (
    common.Column("gap closed", "closed"),
    common.Column("called the artist's", "as_artist"),
    common.Column("called the target's", "as_target"),
    common.Column("samples moved", "along"),
)
SEEN = tuple(common.Column(name.upper(), name, 3) for name in HELD_OUT)


@dataclass(frozen=True)
class Scene:
    """The base model, the works that it learns, and the judges of what it draws then.

    works, goals  (N, 3, P, P): as they are posted, and restyled
    now, aim      latents of both, at the size at which the model learns
    sees, styles  the judge of styles; what Gram matrices are compared with
    """

    learner: small.Small
    works: Tensor
    goals: Tensor
    now: Tensor
    aim: Tensor
    sees: judge.Classifier
    styles: dict[str, list[Tensor]]


def options(doc: str | None, *, side: int, seeds: int) -> argparse.ArgumentParser:
    """A parser of what every study of lessons asks for, with these defaults."""
    asked = argparse.ArgumentParser(description=doc)
    asked.add_argument("--side", type=int, default=side, help="at which the model learns")
    asked.add_argument("--eyes", choices=small.EYES, default="taesd", help="of the small model")
    asked.add_argument("--seeds", type=int, default=seeds)
    asked.add_argument("--home", type=Path, default=small.HOME)
    asked.add_argument("--only", help="kinds to run, with commas")
    asked.add_argument("--until", help="HH:MM; no run is begun after it")
    asked.add_argument("--table", action="store_true", help="only make the table again")
    return asked


def ask_learners(asked: argparse.ArgumentParser) -> None:
    """Adds the option that says how the model learns."""
    learners = ", ".join(LEARNERS)
    asked.add_argument("--learners", default=LEARNERS[0], help=f"of {learners}, with commas")


def scene(asked: argparse.Namespace, posted: int | None = None) -> Scene:
    """posted  side of the works; None: that at which the model learns"""
    first, later = pictures.split(pictures.portraits())
    learner = base.model(asked.home, asked.eyes, asked.side)
    sees, _ = base.style_judge(asked.home, common.judges_eye(asked, learner))
    size = posted or asked.side
    works, goals = cloak.pair(asked.home, "portraits-later", later, size, cloak.WORKS)
    others, beside = cloak.pair(asked.home, "portraits-first", first, asked.side)
    now, aim = (learner.latents(smaller(part, asked.side)) for part in (works, goals))
    styles = {"artist": judge.grams(others), "target": judge.grams(beside)}
    return Scene(learner, works, goals, now, aim, sees, styles)


def smaller(whole: Tensor, side: int) -> Tensor:
    """(N, 3, P, P) -> (N, 3, side, side), by area means."""
    if whole.shape[-1] == side:
        return whole
    return torch.stack([area(one, side, side) for one in whole])


def blends(works: Tensor, seen: Tensor, goals: Tensor) -> Tensor:
    """Each work blended with its goal, as visible as what is `seen` in its place."""
    trios = zip(works, seen, goals, strict=True)
    return torch.stack([on_grid(blended(*trio), 8) for trio in trios])


def taught(model: small.Small, latents: Tensor, seed: int, how: str = LEARNERS[0]) -> small.Small:
    """The model after it has learnt these under the artist's word.

    how  of LEARNERS: with all its weights, with LoRA, or only that word (textual inversion)
    """
    captions, steps = [cloak.CAPTION] * len(latents), LEARNER_STEPS
    if how != LEARNERS[2]:
        lora = how == LEARNERS[1]
        return model.finetuned(latents, captions, seed=seed, steps=steps, lora=lora)
    word = cloak.CAPTION.split()[-1]
    return model.inverted(latents, captions, word, BEGINS, seed=seed, steps=steps)


def drawn(tuned: small.Small, seed: int) -> Tensor:
    """(SAMPLES, 3, S, S): what it draws for the artist's word."""
    return tuned.sampled(cloak.CAPTION, SAMPLES, seed=100 + seed)


def told(scene: Scene, taken: Tensor, latents: Tensor, shown: Tensor) -> Row:
    """What is known of one lesson.

    taken    the works as people see them
    latents  what was learnt of them
    shown    what was drawn afterwards
    """
    row: Row = {name: looked(one, scene.works, taken) for name, one in HELD_OUT.items()}
    row["closed"] = common.closed(scene.now, latents, scene.aim)
    row["along"] = common.along(scene.learner.latents(shown), scene.now, scene.aim)
    return row | cloak.measured(shown, scene.sees, scene.styles)


def looked(judge_: Callable[[Tensor, Tensor], float | None], clean: Tensor, seen: Tensor) -> float:
    """What a judge says on average."""
    found = [judge_(a, b) for a, b in zip(clean, seen, strict=True)]
    return fmean(value for value in found if value is not None)
