"""Ten paintings and twenty other pictures, beside the method before and the blend.

    python -m lab.study.embedded.unseen
    python -m lab.bench.thirty [--size 256] [--kinds photo,flat]

Measured as in reduced.py, as posted, after JPEG 75 and at half the size; and once more with four of
the five real encoders, on the family that was left out, another one for every picture. The first
command fetches the twenty (photos, flat art, 3D, line drawings and pixel art of four packages).
Rows are kept in results/thirty-SIZE.json, so that a long run resumes.
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

import torch
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.surrogates.encoders import encoders
from glassine.types import Artwork, Intent
from glassine.units import Score
from glassine.visibility import ssimulacra2
from torch import Tensor

from ..study.embedded.unseen import pictures
from . import before
from .effect import EXACT, FAMILIES, SCORE, blend
from .record import kept, save, spread
from .reduced import Row, measured, summary


@torch.no_grad()
def share(clean: Tensor, goal: Tensor, other: Tensor, family: str) -> float:
    """How much of the latent gap is closed on that family's real encoder."""
    (encode,) = encoders(family, EXACT).values()
    start, there, now = (encode(picture[None]) for picture in (clean, goal, other))
    return 1 - float((now - there).norm() / (start - there).norm())


def left_out(clean: Tensor, goal: Tensor, family: str) -> Row:
    """Effects on the family by steps on the four others, each with a blend of its SSIMULACRA2."""
    others = tuple(name for name in FAMILIES if name != family)
    wanted = Intent(target=goal, seed=1, surrogates=others, strength=SCORE)
    ways = {
        "now": settle(optimise(plan(Artwork(clean), wanted, device="cpu"))).rgb,
        "before": before.settled(clean, before.change(clean, goal, others, 10, SCORE), SCORE),
    }
    found: Row = {"family": family}
    for way, made in ways.items():
        control = blend(clean, goal, Score(ssimulacra2(clean, made)))
        found[way] = share(clean, goal, made, family)
        found[f"blend {way}"] = share(clean, goal, control, family)
    return found


def by_kind(rows: dict[str, Row]) -> dict[str, Any]:
    """The summary over all pictures, and over those of each kind."""
    kinds = {"all": list(rows), **{row["kind"]: [] for row in rows.values()}}
    for name, row in rows.items():
        kinds[row["kind"]].append(name)
    return {
        kind: {**summary(some := {name: rows[name] for name in names}), **over_blend(some)}
        for kind, names in kinds.items()
    }


def over_blend(rows: dict[str, Row]) -> dict[str, Any]:
    """On families left out: means, and the ratio of the means to those of the blends."""
    found: dict[str, Any] = {}
    for way in ("now", "before"):
        ours, control = (
            [row["left out"][key] for row in rows.values()] for key in (way, f"blend {way}")
        )
        ratio = statistics.fmean(ours) / statistics.fmean(control)
        found[f"left out, {way}"] = {**spread(ours), "over the blend": ratio}
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--size", type=int, default=256)
    asked.add_argument("--kinds", help="only pictures of these kinds, with commas")
    args = asked.parse_args()
    about = {"size": args.size}
    rows = kept(f"thirty-{args.size}", about, "pictures")
    for turn, (kind, name, clean, goal) in enumerate(pictures(args.size)):
        if name in rows or (args.kinds and kind not in args.kinds.split(",")):
            continue
        pair, sizes = (clean[0], goal[0]), [str(args.size // 2), str(args.size)]
        rows[name] = {
            "kind": kind,
            **measured(*pair, sizes, None),
            "left out": left_out(*pair, FAMILIES[turn % len(FAMILIES)]),
        }
        print(name, rows[name]["ratios"]["before"]["fsim"], rows[name]["left out"], flush=True)
        found = {**about, "summary": by_kind(rows), "pictures": rows}
        save(f"thirty-{args.size}", found)


if __name__ == "__main__":
    main()
