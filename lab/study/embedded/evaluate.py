"""Goals 1, 2 and 4 (README): gap closed on the real encoders at SSIMULACRA2 70, beside the blend.

python -m lab.study.embedded.evaluate WEIGHTS --out ROWS.jsonl [--size 256] [--long 10] ...
python -m lab.study.embedded.evaluate --table ROWS.jsonl
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from glassine.surrogates.embedded import load_branches
from torch import Tensor

from ...rows import Row, note, rows
from .common import FAMILIES, Nets, attack, closing, scaled, ssimulacra2, teachers, walking
from .unseen import pictures

Make = Callable[[], Tensor]


def ways(
    turn: int, nets: Nets, real: Nets, x: Tensor, t: Tensor, args: argparse.Namespace
) -> Iterator[tuple[str, Make, Row]]:
    """(name, how to make the perturbation, what else to note) for picture number `turn`."""

    def ours(steps: int, branches: Nets = nets) -> Tensor:
        return attack(branches, x, t, steps, draw=args.draw)

    def warm() -> Tensor:
        return attack(real, x, t, args.warm, start=ours(args.steps))

    yield "blend", lambda: t - x, {}
    yield f"embedded x{args.steps}", lambda: ours(args.steps), {}
    if turn < args.long:
        yield f"embedded x{3 * args.steps}", lambda: ours(3 * args.steps), {}
    if turn < args.held:
        out = list(FAMILIES)[turn % 5]
        four = {k: n for k, n in nets.items() if k != out}
        yield "held out", lambda: ours(args.steps, four), {"out": out}
        if turn < args.real:
            rest = {k: n for k, n in real.items() if k != out}
            ceiling = f"held out, real x{args.steps}"
            yield ceiling, lambda: attack(rest, x, t, args.steps), {"out": out}
    if turn < args.real:
        yield f"real x{args.steps}", lambda: attack(real, x, t, args.steps), {}
        yield f"real x{args.steps}, one drawn", lambda: attack(real, x, t, args.steps, draw=1), {}
        yield f"real x{args.warm}", lambda: attack(real, x, t, args.warm), {}
        yield f"embedded x{args.steps}, then real x{args.warm}", warm, {}


def main(args: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    real = teachers()
    loaded = load_branches(Path(args.weights))
    nets = {k: walking(loaded[k], alone=args.draw == 1) for k in FAMILIES}
    five = {k: walking(net, alone=False) for k, net in real.items()}
    done = {(r["picture"], r["size"], r["way"]) for r in rows(args.out)}
    order = [row for row in pictures(args.size) if row[0] in (args.kind or row[0])]
    random.Random(0).shuffle(order)  # so that an interrupted run has pictures of all kinds
    for turn, (kind, name, x, t) in enumerate(order[: args.most]):
        closed = closing(real, x, t)
        about = {"weights": Path(args.weights).stem, "size": args.size, "kind": kind}
        for way, make, more in ways(turn, nets, five, x, t, args):
            if (name, args.size, way) in done:
                continue
            # processor seconds of this process, because other programs use the machine too
            started = time.process_time()
            change = make()
            spent = {"seconds": time.process_time() - started}
            y = scaled(x, change)
            score = {"ssimulacra2": ssimulacra2(x, y)}
            note(args.out, about | {"picture": name, "way": way} | spent | score | closed(y) | more)


def spread(values: list[float]) -> tuple[float, float]:
    """95 % of the bootstrap means over pictures."""
    rng = random.Random(0)
    means = sorted(sum(rng.choices(values, k=len(values))) / len(values) for _ in range(1000))
    return means[25], means[975]


def table(path: Path) -> str:
    """Markdown: every way over all pictures, then over each kind."""
    done = rows(path)
    blend = {(r["picture"], r["size"]): r for r in done if r["way"] == "blend"}
    lines = [f"| pictures | way | n | {' | '.join(FAMILIES)} | mean | / blend (95 %) | CPU s |"]
    lines.append("|" + "---|" * 11)
    for kind in (None, *dict.fromkeys(r["kind"] for r in done)):
        for way in dict.fromkeys(r["way"] for r in done):
            mine = [r for r in done if r["way"] == way and kind in (None, r["kind"])]
            if mine:
                control = [blend[r["picture"], r["size"]] for r in mine]
                cells = held if way.startswith("held out") else closed_by
                lines.append(f"| {kind or 'all'} | {way} | {len(mine)} | {cells(mine, control)} |")
    return "\n".join(lines)


def closed_by(mine: list[Row], control: list[Row]) -> str:
    """Means per family beside the blend's, and the spread of the ratio over pictures."""
    mean = {k: sum(r[k] for r in mine) / len(mine) for k in FAMILIES}
    plain = {k: sum(r[k] for r in control) / len(control) for k in FAMILIES}
    ratios = [
        sum(r[k] for k in FAMILIES) / sum(c[k] for k in FAMILIES)
        for r, c in zip(mine, control, strict=True)
    ]
    low, high = spread(ratios)
    total = sum(mean.values()) / sum(plain.values())
    seconds = sum(r["seconds"] for r in mine) / len(mine)
    cells = [f"{mean[k]:.3f} ({mean[k] / plain[k]:.1f}x)" for k in FAMILIES]
    cells += [f"{sum(mean.values()) / 5:.3f}", f"{total:.2f} ({low:.2f}-{high:.2f})"]
    return " | ".join([*cells, f"{seconds:.1f}"])


def held(mine: list[Row], control: list[Row]) -> str:
    """Means over pictures, each on the family that was left out for it."""
    moved = sum(r[r["out"]] for r in mine)
    ratio = moved / sum(c[r["out"]] for r, c in zip(mine, control, strict=True))
    return f"| | | | | {moved / len(mine):.3f} | {ratio:.2f} |"


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("weights", nargs="?")
    p.add_argument("--out", type=Path)
    p.add_argument("--size", type=int, default=256)
    p.add_argument("--steps", type=int, default=10)
    p.add_argument("--draw", type=int, default=1, help="families per step, 0 = all")
    p.add_argument("--kind", action="append", help="only these kinds of pictures")
    p.add_argument("--most", type=int, default=30, help="pictures")
    p.add_argument("--long", type=int, default=0, help="pictures with three times the steps too")
    p.add_argument("--held", type=int, default=0, help="pictures with one family left out, in turn")
    p.add_argument("--real", type=int, default=0, help="pictures on which the real five attack too")
    p.add_argument("--warm", type=int, default=3, help="real steps after the embedded start")
    p.add_argument("--table", type=Path)
    args = p.parse_args()
    print(table(args.table)) if args.table else main(args)
