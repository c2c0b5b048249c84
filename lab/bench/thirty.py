"""Ten paintings and twenty other pictures, beside the method before and the blend.

    python -m lab.study.embedded.unseen
    python -m lab.bench.thirty [--size 256] [--kinds photo,flat] [--again]

Measured as in reduced.py, as posted, after JPEG 75 and at half the size; and once more with four of
the five real encoders, on the family that was left out, another one for every picture. The first
command fetches the twenty (photos, flat art, 3D, line drawings and pixel art of four packages).
Rows are kept in results/thirty-SIZE.json, so that a long run resumes; `--again` measures those of
earlier commits anew, all but the method before.
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.types import Artwork, Intent
from glassine.units import Score
from glassine.visibility import ssimulacra2
from torch import Tensor

from ..study.embedded.unseen import pictures
from . import before
from .alike import Row
from .effect import FAMILIES, SCORE, blend
from .record import commit, kept, save, spread
from .reduced import measured, ruler, summary


def left_out(clean: Tensor, goal: Tensor, family: str, old: Row | None = None) -> Row:
    """Effects on the family by steps on the four others, each with a blend of its SSIMULACRA2.

    old  an earlier row of the same pair and family, whose method before counts
    """
    others, at = tuple(name for name in FAMILIES if name != family), str(clean.shape[1])
    wanted = Intent(target=goal, seed=1, surrogates=others, strength=SCORE)
    measure = ruler(clean, goal, [at], [family])
    ways = {"now": settle(optimise(plan(Artwork(clean), wanted, device="cpu"))).rgb}
    if old is None:
        moved = before.change(clean, goal, others, 10, SCORE)
        ways["before"] = before.settled(clean, moved, SCORE)
    found: Row = {**(old or {}), "family": family}
    for way, made in ways.items():
        control = blend(clean, goal, Score(ssimulacra2(clean, made)))
        found |= {way: measure(made)[at], f"blend {way}": measure(control)[at]}
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
    asked.add_argument("--again", action="store_true", help="measure kept rows anew: see above")
    args = asked.parse_args()
    about = {"size": args.size}
    rows = kept(f"thirty-{args.size}", about, "pictures")
    for turn, (kind, name, clean, goal) in enumerate(pictures(args.size)):
        old = rows.get(name)
        if args.kinds and kind not in args.kinds.split(","):
            continue
        if old and not (args.again and old.get("commit") != commit()):
            continue
        pair, sizes = (clean[0], goal[0]), [str(args.size // 2), str(args.size)]
        family = FAMILIES[turn % len(FAMILIES)]
        rows[name] = {
            "kind": kind,
            **measured(*pair, sizes, None, old),
            "left out": left_out(*pair, family, old and old["left out"]),
        }
        print(name, rows[name]["ratios"]["before"]["fsim"], rows[name]["left out"], flush=True)
        found = {**about, "summary": by_kind(rows), "pictures": rows}
        save(f"thirty-{args.size}", found)


if __name__ == "__main__":
    main()
