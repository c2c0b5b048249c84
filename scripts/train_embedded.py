#!/usr/bin/env python3
"""Makes the embedded surrogate: the five tiny encoders in bytes, thinned and trained if asked.

    python -m lab.study.embedded.pictures                # fetch and pack the pictures, once
    python scripts/train_embedded.py --out DIR --hours 0 # what ships: all channels, no training
    python scripts/train_embedded.py --out DIR --hours 0 --inner 48,48,48,48  # thinned, refitted
    python scripts/train_embedded.py --out DIR --hours 1 # trained; the same command continues
    python scripts/train_embedded.py --out DIR \\
        --export core/glassine/surrogates/weights/embedded.safetensors

DIR gets a checkpoint, curve.jsonl and curve.png. Each step is described in lab/study/embedded.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # lab/
from glassine.surrogates.embedded import SCALE, load_branches

from lab.study.embedded.common import FAMILIES, teacher
from lab.study.embedded.factor import compress, cost
from lab.study.embedded.heal import heal, taken_up
from lab.study.embedded.pictures import Crops
from lab.study.embedded.refit import refit
from lab.study.embedded.thin import thin


def begin(args: argparse.Namespace) -> dict[str, torch.nn.Module]:
    """Branches before training: from a file if given, else the teachers, thinned if asked."""
    if args.start:
        return load_branches(Path(args.start))
    if not (args.inner or args.factor):
        return {k: teacher(k) for k in args.families}
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


def train(args: argparse.Namespace) -> None:
    torch.manual_seed(args.seed)
    run = taken_up(Path(args.out), lambda: begin(args), args.rate)
    heal(run, args)
    try:
        from lab.study.embedded.curve import drawn
    except ImportError as error:  # the weights are saved; only the picture is missing
        print(f"No picture of the curve was drawn: {error}. Try: pip install -e '.[study]'")
        return
    drawn(run.folder / "curve.jsonl", run.folder / "curve.png")


def export(args: argparse.Namespace) -> None:
    state = torch.load(Path(args.out) / "checkpoint.pt", weights_only=True)["mean"]
    about = {"made_by": "scripts/train_embedded.py", "licence": "MIT (weights derived from TAESD)"}
    save_file(small(state), args.export, about)
    for k, net in load_branches(Path(args.export)).items():
        print(k, share(net, teacher(k)))
    print(f"{Path(args.export).stat().st_size / 1e6:.1f} MB")


def small(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """3x3 weights inside the blocks as bytes with a scale per output channel, the rest float16."""
    out = {}
    for k, v in state.items():
        if ".conv." not in k or v.shape[2:] != (3, 3):
            out[k] = v.half().contiguous()
            continue
        scale = (v.abs().amax((1, 2, 3)).clamp_min(1e-6) / 127).half()
        whole = (v / scale.float()[:, None, None, None]).round().clamp(-127, 127)
        out[k], out[k + SCALE] = whole.to(torch.int8).contiguous(), scale
    return out


def widths(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def asked() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--out", required=True)
    p.add_argument("--hours", type=float, default=1.0)
    p.add_argument("--inner", type=widths, help="channels kept inside the blocks, e.g. 48,48,48,48")
    p.add_argument("--factor", type=widths, help="low rank instead, e.g. 48,48,48,48 by stage")
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
