"""A cloak x handlings and removals: python -m lab.bench.matrix [--variant NAME]

Every picture is protected once per variant, all at the same SSIMULACRA2, and measured as posted and
after each purifier, on encoders that were used and on encoders that were held out. A line per
picture is written as soon as it is measured, all variants of a picture before the next picture; a
stopped run resumes. `--table` makes results/matrix.json and results/matrix.md from all lines.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import torch
from glassine.evidence.schema import as_json
from glassine.evidence.sight import sighted
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.flow.verify import verify
from glassine.types import Artwork, Intent, Plan, Protected

from ..places import SHARED
from ..rows import Row, add, rows
from . import before
from .effect import SCORE
from .pictures import pictures
from .record import RESULTS, machine

Table = dict[str, Any]

USED, HELD_OUT = ("sd15", "flux2"), ("flux1",)
PURIFIERS = (
    "jpeg85",
    "jpeg75",
    "jpeg60",
    "half",
    "noise05",
    "adverse_cleaner",
    "round_trip",
    "waifu2x",
    "realesrgan_anime",
    "noisy_upscale",
    "oidn",
    "dat",
    "realsr",
    "maxim",
)
STEPS_BEFORE = 10
"""Each through both families, as many gradients as twenty steps through one."""


def as_it_is(chosen: Plan) -> Protected:
    """The engine of now."""
    return settle(optimise(chosen))


def as_before(chosen: Plan) -> Protected:
    """The method of c1768e7, towards the same goal."""
    clean, goal = chosen.artwork.rgb, chosen.goals[0].picture
    moved = before.change(clean, goal, chosen.surrogates, STEPS_BEFORE, chosen.score)
    return Protected(chosen, before.settled(clean, moved, chosen.score))


VARIANTS: dict[str, Callable[[Plan], Protected]] = {"plain": as_it_is, "before": as_before}
"""Variant -> how the copy is made; both have one seed and one goal per picture."""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--variant", choices=VARIANTS, action="append")
    asked.add_argument("--folder", type=Path, default=SHARED / "art")
    asked.add_argument("--side", type=int, default=256)
    asked.add_argument("--effort", default="quick")
    asked.add_argument("--pictures", type=int, help="only the first of them, art first")
    asked.add_argument("--table", action="store_true")
    given = asked.parse_args()
    if not given.table:
        run(given.variant or list(VARIANTS), given)
    table()


def run(variants: list[str], asked: argparse.Namespace) -> None:
    todo = ordered(pictures(asked.folder, asked.side))
    for seed, (name, artwork) in itertools.islice(enumerate(todo), asked.pictures):
        for variant in variants:
            file = lines_of(variant)
            if any(row["picture"] == name for row in rows(file)):
                continue
            began = time.monotonic()
            add(file, measured(variant, seed, artwork, asked) | {"picture": name})
            print(variant, name, f"{time.monotonic() - began:.0f} s", flush=True)


def lines_of(variant: str) -> Path:
    return RESULTS / f"matrix-{variant}.jsonl"


def measured(variant: str, seed: int, artwork: Artwork, asked: argparse.Namespace) -> Row:
    """One line: how the copy was made, its cost, its effect as posted and after each purifier."""
    began = time.monotonic()
    wanted = Intent(seed=seed, effort=asked.effort, surrogates=USED, strength=SCORE)
    made = VARIANTS[variant](replace(plan(artwork, wanted), held_out=HELD_OUT))
    told = {"variant": variant, "side": asked.side, "effort": asked.effort}
    told |= {"goal": str(made.plan.goals[0].says), "seconds": round(time.monotonic() - began, 1)}
    report = as_json(verify(made, purifiers=PURIFIERS, sight=sighted(made, asked.side)))
    said = {key: report[key] for key in ("cost", "effects", "trials")}
    return told | {"machine": machine()} | said


def ordered(found: dict[str, Artwork]) -> list[tuple[str, Artwork]]:
    """One painting, flat, lines, then the rest: so a run that is stopped early has every kind."""
    names = [n for n in found if n not in ("flat", "lines")]
    first = [names[0], "flat", "lines", *names[1:]]
    return [(name, found[name]) for name in first]


def table() -> None:
    """All lines -> one JSON and one Markdown file; variants on the pictures they share."""
    lines = {variant: rows(lines_of(variant)) for variant in VARIANTS}
    lines = {variant: found for variant, found in lines.items() if found}
    if not lines:
        return
    told = {
        title: {variant: summary(found) for variant, found in part.items()}
        for title, part in parts(lines).items()
    }
    (RESULTS / "matrix.json").write_text(json.dumps(told, indent=1) + "\n")
    text = "\n".join(markdown(title, part) for title, part in told.items())
    (RESULTS / "matrix.md").write_text(text)
    print(text)


def parts(lines: dict[str, list[Row]]) -> dict[str, dict[str, list[Row]]]:
    """Title -> variant -> lines: each variant alone, then all on the pictures that they share."""
    found = {f"all pictures of {variant}": {variant: own} for variant, own in lines.items()}
    shared = set.intersection(*({row["picture"] for row in own} for own in lines.values()))
    if len(lines) > 1:
        found[f"pictures that {', '.join(lines)} have"] = {
            variant: [row for row in own if row["picture"] in shared]
            for variant, own in lines.items()
        }
    return found


def summary(rows: list[Row]) -> Table:
    """Means over pictures of the share of the gap closed, beside the blend that looks the same."""
    names = ["", *(t["name"] for t in rows[0]["trials"] if t["verdict"] != "not run")]
    after = {name: cell(rows, name) for name in names}
    return {
        "pictures": len(rows),
        "side": rows[0]["side"],
        "ssimulacra2": round(fmean(row["cost"]["ssimulacra2"] for row in rows), 2),
        "lpips": round(fmean(row["cost"]["lpips"] for row in rows), 4),
        "seconds": round(fmean(row["seconds"] for row in rows), 1),
        "worst": min(after, key=lambda name: after[name]["covered"]),
        "after": after,
    }


def cell(rows: list[Row], name: str) -> Table:
    used, held = per_picture(rows, name, "used"), per_picture(rows, name, "held out")
    whole = per_picture(rows, "", "used")
    left = [(u[0] - u[1]) / (w[0] - w[1]) for u, w in zip(used, whole, strict=True)]
    worst = min(range(len(left)), key=left.__getitem__)
    return {
        "covered": round(fmean(u[0] for u in used), 4),
        "spread": round(pstdev([u[0] for u in used]), 4),
        "blend": round(fmean(u[1] for u in used), 4),
        "held_out": round(fmean(h[0] for h in held), 4),
        "held_out_blend": round(fmean(h[1] for h in held), 4),
        "left": round(fmean(left), 4),
        "worst": round(left[worst], 4),
        "worst_picture": rows[worst]["picture"],
    }


def per_picture(rows: list[Row], name: str, role: str) -> list[tuple[float, float]]:
    """Mean share of the gap of each picture, and its blend's."""
    found = []
    for row in rows:
        effects = [e for e in row["effects"] if e["after"] == name and e["role"] == role]
        found.append((fmean(e["closed"] for e in effects), fmean(e["blend"] for e in effects)))
    return found


def markdown(title: str, variants: dict[str, Table]) -> str:
    first = next(iter(variants.values()))
    heads = [f"{v}: covered (blend)" for v in variants]
    if len(variants) == 1:
        heads += ["spread", "held out (blend)", "left", "worst picture"]
    lines = [
        f"**{title}** ({first['pictures']} pictures of {first['side']} px, SSIMULACRA2 "
        f"{first['ssimulacra2']:.0f}; per cent of the latent distance to the target)",
        "",
        f"| after | {' | '.join(heads)} |",
        "|---" * (len(heads) + 1) + "|",
    ]
    for name in first["after"]:
        cells = [share(v["after"][name], "covered", "blend") for v in variants.values()]
        if len(variants) == 1:
            row = first["after"][name]
            cells += [f"{100 * row['spread']:.1f}", share(row, "held_out", "held_out_blend")]
            cells += [f"{100 * row['left']:.0f}"]
            cells += [f"{100 * row['worst']:.0f} ({row['worst_picture']})"]
        lines.append(f"| {name or 'as posted'} | {' | '.join(cells)} |")
    if len(variants) > 1:
        worst = [(v["worst"], v["after"][v["worst"]]["covered"]) for v in variants.values()]
        cells = [f"{100 * covered:.1f} ({name})" for name, covered in worst]
        lines.append(f"| **worst case** | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def share(row: Table, what: str, control: str) -> str:
    return f"{100 * row[what]:.1f} ({100 * row[control]:.1f})"


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
