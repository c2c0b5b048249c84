"""Look-ups by face with each network left out in turn: what a cloak hides, and from whom.

    python -m lab.bench.faces FOLDER [--crowd FOLDER] [--log FILE.jsonl] [--recipe NAME]
                              [--strength NAME,...] [--left NAME,...] [--steps N] [--figures]

FOLDER is as `glassine face check` wants it: FOLDER/clean/ANN (or FOLDER/gallery/ANN) and
FOLDER/probes/ANN. Every clean picture is cloaked against all networks but one of those that may be
worked against. Then the probes look for it on every network, the one that only measures included,
among everybody else, the drawn faces that ship and the faces in the crowd's pictures, all clean.

A line of the log holds what the networks see of one copy. These are photographs of people, so the
log stays out of the repository. Copies in the log are not made again. The figures go to
results/faces-RECIPE.json; --figures only writes these from the log; --left makes only copies that
leave out those networks, so that several runs may share a log.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any, Literal, get_args

import torch
from glassine.embedders.loaded import attackable, present_embedders
from glassine.faces.detect import find_faces
from glassine.faces.gallery import drawn_faces, seen_by, stored_face
from glassine.faces.measured import FILE, Found, everything_found
from glassine.faces.place import largest
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.flow.recipes import SCORES
from glassine.flow.settle import settle
from glassine.lookup import People, Shown, people_in
from glassine.lookup.compare import in_gallery
from glassine.lookup.rates import Named, Rates, rates, threshold
from glassine.lookup.robust import through_heads
from glassine.machine.device import choose
from glassine.pixels.flatten import on_white
from glassine.types import Artwork, Intent
from torch import Tensor

from .record import save

CPU = choose("cpu")
SEED = 1

Word = Literal["strong", "balanced"]


@dataclass(frozen=True)
class Setting:
    """How a copy was made. `left`: the network that was not worked against; `number`: of the
    picture in the gallery."""

    recipe: str
    strength: Word
    steps: int
    left: str
    number: int


@dataclass(frozen=True)
class Crowd:
    """What one network makes of everybody's clean pictures."""

    gallery: Named
    probes: Named
    others: Named


def passers_by(folder: Path | None) -> Iterator[tuple[str, Tensor, Any]]:
    """Faces that nobody looks for: the drawn ones, and the largest face of each picture."""
    for name, rgb in drawn_faces().items():
        yield name, rgb, stored_face()
    for path in sorted(folder.rglob("*.[pwj]*")) if folder else ():
        artwork = read(path)
        rgb = on_white(artwork.rgb, artwork.alpha)
        if faces := find_faces(rgb):
            yield path.stem, rgb, largest(faces)


def crowd_of(name: str, people: People, others: Sequence[tuple[str, Tensor, Any]]) -> Crowd:
    def seen(shown: Sequence[Shown]) -> Named:
        return [(one.person, seen_by(name, CPU, unchanged(one), one.face)) for one in shown]

    beside = [(f"other {who}", seen_by(name, CPU, rgb, face)) for who, rgb, face in others]
    return Crowd(seen(people.gallery), seen(people.probes), beside)


def unchanged(one: Shown) -> Tensor:
    return one.rgb if one.clean is None else one.clean


def made(one: Shown, setting: Setting, used: tuple[str, ...]) -> dict[str, Any]:
    """What every network sees of the copy; nothing where no face is found in it any more."""
    began = process_time()
    wish = Intent(recipe=setting.recipe, strength=setting.strength, surrogates=used, seed=SEED)
    done = settle(optimise(replace(plan(Artwork(unchanged(one)), wish), steps=setting.steps)))
    seconds = process_time() - began
    faces = find_faces(done.rgb)
    rows = {
        name: seen_by(name, CPU, done.rgb, largest(faces)).tolist()
        for name in (present_embedders() if faces else ())
    }
    return {**asdict(setting), "seen": rows, "processor_seconds": seconds}


def figures(
    log: Sequence[dict[str, Any]], people: People, crowds: dict[str, Crowd]
) -> Iterator[dict[str, Any]]:
    """A row for each strength, network left out, and network looked through."""
    for key in sorted({(row["strength"], row["steps"], row["left"]) for row in log}):
        rows = [row for row in log if (row["strength"], row["steps"], row["left"]) == key]
        done = {row["number"]: row["seen"] for row in rows}
        whole = {one.person for one in people.gallery} - {
            one.person for at, one in enumerate(people.gallery) if at not in done
        }
        asked = [name for name in people.looked_up if name in whole]
        for name, crowd in crowds.items() if asked else ():
            cloaked = [
                (people.gallery[at].person, torch.tensor(seen[name]))
                for at, seen in sorted(done.items())
                if name in seen
            ]
            yield row_of(
                dict(zip(("strength", "steps", "left"), key, strict=True)), name, asked
            ) | {
                what: plain_rates(found) for what, found in looked_up(asked, cloaked, crowd).items()
            }


def looked_up(asked: Sequence[str], cloaked: Named, crowd: Crowd) -> dict[str, Rates]:
    clean = [*crowd.gallery, *crowd.others]
    most = threshold(clean, crowd.probes)
    before = {name: clean for name in asked}
    after = {name: in_gallery(name, cloaked, clean, 0.0) for name in asked}
    return {
        "clean": rates(before, crowd.probes, most),
        "cloaked": rates(after, crowd.probes, most),
        "robust": through_heads(asked, cloaked, clean, crowd.probes),
    }


def row_of(setting: dict[str, Any], name: str, asked: Sequence[str]) -> dict[str, Any]:
    measuring = name not in attackable((name,))
    role = "measures" if measuring else "left out" if name == setting["left"] else "used"
    return {**setting, "network": name, "role": role, "people": len(asked)}


def plain_rates(found: Rates) -> dict[str, list[float]]:
    """Share, and the interval's ends."""
    return {
        what: [round(value, 4) for value in (one.share, one.low, one.high)]
        for what, one in vars(found).items()
    }


def write_found(recipe: str, rows: Sequence[dict[str, Any]], others: int) -> None:
    """Writes the figures that reports quote: the worst rates, for each strength at which everybody
    was cloaked."""
    kept = [asdict(row) for row in everything_found() if row.recipe != recipe]
    for strength in dict.fromkeys(row["strength"] for row in rows):
        here = [row for row in rows if row["strength"] == strength]
        if {row["left"] for row in here} == {
            row["network"] for row in here if row["role"] != "measures"
        }:
            kept.append(asdict(summed_up(recipe, here, others)))
    FILE.write_text(json.dumps(kept, indent=1) + "\n")


def summed_up(recipe: str, rows: Sequence[dict[str, Any]], others: int) -> Found:
    def worst(what: str, *roles: str) -> list[float]:
        return max(row[what]["rank1"] for row in rows if row["role"] in (roles or (row["role"],)))

    unknown = worst("cloaked", "measures")
    return Found(
        recipe=recipe,
        score=float(SCORES[rows[0]["strength"]]),
        people=rows[0]["people"],
        others=others,
        steps=rows[0]["steps"],
        clean=worst("clean")[0],
        used=worst("cloaked", "used")[0],
        left=worst("cloaked", "left out")[0],
        unknown=unknown[0],
        high=unknown[2],
        taught=worst("robust")[0],
    )


def told() -> argparse.Namespace:
    about = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    about.add_argument("folder", type=Path)
    about.add_argument("--crowd", type=Path)
    about.add_argument("--log", type=Path, default=Path("faces.jsonl"))
    about.add_argument("--recipe", default="lowkey")
    about.add_argument("--strength", default="strong,balanced")
    about.add_argument("--left", default="")
    about.add_argument("--steps", type=int, default=40)
    about.add_argument("--figures", action="store_true")
    return about.parse_args()


def main() -> None:
    asked = told()
    people, nets = people_in(asked.folder), present_embedders()
    done = [json.loads(line) for line in asked.log.open()] if asked.log.exists() else []
    known = {tuple(row[one] for one in Setting.__dataclass_fields__) for row in done}
    wanted = [
        Setting(asked.recipe, strength, asked.steps, left, number)
        for strength in get_args(Word)
        if strength in asked.strength.split(",")
        for left in (asked.left.split(",") if asked.left else attackable(nets))
        for number in range(len(people.gallery))
    ]
    for setting in () if asked.figures else wanted:
        if tuple(asdict(setting).values()) in known:
            continue
        used = tuple(name for name in attackable(nets) if name != setting.left)
        done.append(made(people.gallery[setting.number], setting, used))
        with asked.log.open("a") as log:
            log.write(json.dumps(done[-1]) + "\n")
    if asked.left:
        return
    others = list(passers_by(asked.crowd))
    crowds = {name: crowd_of(name, people, others) for name in nets}
    mine = [row for row in done if row["recipe"] == asked.recipe]
    found = list(figures(mine, people, crowds))
    seconds = [row["processor_seconds"] for row in mine]
    write_found(asked.recipe, found, len(others))
    about = {"others": len(others), "copies": len(mine), "rows": found}
    save(f"faces-{asked.recipe}", {**about, "processor_seconds": sum(seconds) / len(seconds)})


if __name__ == "__main__":
    main()
