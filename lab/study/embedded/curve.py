"""A training's curve as a picture: agreement of input gradients with the teachers' over time.

python -m lab.study.embedded.curve DIR/curve.jsonl CURVE.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ...drawing import pyplot
from ...rows import rows


def drawn(log: Path, picture: Path) -> None:
    found = rows(log)
    figure, axes = pyplot().subplots(figsize=(6, 3.6), layout="constrained")
    families = [k for k in found[0] if k not in ("step", "seconds", "kind")]
    for number, family in enumerate(families):
        for kind, style in (("train", ":"), ("held", "-")):
            points = [(r["seconds"] / 60, r[family]) for r in found if r["kind"] == kind]
            if points:
                label = family if kind == "held" else None
                axes.plot(*zip(*points, strict=True), style, color=f"C{number}", label=label)
    axes.set(xlabel="minutes", ylabel="agreement with the teacher's gradient", ylim=(0, 1))
    axes.legend(ncols=len(families), fontsize=8, loc="upper center")
    figure.savefig(picture, dpi=110)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("log", type=Path, help="curve.jsonl of a training")
    asked.add_argument("picture", type=Path)
    given = asked.parse_args()
    drawn(given.log, given.picture)
