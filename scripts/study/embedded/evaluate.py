"""Bars 1, 2 and 4 of the issue on the real encoders: gap closed at SSIMULACRA2 70 beside the blend control.

    python evaluate.py WEIGHTS --out ROWS.jsonl [--size 256] [--long 10] [--held 15] [--real 3] [--most 30]
    python evaluate.py --table ROWS.jsonl
"""
import argparse
import json
import random
import time
from pathlib import Path

import torch
from common import FAMILIES, attack, closing, fast, note, scaled, slim, ssimulacra2, teachers
from safetensors.torch import load_file
from unseen import pictures


def main(args) -> None:
    torch.set_num_threads(1)
    real = teachers()
    state = {k: v.float() for k, v in load_file(args.weights).items()}
    nets = {k: fast(n) for k, n in slim.branches(state).items()}
    nets = {k: nets[k] for k in FAMILIES}
    done = set()
    if args.out.exists():
        done = {(r["picture"], r["size"], r["way"]) for r in map(json.loads, args.out.read_text().splitlines())}
    how = {"colour": args.colour, "texture": args.texture, "sharp": args.sharp}
    order = list(pictures(args.size))
    random.Random(0).shuffle(order)  # an interrupted run is then a fair sample of the kinds
    for turn, (kind, name, x, t) in enumerate(order[:args.most]):
        closed = closing(real, x, t)

        def run(way, make, **more):
            if (name, args.size, way) in done:
                return
            # processor seconds of this process: the machine is shared, the clock on the wall is not ours
            started = time.process_time()
            d = make()
            seconds = time.process_time() - started
            y = scaled(x, d)
            note(args.out, {"weights": Path(args.weights).stem, "size": args.size, "kind": kind, "picture": name,
                            "way": way, "seconds": seconds, "ssimulacra2": ssimulacra2(x, y), **closed(y), **more})

        run("blend", lambda: t - x)
        run(f"embedded x{args.steps}", lambda: attack(nets, x, t, args.steps, draw=args.draw, **how))
        if turn < args.long:
            run(f"embedded x{2 * args.steps}", lambda: attack(nets, x, t, 2 * args.steps, draw=args.draw, **how))
        if turn < args.held:
            out = list(FAMILIES)[turn % 5]
            four = {k: n for k, n in nets.items() if k != out}
            run("held out", lambda: attack(four, x, t, args.steps, draw=args.draw, **how), out=out)
        if turn < args.real:
            run(f"real x{args.steps}", lambda: attack(real, x, t, args.steps, **how))
            run(f"real x{args.steps}, one drawn", lambda: attack(real, x, t, args.steps, draw=1, **how))
            run(f"real x{args.warm}", lambda: attack(real, x, t, args.warm, **how))

            def warm():
                d = attack(nets, x, t, args.steps, draw=args.draw, **how)
                return attack(real, x, t, args.warm, start=d, **how)
            run(f"embedded x{args.steps}, then real x{args.warm}", warm)


def spread(values: list[float]) -> tuple[float, float]:
    """95 % of the bootstrap means over pictures."""
    rng = random.Random(0)
    means = sorted(sum(rng.choices(values, k=len(values))) / len(values) for _ in range(1000))
    return means[25], means[975]


def table(path: Path) -> str:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    blend = {(r["picture"], r["size"]): r for r in rows if r["way"] == "blend"}
    lines = ["| pictures | way | n | " + " | ".join(FAMILIES) + " | mean | / blend (95 %) | CPU s |", "|" + "---|" * 11]
    for kinds in (None, *dict.fromkeys(r["kind"] for r in rows)):
        for way in dict.fromkeys(r["way"] for r in rows):
            mine = [r for r in rows if r["way"] == way and kinds in (None, r["kind"])]
            if not mine:
                continue
            if way == "held out":
                pairs = [(r[r["out"]], blend[r["picture"], r["size"]][r["out"]]) for r in mine]
                ratio = sum(a for a, _ in pairs) / sum(b for _, b in pairs)
                lines.append(f"| {kinds or 'all'} | held-out family | {len(mine)} | | | | | | "
                             f"{sum(a for a, _ in pairs) / len(pairs):.3f} | {ratio:.2f} | |")
                continue
            cells, both = [], []
            for k in FAMILIES:
                a = sum(r[k] for r in mine) / len(mine)
                b = sum(blend[r["picture"], r["size"]][k] for r in mine) / len(mine)
                cells.append(f"{a:.3f} ({a / b:.1f}x)")
                both.append((a, b))
            per = [sum(r[k] for k in FAMILIES) / sum(blend[r["picture"], r["size"]][k] for k in FAMILIES) for r in mine]
            low, high = spread(per)
            lines.append(f"| {kinds or 'all'} | {way} | {len(mine)} | " + " | ".join(cells)
                         + f" | {sum(a for a, _ in both) / 5:.3f} | {sum(a for a, _ in both) / sum(b for _, b in both):.2f}"
                         f" ({low:.2f}-{high:.2f}) | {sum(r['seconds'] for r in mine) / len(mine):.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("weights", nargs="?")
    p.add_argument("--out", type=Path)
    p.add_argument("--size", type=int, default=256)
    p.add_argument("--steps", type=int, default=10)
    p.add_argument("--draw", type=int, default=1, help="families per step, 0 = all")
    p.add_argument("--most", type=int, default=30, help="pictures")
    p.add_argument("--long", type=int, default=0, help="twice the steps on the first n pictures")
    p.add_argument("--held", type=int, default=0, help="leave one family out, in turn, on the first n pictures")
    p.add_argument("--real", type=int, default=0, help="also attack the real five on the first n pictures")
    p.add_argument("--warm", type=int, default=3, help="real steps after the embedded start")
    p.add_argument("--sharp", type=float, default=0.2)
    p.add_argument("--colour", type=lambda s: tuple(map(float, s.split(","))), default=(1.0, 0.7, 1.5))
    p.add_argument("--texture", action="store_true", help="the engine's texture allowance")
    p.add_argument("--table", type=Path)
    args = p.parse_args()
    print(table(args.table)) if args.table else main(args)
