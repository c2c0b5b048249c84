"""Pictures and tables of what was measured: python -m lab.study.plots

results/*-SIDE.jsonl -> results/base-SIDE.png, doses-SIDE.png and the tables in the study's README.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..drawing import pyplot
from ..rows import Row, rows
from . import cloak, common, poison

README = Path(__file__).parent / "README.md"
SIDES = (64, 128)
INK, TEAL, RUST, GREY = "#22282d", "#1d7a78", "#b5532a", "#9aa3a8"
LOOK = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    for side in SIDES:
        drawn(side)
    filled(README, common.RESULTS)


def drawn(side: int) -> None:
    """Everything about the model of one size."""
    at = common.RESULTS
    curve(at / f"base-{side}.json", at / f"base-{side}.png")
    poisoned, cloaked = (at / f"{name}-{side}.jsonl" for name in ("poison", "cloak"))
    poison.table(poisoned)
    cloak.table(cloaked)
    if poisoned.exists() and cloaked.exists():
        doses(poisoned, cloaked, at / f"doses-{side}.png")


def curve(source: Path, out: Path) -> None:
    """Loss of the base training against steps."""
    if not source.exists():
        return
    points = json.loads(source.read_text())["curve"]
    figure, axes = canvas(1, 1, figsize=(4.4, 2.4))
    axes.plot([p[0] for p in points], [p[1] for p in points], color=TEAL, lw=1.6)
    axes.set(xlabel="step", ylabel="mean squared error of the noise", ylim=(0, None))
    axes.set_title("Training the small model", loc="left", color=INK)
    figure.tight_layout()
    figure.savefig(out)


def canvas(*shape: int, **more: object) -> tuple[Any, Any]:
    """A figure in the study's look, and its axes."""
    plots = pyplot()
    plots.rcParams.update(LOOK)
    figure, axes = plots.subplots(*shape, dpi=110, **more)
    return figure, axes


def doses(poisoned: Path, cloaked: Path, out: Path) -> None:
    """What the samples show against how much of the gap the training pictures closed."""
    figure, both = canvas(1, 2, figsize=(8.4, 3.4), sharey=True)
    lines = [row for row in rows(poisoned) if row["share"] in (0.0, 1.0)]
    other = f"called {poison.OTHER}"
    panel(both[0], lines, "poison", "as_other", f"Poison: {poison.SOURCE}, all changed", other)
    lines = [row for row in rows(cloaked) if "/" not in row["kind"]]
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


def panel(
    axes: Any,  # noqa: ANN401 - of matplotlib
    found: Iterable[Row],
    name: str,
    value: str,
    title: str,
    says: str,
    legend: str = "upper left",
) -> None:
    lines = common.grouped(found, ("kind",), (value, "closed"))
    series = {
        "latents": ("o-", TEAL, "latents set part of the way"),
        name: ("s-", RUST, "pictures"),
    }
    for start, (mark, colour, label) in series.items():
        row = [at for at in lines if re.fullmatch(rf"(clean|{start}@[\d.-]+)", at["kind"])]
        row.sort(key=lambda at: at["closed"])
        x, y = ([at[k] for at in row] for k in ("closed", value))
        spread = [at[f"{value}_spread"] or 0 for at in row]
        axes.errorbar(x, y, spread, fmt=mark, color=colour, label=label, ms=4, lw=1.3, capsize=2)
        for at in row:
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


def filled(readme: Path, results: Path) -> None:
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
