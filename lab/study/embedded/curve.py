"""A training's curve as a picture: agreement of input gradients with the teachers' over time.

python -m lab.study.embedded.curve DIR/curve.jsonl CURVE.png
"""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def drawn(log: Path, picture: Path) -> None:
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
    families = [k for k in rows[0] if k not in ("step", "seconds", "kind")]
    for number, family in enumerate(families):
        for kind, style in (("train", ":"), ("held", "-")):
            points = [(r["seconds"] / 60, r[family]) for r in rows if r["kind"] == kind]
            if points:
                label = family if kind == "held" else None
                axes.plot(*zip(*points, strict=True), style, color=f"C{number}", label=label)
    axes.set(xlabel="minutes", ylabel="agreement with the teacher's gradient", ylim=(0, 1))
    axes.legend(ncols=len(families), fontsize=8, loc="upper center")
    figure.savefig(picture, dpi=110)


if __name__ == "__main__":
    drawn(Path(sys.argv[1]), Path(sys.argv[2]))
