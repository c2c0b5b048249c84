"""Whether the witness ranks pictures as held-out real encoders do.

    python -m lab.study.witness.measure --protect 'embedded 70,sd15 70'  # pictures kept in --home
    python -m lab.study.witness.measure --weights CHECKPOINT             # what each encoder sees

Ten paintings and the twenty pictures that are never trained on, at 256 px, each pulled towards the
style that the engine chooses for it. Rows go into results/, a line per picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
import torch.nn.functional as F
from glassine.evidence.controls import blended
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.pixels.grid import on_grid
from glassine.surrogates import encoders
from glassine.types import Artwork, Intent
from glassine.units import Score
from glassine.visibility import ssimulacra2
from scipy.stats import spearmanr
from torch import Tensor

from ...bench.effect import EXACT, FAMILIES
from ...bench.pictures import loaded
from ...places import SHARED
from ...rows import Row, add, note, rows
from .net import Autoencoder
from .pictures import HOME, held

RESULTS = Path(__file__).parent / "results"
SEEN, RANKS = RESULTS / "seen_256.jsonl", RESULTS / "ranks.jsonl"
SIDE, STEPS = 256, 12
Encode = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Setting:
    """One way to protect."""

    surrogates: tuple[str, ...]
    score: Score

    def left_out(self) -> tuple[str, ...]:
        """Real families that were not used; none for "embedded", which imitates all five."""
        return tuple(f for f in FAMILIES if f not in self.surrogates)


SETTINGS = {
    "embedded 70": Setting(("embedded",), Score(70)),
    "sd15 70": Setting(("sd15",), Score(70)),
}
BLEND = " blend"
"""Follows a setting's name, for the plain blend with its goal that scores the same."""


def subjects(home: Path, art: Path) -> dict[str, Path]:
    """Name -> picture: the paintings, then the twenty."""
    paths = [*sorted(art.glob("*.png")), *held(home / "data")]
    return {path.parts[-4] if "contents" in path.parts else path.stem: path for path in paths}


@dataclass(frozen=True)
class Kept:
    """Protected pictures on the disk: a file for each picture and setting."""

    home: Path

    def file(self, setting: str, name: str) -> Path:
        return self.home / "protected" / setting.replace(" ", "-") / f"{name}.pt"

    def has(self, setting: str, name: str) -> bool:
        return self.file(setting, name).exists()

    def put(self, setting: str, name: str, made: Mapping[str, Tensor]) -> None:
        file = self.file(setting, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.save({k: (255 * v).round().to(torch.uint8) for k, v in made.items()}, file)

    def get(self, setting: str, name: str) -> dict[str, Tensor]:
        found = torch.load(self.file(setting, name), weights_only=True)
        return {k: v.float() / 255 for k, v in found.items()}


def aimed(clean: Tensor) -> Tensor:
    """The goal that the engine itself chooses for that picture."""
    wanted = Intent(surrogates=("embedded",), seed=1)
    (goal,) = plan(Artwork(clean), wanted, device="cpu").goals
    return on_grid(goal.picture, 8)


def protected(clean: Tensor, goal: Tensor, setting: Setting) -> dict[str, Tensor]:
    """Protected, and a blend that scores the same, each (3, SIDE, SIDE) on the grid of bytes."""
    wanted = Intent(target=goal, surrogates=setting.surrogates, strength=setting.score, seed=1)
    chosen = plan(Artwork(clean), wanted, device="cpu")
    after = settle(optimise(replace(chosen, steps=STEPS))).rgb
    return {"after": after, "blend": on_grid(blended(clean, after, goal), 8)}


def protect_all(kept: Kept, pictures: Mapping[str, Path], settings: Iterable[str]) -> None:
    for setting in settings:
        for name, path in pictures.items():
            if not kept.has("goals", name):
                clean = loaded(path, SIDE)
                kept.put("goals", name, {"clean": clean, "goal": aimed(clean)})
            if not kept.has(setting, name):
                made = kept.get("goals", name)
                done = protected(made["clean"], made["goal"], SETTINGS[setting])
                kept.put(setting, name, made | done)
                score = float(ssimulacra2(made["clean"], done["after"]))
                print(setting, name, f"{score:.1f}", flush=True)


def looked_at(kept: Kept, pictures: Iterable[str]) -> None:
    """What the five real encoders see of every picture that is kept and has no row yet."""
    done = {(row["setting"], row["picture"]) for row in rows(SEEN)}
    for name in pictures:
        new = [s for s in SETTINGS if kept.has(s, name) and (s, name) not in done]
        if not new:
            continue
        views = real_views(kept.get("goals", name))
        for setting in new:
            made = kept.get(setting, name)
            for which, label in (("blend", setting + BLEND), ("after", setting)):
                real = {family: round(view.closed(made[which]), 5) for family, view in views}
                add(SEEN, {"setting": label, "picture": name} | real)


@dataclass(frozen=True)
class View:
    """An encoder with what it sees of a picture and of its goal."""

    encode: Encode
    start: Tensor
    there: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, encode: Encode, made: Mapping[str, Tensor]) -> View:
        return cls(encode, encode(made["clean"][None]), encode(made["goal"][None]))

    @torch.no_grad()
    def closed(self, rgb: Tensor) -> float:
        """Share of the latent distance to the goal that was covered."""
        end = self.encode(rgb[None])
        return 1 - float((end - self.there).norm() / (self.start - self.there).norm())


def real_views(made: Mapping[str, Tensor]) -> list[tuple[str, View]]:
    """Family -> its own encoder's view, in float32."""
    found = []
    for name in FAMILIES:
        (encode,) = encoders.encoders(name, EXACT).values()
        found.append((name, View.of(encode, made)))
    return found


def eyes(weights: Path) -> dict[str, Encode]:
    """The witness, and what an encoder must beat: an untrained one, and plain means of pixels."""
    torch.manual_seed(0)
    blank, witness = Autoencoder().eval(), Autoencoder().eval()
    witness.load_state_dict(torch.load(weights, weights_only=True)["calm"])
    return {
        "witness": witness.means,
        "untrained": blank.means,
        "means of 8 px": lambda rgb: F.avg_pool2d(rgb, 8),
    }


def ranked(kept: Kept, pictures: Iterable[str], weights: Path) -> None:
    """A row for each setting and encoder: its rank correlation with every real encoder."""
    step = torch.load(weights, weights_only=True)["step"]
    real = {(row["setting"], row["picture"]): row for row in rows(SEEN)}
    for setting, how in SETTINGS.items():
        names = [name for name in pictures if (setting, name) in real]
        made = [kept.get(setting, name) for name in names]
        for which, label in (("after", setting), ("blend", setting + BLEND)) if made else ():
            known = [real[label, name] for name in names]
            seen = {
                eye: [View.of(encode, one).closed(one[which]) for one in made]
                for eye, encode in eyes(weights).items()
            }
            seen |= {family: [row[family] for row in known] for family in FAMILIES}
            for eye, own in seen.items():
                about = {"step": step, "setting": label, "eye": eye, "pictures": len(own)}
                others = tuple(family for family in how.left_out() if family != eye)
                note(RANKS, about | {"mean": fmean(own)} | agreement(own, known, others))


def agreement(own: list[float], known: list[Row], left: tuple[str, ...]) -> Row:
    """Rank correlation with each real encoder, and with the mean of those in `left`."""
    with_each: dict[str, Any] = {f: rho(own, [row[f] for row in known]) for f in FAMILIES}
    return with_each | {"left out": rho(own, [fmean(row[f] for f in left) for row in known])}


def rho(one: list[float], other: list[float]) -> float:
    return float(spearmanr(one, other).statistic)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--home", type=Path, default=HOME)
    asked.add_argument("--art", type=Path, default=SHARED / "art")
    asked.add_argument("--protect", default="", help="settings, with commas")
    asked.add_argument("--weights", type=Path, help="a checkpoint of train.py")
    given = asked.parse_args()
    torch.set_num_threads(1)
    kept, pictures = Kept(given.home), subjects(given.home, given.art)
    protect_all(kept, pictures, filter(None, given.protect.split(",")))
    looked_at(kept, pictures)
    if given.weights:
        ranked(kept, pictures, given.weights)
