"""Searches saved to disk and resumed: changes for a set of pictures, one file for each picture."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file, save
from torch import Tensor

from ..errors import NotUsable
from ..machine import files
from ..pixels.grid import pixel_digest
from ..types import Plan

FOUND = "found"


def put_aside(file: Path, tensors: dict[str, Tensor]) -> None:
    """Writes the tensors to the file, as a whole or not at all."""
    files.write(file, save({name: one.cpu().contiguous() for name, one in tensors.items()}))


def taken_up(file: Path) -> dict[str, Tensor]:
    return load_file(file)


def file_of(plan: Plan) -> Path:
    """Where the change of the plan's picture is kept, named by the digest of its clean pixels."""
    digest = pixel_digest(plan.artwork.rgb, plan.artwork.keep.depth)
    return Path(plan.found) / f"{digest}.{FOUND}.safetensors"


def kept_change(plan: Plan) -> Tensor:
    """(3, H, W) float16, found together with those of the other pictures of the set.

    Raises NotUsable where the picture was not in the set.
    """
    file = file_of(plan)
    if not file.is_file():
        raise NotUsable("subject.not_in_set", folder=plan.found)
    return taken_up(file)[FOUND]
