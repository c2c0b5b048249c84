#!/usr/bin/env python3
"""Make the embedded surrogate: thin the five tiny encoders, refit them, optionally heal them.

    python scripts/study/embedded/pictures.py            # fetch and pack the pictures, once
    python scripts/train_embedded.py --out DIR --hours 0 # what ships: thinned, refitted; 2 minutes
    python scripts/train_embedded.py --out DIR --hours 1 # and healed; the same line continues it
    python scripts/train_embedded.py --out DIR \\
        --export core/glassine/surrogates/weights/embedded.safetensors

DIR gets a checkpoint, curve.jsonl and curve.png. What every step is: scripts/study/embedded.
"""

import argparse
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parent / "study" / "embedded"))
from common import FAMILIES, slim, teacher
from factor import compress, cost
from heal import heal, taken_up
from pictures import Crops
from refit import refit
from thin import thin

SHIPPED = (48, 48, 48, 48)  # of 64 channels inside the blocks, by stage


def begin(args) -> dict[str, torch.nn.Module]:
    """Branches before any training: from a file if given, else thinned from the teachers."""
    if args.start:
        return slim.branches({k: v.float() for k, v in load_file(args.start).items()})
    crops = Crops(96, 6, args.seed + 1)  # for the closed-form part: larger crops, more of them
    calibration, out = [crops() for _ in range(12)], {}
    for k in args.families:
        real = teacher(k)
        if args.factor:
            net, kept = compress(real, calibration[:6], args.factor), None
        else:
            net, kept = thin(real, calibration[:6], args.inner)
        out[k] = refit(net, real, calibration, kept)
        print(k, share(out[k], real), flush=True)
    return out


def share(net: torch.nn.Module, real: torch.nn.Module) -> str:
    return f"{cost(net) / cost(real):.3f} of the teacher's multiply-adds"


def train(args) -> None:
    torch.manual_seed(args.seed)
    run = taken_up(Path(args.out), lambda: begin(args), args.rate)
    heal(run, args)
    try:
        from curve import drawn
    except ImportError as error:  # the weights are there; the picture is an extra
        print(f"No picture of the curve was drawn: {error}. Try: pip install 'glassine[study]'")
        return
    drawn(run.folder / "curve.jsonl", run.folder / "curve.png")


def export(args) -> None:
    state = torch.load(Path(args.out) / "checkpoint.pt", weights_only=True)["mean"]
    about = {"made_by": "scripts/train_embedded.py", "licence": "MIT (weights derived from TAESD)"}
    halves = {k: v.half().contiguous() for k, v in state.items()}
    save_file(halves, args.export, about)
    nets = slim.branches({k: v.float() for k, v in load_file(args.export).items()})
    for k, net in nets.items():
        print(k, share(net, teacher(k)))
    print(f"{Path(args.export).stat().st_size / 1e6:.1f} MB")


def asked() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    widths = {"type": lambda s: tuple(map(int, s.split(",")))}
    p.add_argument("--out", required=True)
    p.add_argument("--hours", type=float, default=1.0)
    p.add_argument("--inner", **widths, default=SHIPPED, help="channels kept inside the blocks")
    p.add_argument("--factor", **widths, help="low rank instead, e.g. 48,48,48,48 by stage")
    p.add_argument("--families", type=lambda s: s.split(","), default=list(FAMILIES))
    p.add_argument("--start", help="begin from this .safetensors instead of thinning the teachers")
    p.add_argument("--rate", type=float, default=1e-4)
    p.add_argument("--fit", type=float, default=0.3, help="weight of the output error")
    p.add_argument("--size", type=int, default=64, help="of the crops, in pixels")
    p.add_argument("--batch", type=int, default=4)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--save-every", type=float, default=120, help="seconds")
    p.add_argument("--export", help="only write the weights of DIR to this file")
    return p.parse_args()


if __name__ == "__main__":
    args = asked()
    torch.set_num_threads(1)
    export(args) if args.export else train(args)
