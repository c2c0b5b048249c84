"""Seconds and memory of a step through a denoiser: python -m lab.bench.denoiser [--kind sd15]

The UNet of Stable Diffusion 1.5 or XL in its published configuration, with random weights and a
small autoencoder in front; nothing is fetched. If its weights do not fit into free memory, it says
so and measures nothing. --kind embedded: the research surrogate that ships, as it is. Results in
results/denoiser-KIND.json; --write only puts those that are there into docs/denoisers.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..places import ROOT
from .record import read, save

if TYPE_CHECKING:
    from glassine.explore.denoising import Through
    from glassine.machine.device import Device

ROOM = 3.0  # times the weights must be free: for activations, and for other programs
SIDES, LOSSES = (256, 512), ("error", "distilled")
SHAPES: dict[str, dict[str, Any]] = {
    "sd15": {
        "block_out_channels": (320, 640, 1280, 1280),
        "cross_attention_dim": 768,
        "attention_head_dim": 8,
    },
    "sdxl": {
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 2, 10),
        "cross_attention_dim": 2048,
        "attention_head_dim": (5, 10, 20),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
}
"""Kind -> the published model's config.json, as far as it differs from diffusers' own defaults."""
EMBEDDED = "embedded"
NUMBERS = {EMBEDDED: 1.5e6, "sd15": 860e6, "sdxl": 2570e6}
"""Number of weights, roughly; known before anything is made."""

NAMES = {EMBEDDED: "research surrogate", "sd15": "SD 1.5's size", "sdxl": "SDXL's size"}
CALLED = {"error": "`advdm`", "distilled": "`sds`"}
PAGE = ROOT / "docs" / "denoisers.md"
START, END = "<!-- steps: lab/bench/denoiser.py -->", "<!-- end of steps -->"


def through(kind: str, device: Device) -> Through:
    """A random network of that shape on the device, as the loop looks through a model."""
    import torch
    from diffusers import AutoencoderTiny, UNet2DConditionModel
    from glassine.denoisers import DENOISERS
    from glassine.denoisers.loaded import Model, guesser
    from glassine.denoisers.noise import noise_of
    from glassine.explore.denoising import Through, through_folder
    from glassine.machine.weights import SHIPPED_MODEL
    from glassine.types import Intent

    if kind == EMBEDDED:
        return through_folder(str(SHIPPED_MODEL), Intent.prompt, device)
    before = torch.get_default_dtype()
    torch.set_default_dtype(device.dtype)  # else it is made in float32 first: twice the memory
    try:
        net = UNet2DConditionModel(**SHAPES[kind]).eval().requires_grad_(False)
    finally:
        torch.set_default_dtype(before)
    net.enable_gradient_checkpointing()
    net = net.to(device.kind)
    width = SHAPES[kind]["cross_attention_dim"]
    words = {"text": torch.zeros(1, 77, width), "pooled": torch.zeros(1, 1280)}
    words = {name: one.to(device.kind, device.dtype) for name, one in words.items()}
    entry = DENOISERS["sd" if kind == "sd15" else kind]
    says = guesser(entry, net, words, device)
    eye = AutoencoderTiny().eval().requires_grad_(False).to(device.kind)
    sees = Model(kind, says, noise_of({"beta_schedule": "scaled_linear"}), 1.0, 0.0, net)
    return Through(sees, lambda rgb: eye.encode(rgb).latents)


def steps(
    found: Through, loss: str, side: int, device: Device
) -> Callable[[], tuple[float, float]]:
    """A function that takes one step and says how long that took: seconds, and seconds of cores."""
    import torch
    from glassine.explore.denoising import looked_at
    from glassine.types import Denoising

    seen = looked_at(Denoising(loss=loss, source=""), found, 500, 1)  # type: ignore[arg-type]
    picture = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0))

    def step() -> tuple[float, float]:
        at = picture.to(device.kind).requires_grad_(True)
        began, worked = time.monotonic(), time.process_time()
        torch.autograd.grad(seen(at).square().sum(), at)[0].sum().item()
        return time.monotonic() - began, time.process_time() - worked

    return step


def measured(kind: str, device: Device, sides: tuple[int, ...] = SIDES) -> dict[str, Any]:
    """Seconds a step by loss and side, and the most memory; or why nothing was measured."""
    import torch
    from glassine.denoisers.loaded import memory_of

    needed, there = ROOM * NUMBERS[kind] * device.dtype.itemsize, memory_of(device)
    if needed > there:
        return {"skipped": f"{needed / 1e9:.0f} GB wanted, {there / 1e9:.0f} GB free"}
    found = through(kind, device)
    seen: dict[str, Any] = {
        "weights": sum(one.numel() for one in found.sees.net.parameters()),
        "dtype": str(device.dtype),
    }
    for side in sides:
        for loss in LOSSES:
            if device.kind == "cuda":
                torch.cuda.reset_peak_memory_stats()
            step = steps(found, loss, side, device)
            (first, _), (second, cores) = step(), step()
            row = {"first": first, "second": second, "cores": cores, "peak": peak(device)}
            seen[f"{side} {loss}"] = row
            print(kind, side, loss, row, flush=True)
    return seen


def worded() -> str:
    """A table of the results that are there, as Markdown, and where they were measured."""
    found = {kind: told for kind in NAMES if (told := read(f"denoiser-{kind}"))}
    lines = ["| model | picture | step of | seconds | memory of the process |"]
    lines.append("|---|---:|---|---:|---:|")
    for kind, told in found.items():
        for side in SIDES:
            for loss in LOSSES:
                if row := told.get(f"{side} {loss}"):
                    memory = f"{row['peak'] / 1e9:.1f} GB" if row["peak"] else "-"
                    spent = f"{row['cores']:.2g}".removeprefix("0")
                    cells = (NAMES[kind], f"{side} px", CALLED[loss], spent, memory)
                    lines.append(f"| {' | '.join(cells)} |")
    where = sorted({place_of(told) for told in found.values()})
    return "\n".join([*lines, "", f"Measured on: {'; '.join(where)}."])


def place_of(told: dict[str, Any]) -> str:
    """The machine and the commit of a result."""
    about, dtype = told["circumstances"], told["dtype"].removeprefix("torch.")
    threads = "one thread" if about["threads"] == 1 else f"{about['threads']} threads"
    return f"{about['processor']}, {threads}, {dtype}, commit {about['commit']}"


def write(text: str) -> None:
    """Puts the text between the page's two marks."""
    before, _, rest = PAGE.read_text("utf-8").partition(START)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{START}\n{text}\n{END}{after}", "utf-8")


def peak(device: Device) -> int | None:
    """Most bytes used: on a card since the last reset, else by this process since it began."""
    import torch

    if device.kind == "cuda":
        return int(torch.cuda.max_memory_allocated())
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    from glassine.machine.device import choose

    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kind", choices=tuple(NAMES), default="sd15")
    asked.add_argument("--device", default="auto")
    asked.add_argument("--sides", default=",".join(map(str, SIDES)))
    asked.add_argument("--write", action="store_true", help="only fill docs/denoisers.md")
    given = asked.parse_args()
    if given.write:
        return write(worded())
    sides = tuple(int(side) for side in given.sides.split(","))
    save(f"denoiser-{given.kind}", measured(given.kind, choose(given.device), sides))


if __name__ == "__main__":
    main()
