"""Effect over cost as a picture: python -m lab.bench.curve, from results/effect-256.json.

Needs matplotlib (pip install -e '.[study]'). Writes docs/pictures/effect-over-cost.png.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from ..drawing import pyplot
from ..places import ROOT
from .record import read
from .tables import mean

LINES = {"the surrogate that ships": "embedded,", "all five encoders in turn": "five families,"}
BEFORE = "before,"


def points(rows: dict[str, Any], names: list[str]) -> Iterator[tuple[float, ...]]:
    """Costs and effects, from cheap to dear."""
    return zip(*sorted((rows[name]["passes"], mean(rows[name])) for name in names), strict=True)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    found = read("effect-256")
    assert found, "first run: python -m lab.bench.effect FOLDER"
    rows = found["summary"]
    figure, axes = pyplot().subplots(figsize=(6.4, 3.8), layout="constrained")
    for says, begins in LINES.items():
        axes.plot(*points(rows, [n for n in rows if n.startswith(begins)]), "o-", label=says)
    names = [name for name in rows if name.startswith(BEFORE)]
    axes.plot(*points(rows, names), "s", color="grey", label="before (c1768e7): the same two")
    axes.axhline(mean(rows["blend"]), color="grey", ls=":", label="plain blend (control)")
    axes.set(
        xlabel="cost: gradients of one encoder in float32",
        ylabel="share of the gap closed, mean of five",
        title=f"balanced, {found['size']} px, {rows['blend']['sd15']['count']} paintings",
        ylim=(0, None),
    )
    axes.legend(fontsize=8, loc="lower right")
    figure.savefig(ROOT / "docs/pictures/effect-over-cost.png", dpi=110)


if __name__ == "__main__":
    main()
