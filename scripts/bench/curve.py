"""Effect over cost as a picture: python scripts/bench/curve.py, from results/effect-256.json.

Needs matplotlib (pip install 'glassine[study]'). Writes docs/pictures/effect-over-cost.png.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from tables import ROOT, mean, read

LINES = {
    "all five families in every step": "five families,",
    "one family per step": "one family per step,",
    "embedded alone": "embedded,",
    "embedded start, then all five": "embedded start,",
}
NOT = "even allowance"


def main() -> None:
    found = read("effect-256")
    assert found, "run scripts/bench/effect.py first"
    rows = found["summary"]
    figure, axes = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    for says, begins in LINES.items():
        points = sorted(
            (row["passes"], mean(row))
            for name, row in rows.items()
            if name.startswith(begins) and NOT not in name
        )
        axes.plot(*zip(*points, strict=True), "o-", label=says)
    axes.axhline(mean(rows["blend"]), color="grey", ls=":", label="plain blend (control)")
    axes.set(
        xlabel="cost: gradients of one encoder",
        ylabel="share of the gap closed, mean of five",
        title=f"SSIMULACRA2 70, {found['size']} px, {rows['blend']['sd15']['count']} paintings",
        ylim=(0, None),
    )
    axes.legend(fontsize=8, loc="lower right")
    figure.savefig(ROOT / "docs/pictures/effect-over-cost.png", dpi=110)


if __name__ == "__main__":
    main()
