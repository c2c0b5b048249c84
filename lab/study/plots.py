"""Pictures and tables of what was measured: python -m lab.study.plots

results/*-SIDE.jsonl -> results/base-SIDE.png, doses-SIDE.png and the tables in the study's README.
"""

import json
import re
from pathlib import Path

import matplotlib

from . import cloak, common, poison

matplotlib.use("Agg")
from matplotlib import pyplot

README = Path(__file__).parent / "README.md"
SIDES = (64, 128)
INK, TEAL, RUST, GREY = "#22282d", "#1d7a78", "#b5532a", "#9aa3a8"
pyplot.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})


def main():
    for side in SIDES:
        drawn(side)
    filled(README, common.RESULTS)


def drawn(side):
    """Everything about the model of one size."""
    at = common.RESULTS
    curve(at / f"base-{side}.json", at / f"base-{side}.png")
    files = [at / f"{name}-{side}.jsonl" for name in ("poison", "cloak")]
    poison.table(files[0])
    cloak.table(files[1])
    if all(file.exists() for file in files):
        doses(*files, at / f"doses-{side}.png")


def curve(source, out):
    """Loss of the base training against steps."""
    if not source.exists():
        return
    points = json.loads(source.read_text())["curve"]
    figure, axes = pyplot.subplots(figsize=(4.4, 2.4), dpi=110)
    axes.plot([p[0] for p in points], [p[1] for p in points], color=TEAL, lw=1.6)
    axes.set(xlabel="step", ylabel="mean squared error of the noise", ylim=(0, None))
    axes.set_title("Training the small model", loc="left", color=INK)
    figure.tight_layout()
    figure.savefig(out)


def doses(poisoned, cloaked, out):
    """What the samples show against how much of the gap the training pictures closed."""
    figure, both = pyplot.subplots(1, 2, figsize=(8.4, 3.4), dpi=110, sharey=True)
    lines = [row for row in common.rows(poisoned) if row["share"] in (0.0, 1.0)]
    other = f"called {poison.OTHER}"
    panel(both[0], lines, "poison", "as_other", f"Poison: {poison.SOURCE}, all changed", other)
    lines = [row for row in common.rows(cloaked) if "/" not in row["kind"]]
    panel(
        both[1],
        lines,
        "cloaked",
        "as_target",
        "Cloak: eighteen works",
        "called target's style",
        "lower right",
    )
    both[0].set_ylabel("share of samples")
    figure.tight_layout()
    figure.savefig(out)


def panel(axes, rows, name, value, title, says, legend="upper left"):
    lines = common.grouped(rows, ("kind",), (value, "closed"))
    series = {
        "latents": ("o-", TEAL, "latents set part of the way"),
        name: ("s-", RUST, "pictures"),
    }
    for start, (mark, colour, label) in series.items():
        found = [at for at in lines if re.fullmatch(rf"(clean|{start}@[\d.-]+)", at["kind"])]
        found.sort(key=lambda at: at["closed"])
        x, y = ([at[k] for at in found] for k in ("closed", value))
        spread = [at[f"{value}_spread"] or 0 for at in found]
        axes.errorbar(x, y, spread, fmt=mark, color=colour, label=label, ms=4, lw=1.3, capsize=2)
        for at in found:
            if at["kind"] == f"{name}@70":
                axes.annotate(
                    "SSIMULACRA2 70",
                    (at["closed"], at[value]),
                    (8, -14 if at[value] > 0.1 else 14),  # never on the axis
                    color=RUST,
                    textcoords="offset points",
                    fontsize=8,
                )
    for kind, mark in (("scattered", "x"), ("blend", "+")):
        for at in (line for line in lines if line["kind"] == kind):
            axes.plot(at["closed"], at[value], mark, color=GREY, label=kind, ms=7)
    axes.set(xlabel="share of the latent gap closed in training", ylim=(-0.04, 1.04))
    axes.set_title(f"{title}: {says}", loc="left", color=INK, fontsize=9)
    axes.legend(frameon=False, fontsize=8, loc=legend)


def filled(readme, results):
    """Every table between its marks is made again from what was measured."""
    text = readme.read_text()
    for file in sorted(results.glob("*.md")):
        start, end = f"<!-- {file.stem} -->", f"<!-- /{file.stem} -->"
        if start in text:
            before, rest = text.split(start, 1)
            text = before + start + "\n" + file.read_text() + end + rest.split(end, 1)[1]
    readme.write_text(text)


if __name__ == "__main__":
    main()
