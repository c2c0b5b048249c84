"""Does poison poison? python scripts/study/poison.py [--model PATH] [--table]

One concept's pictures are added to a trained model, a share of them changed, all with the same
caption. Then the concept is sampled and a classifier that knows neither the model nor the encoder
says what it sees. Against: clean pictures, the same change scattered at random, a blend that looks
the same, and (upper bound) pictures of the other concept under the wrong caption.

With --model PATH the same runs on a local Stable Diffusion with LoRA (scripts/study/stable.py).
The small model sees through the very encoder that was optimised against: the best case for poison.
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
import small
import torch

SOURCE, OTHER, NEIGHBOURS = "fruit", "flag", ("flower", "insect")
SHARES = (0.5, 0.2, 0.05, 0.01)
KINDS = ("poison", "scattered", "blend", "mislabelled")
FILE = common.RESULTS / "poison.jsonl"


def main():
    asked = arguments()
    if asked.table:
        return table(asked)
    home = asked.home
    (first, later), _ = base.parts()
    coder = small.Small(base.vocabulary(), *small.taesd())
    sees, right = base.classifier(home, "concepts", first, coder, held=later)
    learner = chosen(asked)
    whole = base.prepared(home, "concepts-later", later, learner.side)
    sets = changed(asked, whole, later)
    done = {key(row) for row in common.rows(asked.out)}
    for seed, (kind, share) in itertools.product(range(asked.seeds), jobs()):
        row = {"kind": kind, "share": share, "seed": seed, **asked.settings}
        if key(row) in done:
            continue
        row |= one(learner, sees, sets, whole, later, row, asked)
        common.add(asked.out, row | {"judge_accuracy": round(right, 3), **learner.describe()})
    return table(asked)


def arguments():
    asked = argparse.ArgumentParser()
    asked.add_argument("--model", type=Path, help="a local Stable Diffusion in diffusers' layout")
    asked.add_argument("--home", type=Path, default=small.HOME)
    asked.add_argument("--out", type=Path, default=FILE)
    asked.add_argument("--seeds", type=int, default=2)
    asked.add_argument("--steps", type=int, default=200, help="of fine-tuning")
    asked.add_argument("--samples", type=int, default=48)
    asked.add_argument("--score", type=float, default=70.0, help="SSIMULACRA2 of the changed ones")
    asked.add_argument("--surrogates", default="sd15")
    asked.add_argument("--table", action="store_true")
    asked = asked.parse_args()
    asked.settings = {
        "steps": asked.steps,
        "samples": asked.samples,
        "score": asked.score,
        "surrogates": asked.surrogates,
    }
    return asked


def chosen(asked):
    if asked.model:
        import stable

        return stable.Stable(asked.model)
    return base.model(asked.home)


def jobs():
    """Clean once, then every kind at every share, large shares first: they would show it."""
    yield "clean", 0.0
    yield from ((kind, share) for share in SHARES for kind in KINDS)


def key(row):
    return tuple(row[k] for k in ("kind", "share", "seed", "steps", "score", "surrogates"))


def changed(asked, whole, later):
    """Kind -> changed pictures of the concept, in its order."""
    own = whole[[one.label == SOURCE for one in later]]
    others = whole[[one.label == OTHER for one in later]]
    count = round(max(SHARES) * len(own))
    anchor = others[0]
    made = common.protected(
        own[:count],
        anchor,
        surrogates=tuple(asked.surrogates.split(",")),
        score=asked.score,
        steps=10,
        seed=1,
        home=asked.home,
        name=f"poison-{asked.surrogates}-{asked.score:.0f}-{whole.shape[-1]}",
    )
    scattered, blend = common.controls(own[:count], made, anchor)
    wrong = others[1 : count + 1]
    return {"poison": made, "scattered": scattered, "blend": blend, "mislabelled": wrong}


def one(learner, sees, sets, whole, later, row, asked):
    """Fine-tunes on the later half, that share of the concept changed, and asks what is drawn."""
    mixed = whole.clone()
    places = [at for at, one in enumerate(later) if one.label == SOURCE]
    count = round(row["share"] * len(places))
    if count:
        mixed[places[:count]] = sets[row["kind"]][:count]
    captions = [one.caption for one in later]
    tuned = learner.finetuned(mixed, captions, seed=row["seed"], steps=asked.steps)
    told = {"changed": count, "of": len(places)}
    for label in (SOURCE, *NEIGHBOURS):
        shown = tuned.sampled(f"a picture of a {label}", asked.samples, seed=100 + row["seed"])
        votes = judge.called(sees, shown)
        told |= {f"{label}_right": votes[label], f"{label}_as_other": votes[OTHER]}
        keep(asked.home, row, label, shown)
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in told.items()}


def keep(home, row, label, shown):
    """A sheet of samples to look at."""
    from glassine.pixels import to_array
    from PIL import Image

    sheet = torch.cat([torch.cat(list(line), 2) for line in shown[:16].split(8)], 1)
    folder = home / "sheets"
    folder.mkdir(exist_ok=True)
    name = f"{row['kind']}-{row['share']:g}-{row['seed']}-{label}.png"
    Image.fromarray(to_array(sheet, 8)).save(folder / name)


def table(asked):
    """Lines -> results/poison.json and a Markdown table, means and spread over seeds."""
    found, lines = common.rows(asked.out), []
    groups = {(row["kind"], row["share"]): [] for row in found}
    for row in found:
        groups[row["kind"], row["share"]].append(row)
    for (kind, share), rows in sorted(groups.items(), key=lambda item: (-item[0][1], item[0][0])):
        cells = {"kind": kind, "share": share, "seeds": len(rows)}
        for name in (f"{SOURCE}_as_other", f"{SOURCE}_right", f"{NEIGHBOURS[0]}_right"):
            values = [row[name] for row in rows]
            cells |= {name: round(fmean(values), 3), f"{name}_spread": round(pstdev(values), 3)}
        lines.append(cells)
    if not lines:
        return
    asked.out.with_suffix(".json").write_text(json.dumps(lines, indent=1) + "\n")
    text = [
        f"| added {SOURCE} pictures | changed | drawn {SOURCE} called {OTHER} | called {SOURCE} "
        f"| {NEIGHBOURS[0]} called right | seeds |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in lines:
        cells = [
            f"{row[n]:.2f} ± {row[n + '_spread']:.2f}"
            for n in (f"{SOURCE}_as_other", f"{SOURCE}_right", f"{NEIGHBOURS[0]}_right")
        ]
        head = f"| {row['kind']} | {row['share']:.0%}"
        text.append(f"{head} | {' | '.join(cells)} | {row['seeds']} |")
    asked.out.with_suffix(".md").write_text("\n".join(text) + "\n")
    print("\n".join(text))


if __name__ == "__main__":
    torch.set_num_threads(1)
    assert SOURCE in pictures.CONCEPTS and OTHER in pictures.CONCEPTS
    main()
