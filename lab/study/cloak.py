"""Does a cloak hide a style? python -m lab.study.cloak [--model PATH] [--only KINDS] [--table]

A trained model is fine-tuned on 18 works of one artist under a word of their own: as they are,
cloaked, cloaked and then purified, with the change scattered, and as a blend that looks the same.
Then samples are drawn for that word. Measured: what a classifier of styles says, and the distance
of the samples' Gram matrices (of a network that nothing was optimised against) to the artist's
other works and to these in the cloak's target style. Doses as in poison.py. Hönig et al. (2024)
use eighteen works, too. `clean/lora` and the like: LoRA instead of all weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from ..rows import Row, note, rows
from . import base, common, judge, pictures
from .learners import Learner
from .pictures import Captioned

WORKS, CAPTION = 18, "a portrait by victim"
TARGET = base.STYLES[0]
VALUES = ("as_artist", "as_target", "along", "gram", "to_artist", "to_target", "closed")
COLUMNS = (
    common.Column("gap closed", "closed"),
    common.Column("called the artist's style", "as_artist"),
    common.Column("called the target's", "as_target"),
    common.Column("samples moved towards the target", "along"),
    common.Column("Gram distance to artist", "to_artist"),
    common.Column("to target", "to_target"),
)
LIGHT = ("jpeg75", "adverse_cleaner")


def jobs(seeds: int) -> Iterator[tuple[str, int]]:
    """(kind, seed): what matters most comes first."""
    ends = ["clean", "cloaked@70", "latents@1"]
    doses = ["latents@0.5", "cloaked@0", "cloaked@30", "latents@0.2", "latents@0.35"]
    doses += ["latents@0.75", "cloaked@55", "cloaked@-100"]
    looks = ["scattered", "blend", *(f"cloaked@70+{name}" for name in LIGHT)]
    lora = [f"{kind}/lora" for kind in ends]
    yield from ((kind, 0) for kind in (*ends, *doses, *looks, *lora))
    again = (*ends, "scattered", "blend", *looks[2:], "latents@0.5", "cloaked@0", "cloaked@30")
    yield from ((kind, seed) for seed in range(1, seeds) for kind in (*again, *lora))


def run(asked: argparse.Namespace) -> None:
    first, later = pictures.split(pictures.portraits())
    learner = common.learner(asked)
    sees, right = base.style_judge(asked.home, common.judges_eye(asked, learner))
    works, restyled = pair(asked.home, "portraits-later", later, learner.side, WORKS)
    others, beside = pair(asked.home, "portraits-first", first, learner.side)
    styles = {"artist": judge.grams(others), "target": judge.grams(beside)}
    now, aim = learner.latents(works), learner.latents(restyled)
    done = {key(row) for row in rows(asked.out)}
    for kind, seed in jobs(asked.seeds):
        row = {"kind": kind, "seed": seed, **asked.settings}
        if key(row) in done or not common.wanted(asked, kind):
            continue
        changed = taken(asked, learner, kind.split("/")[0], works, restyled, now, aim)
        captions, lora = [CAPTION] * WORKS, kind.endswith("/lora")
        tuned = learner.finetuned(changed, captions, seed=seed, steps=asked.steps, lora=lora)
        shown = tuned.sampled(CAPTION, asked.samples, seed=100 + seed)
        page = f"{asked.out.stem}-{kind.replace('/', '-')}-{seed}.png"
        common.sheet(asked.home / "sheets" / page, shown)
        row["closed"] = common.closed(now, changed, aim)
        row["along"] = common.along(learner.latents(shown), now, aim)
        row |= measured(shown, sees, styles)
        note(asked.out, row | {"judge_accuracy": round(right, 3), **learner.describe()})


def measured(
    shown: Tensor, sees: judge.Classifier, styles: dict[str, list[Tensor]]
) -> dict[str, float]:
    """What the judges say. `gram` is below 0 for samples nearer to the artist's style, above 0 for
    those nearer to the target's."""
    votes, seen = judge.called(sees, base.shrunk(shown, base.MASTER)), judge.grams(shown)
    near = {name: judge.apart(seen, style) for name, style in styles.items()}
    between = judge.apart(styles["artist"], styles["target"])
    return {
        "as_artist": votes["plain"],
        "as_target": votes[TARGET],
        "to_artist": near["artist"],
        "to_target": near["target"],
        "gram": (near["artist"] - near["target"]) / between,
    }


def pair(
    home: Path, name: str, found: list[Captioned], side: int, most: int | None = None
) -> tuple[Tensor, Tensor]:
    """The artist's pictures in `found`, and the same restyled; the base model has seen neither."""
    large = max(side, base.MASTER)
    whole = base.prepared(home, name, found, large)
    own = whole[[one.label == pictures.VICTIM for one in found]][:most]
    other = base.restyled(home, f"{name}-{len(own)}-{large}-", own, TARGET)
    return base.shrunk(own, side), base.shrunk(other, side)


def key(row: Row) -> tuple[object, ...]:
    return tuple(row[k] for k in ("kind", "seed", "steps", "surrogates"))


def taken(
    asked: argparse.Namespace,
    learner: Learner,
    kind: str,
    works: Tensor,
    restyled: Tensor,
    now: Tensor,
    aim: Tensor,
) -> Tensor:
    """Latents of the works as whoever trains on them gets them."""
    kind, _, after = kind.partition("+")
    name, _, dose = kind.partition("@")
    if name == "clean":
        return now
    if name == "latents":
        return now + float(dose) * (aim - now)
    seen = common.protected(
        works,
        restyled,
        name="cloak",
        score=int(dose or 70),
        home=asked.home,
        surrogates=asked.surrogates,
    )
    if after:
        seen = common.purified(seen, after)
    elif name in ("scattered", "blend"):
        file = asked.home / f"cloak-controls-{asked.surrogates}-{learner.side}.pt"
        both = common.controls(works, seen, restyled, file)
        seen = both[("scattered", "blend").index(name)]
    return learner.latents(seen)


def table(file: Path) -> None:
    """Rows -> means and spread over seeds, as JSON and as a Markdown table."""
    found = rows(file)
    if not found:
        return
    lines = common.grouped(found, ("kind",), VALUES)
    lines.sort(key=lambda line: place(line["kind"]))
    common.write_table(file, lines, {"fine-tuned on": "{kind}"}, COLUMNS)


def place(kind: str) -> tuple[str, int, float, str]:
    """A row's place in the table: controls, purified works, doses from low to high, then LoRA."""
    plain, _, how = kind.partition("/")
    name, _, dose = plain.partition("+")[0].partition("@")
    order = ("clean", "scattered", "blend", "cloaked", "latents")
    worth = float(dose or 0) * (-1 if name == "cloaked" else 1)
    return how, order.index(name), worth, plain


if __name__ == "__main__":
    common.main("cloak", run, table, steps=150, samples=24)
