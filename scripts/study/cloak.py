"""Does a cloak hide a style? python scripts/study/cloak.py [--model PATH] [--table]

A trained model is fine-tuned on 18 works of one artist under a word of their own: as they are,
cloaked, cloaked and then purified, the change scattered, and a blend that looks the same. Then the
word is sampled. Measured: distance of the samples' Gram matrices (a network nobody optimised
against) to the artist's other works and to the cloak's target, and what a classifier over artists
says. Eighteen works and one style word are the numbers of Hönig et al. (2024).
"""

import argparse
import itertools
import json
from pathlib import Path
from statistics import fmean, pstdev

import base
import common
import judge
import pictures
import poison
import small
import torch

WORKS, CAPTION = 18, "a portrait by victim"
KINDS = ("clean", "cloaked", "scattered", "blend", "cloaked+jpeg75", "cloaked+adverse_cleaner")
FILE = common.RESULTS / "cloak.jsonl"


def main():
    asked = arguments()
    if asked.table:
        return table(asked)
    _, (first, later) = base.parts()
    coder = small.Small(base.vocabulary(), *small.taesd())
    sees, right = base.classifier(asked.home, "portraits", first, coder, held=later)
    learner = poison.chosen(asked)
    works = own(asked.home, "portraits-later", later, learner.side)[:WORKS]
    others = own(asked.home, "portraits-first", first, learner.side)
    sets, target = changed(asked, works)
    styles = {"artist": judge.grams(others), "target": judge.grams(target)}
    done = {key(row) for row in common.rows(asked.out)}
    for seed, kind in itertools.product(range(asked.seeds), KINDS):
        row = {"kind": kind, "seed": seed, **asked.settings}
        if key(row) in done:
            continue
        tuned = learner.finetuned(sets[kind], [CAPTION] * WORKS, seed=seed, steps=asked.steps)
        shown = tuned.sampled(CAPTION, asked.samples, seed=100 + seed)
        poison.keep(
            asked.home, {"kind": f"cloak-{kind}", "share": 1, "seed": seed}, pictures.VICTIM, shown
        )
        seen = judge.grams(shown)
        row |= {f"to_{name}": round(judge.apart(seen, style), 4) for name, style in styles.items()}
        row |= {"called_artist": round(judge.called(sees, shown)[pictures.VICTIM], 4)}
        common.add(asked.out, row | {"judge_accuracy": round(right, 3), **learner.describe()})
    return table(asked)


def own(home, name, found, side):
    """The artist's pictures of one half; the model has seen neither half."""
    whole = base.prepared(home, name, found, side)
    return whole[[one.label == pictures.VICTIM for one in found]]


def arguments():
    asked = argparse.ArgumentParser()
    asked.add_argument("--model", type=Path, help="a local Stable Diffusion in diffusers' layout")
    asked.add_argument("--home", type=Path, default=small.HOME)
    asked.add_argument("--out", type=Path, default=FILE)
    asked.add_argument("--seeds", type=int, default=2)
    asked.add_argument("--steps", type=int, default=150, help="of fine-tuning")
    asked.add_argument("--samples", type=int, default=32)
    asked.add_argument("--score", type=float, default=70.0)
    asked.add_argument("--surrogates", default="sd15")
    asked.add_argument("--style", help="a rendered style; without it one far enough away")
    asked.add_argument("--table", action="store_true")
    asked = asked.parse_args()
    asked.settings = {
        "steps": asked.steps,
        "samples": asked.samples,
        "score": asked.score,
        "surrogates": asked.surrogates,
    }
    return asked


def key(row):
    return tuple(row[k] for k in ("kind", "seed", "steps", "score", "surrogates"))


def changed(asked, works):
    """Kind -> the works as the thief gets them, and the works in the target's style."""
    from glassine.targets import style

    name = asked.style or style.chosen(works[0], torch.Generator().manual_seed(1))
    target = torch.stack([style.rendered(one, name) for one in works])
    made = common.protected(
        works,
        target,
        surrogates=tuple(asked.surrogates.split(",")),
        score=asked.score,
        steps=10,
        seed=1,
        home=asked.home,
        name=f"cloak-{asked.surrogates}-{asked.score:.0f}-{works.shape[-1]}-{name}",
    )
    scattered, blend = common.controls(works, made, target)
    sets = {"clean": works, "cloaked": made, "scattered": scattered, "blend": blend}
    for kind in KINDS:
        if "+" in kind:
            sets[kind] = common.purified(made, kind.split("+")[1])
    return sets, target


def table(asked):
    found, lines = common.rows(asked.out), []
    for kind in KINDS:
        rows = [row for row in found if row["kind"] == kind]
        if not rows:
            continue
        cells = {"kind": kind, "seeds": len(rows)}
        for name in ("to_artist", "to_target", "called_artist"):
            values = [row[name] for row in rows]
            cells |= {name: round(fmean(values), 3), f"{name}_spread": round(pstdev(values), 3)}
        lines.append(cells)
    if not lines:
        return
    asked.out.with_suffix(".json").write_text(json.dumps(lines, indent=1) + "\n")
    text = [
        "| fine-tuned on | style distance to the artist | to the target | called the artist's "
        "| seeds |",
        "|---|---:|---:|---:|---:|",
    ]
    for row in lines:
        cells = [
            f"{row[n]:.3f} ± {row[n + '_spread']:.3f}"
            for n in ("to_artist", "to_target", "called_artist")
        ]
        text.append(f"| {row['kind']} | {' | '.join(cells)} | {row['seeds']} |")
    asked.out.with_suffix(".md").write_text("\n".join(text) + "\n")
    print("\n".join(text))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
