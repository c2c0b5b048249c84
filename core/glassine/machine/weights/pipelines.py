"""A model folder as diffusers saves it, looked at before anything in it is loaded.

Weights are read from safetensors alone: a pickle can run whatever its maker wrote into it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ...errors import WeightsMissing
from ...messages import Field, message

INDEX, CONFIG, SHARDS = "model_index.json", "config.json", ".safetensors.index.json"
TENSORS, PICKLES = ".safetensors", (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_HALF = ".fp16"  # between a file's name and its end, where a folder holds that variant
_NAMED = 6  # of what lies in a folder
_LENGTH = 8  # bytes at the beginning of a safetensors file: how long its header is
_LONGEST = 100_000_000  # bytes of a header; safetensors itself takes no more


@dataclass(frozen=True)
class Part:
    """One network of the folder.

    numbers  how many its weights are
    variant  "fp16" where only such files are there
    """

    folder: Path
    config: dict[str, Any]
    numbers: int
    variant: str | None


def pipeline_index(folder: Path) -> dict[str, Any]:
    """What its index says; raises WeightsMissing where it is no such folder."""
    if not folder.is_dir():
        raise WeightsMissing("model.no_folder", folder=folder)
    if not (folder / INDEX).is_file():
        raise WeightsMissing("model.no_index", folder=folder, found=lying_in(folder))
    return read_json(folder / INDEX)


def read_json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsMissing("model.unreadable", file=file) from error
    if not isinstance(found, dict):
        raise WeightsMissing("model.unreadable", file=file)
    return found


def lying_in(folder: Path) -> tuple[Field, ...]:
    """Names of what lies in it, the first of them; a message where that is nothing."""
    names = sorted(path.name for path in folder.iterdir())
    few = tuple(islice(names, _NAMED))
    if more := len(names) - len(few):
        return (*few, message("cli.and_more", count=more))
    return few or (message("model.nothing"),)


def part_of(folder: Path, name: str) -> Part:
    """The network in that subfolder, every file of it whole; raises WeightsMissing else."""
    return part_at(folder / name)


def part_at(place: Path) -> Part:
    """The same of the network's own folder."""
    if not (place / CONFIG).is_file():
        found = lying_in(place.parent) if place.parent.is_dir() else ()
        raise WeightsMissing("model.no_part", folder=place.parent, name=place.name, found=found)
    config = read_json(place / CONFIG)
    files = weight_files(place)
    variant = _HALF[1:] if all(_HALF in file.name for file in files) else None
    return Part(place, config, sum(map(numbers_in, files)), variant)


def weight_files(place: Path) -> list[Path]:
    """The safetensors of a network, all of its parts; of two variants the whole one."""
    found = sorted(place.glob(f"*{TENSORS}"))
    found = [file for file in found if _HALF not in file.name] or found
    wanted = {name for index in place.glob(f"*{SHARDS}") for name in shards_in(index)}
    for name in sorted(wanted - {file.name for file in place.glob(f"*{TENSORS}")}):
        raise WeightsMissing("model.no_shard", folder=place, name=name)
    if found:
        return found
    pickles = sorted(file.name for file in place.iterdir() if file.suffix in PICKLES)
    if pickles:
        raise WeightsMissing("model.pickle", folder=place, name=pickles[0])
    raise WeightsMissing("model.no_weights", folder=place, found=lying_in(place))


def shards_in(index: Path) -> Iterator[str]:
    shards = read_json(index).get("weight_map")
    yield from map(str, shards.values() if isinstance(shards, dict) else ())


def numbers_in(file: Path) -> int:
    """How many numbers a safetensors file holds; raises WeightsMissing where it was cut off."""
    whole = file.stat().st_size
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(_LENGTH), "little")
            header = json.loads(stream.read(length)) if length < min(whole, _LONGEST) else None
        rows = [row for name, row in header.items() if name != "__metadata__"]  # type: ignore[union-attr]
        needed = _LENGTH + length + max((row["data_offsets"][1] for row in rows), default=0)
        numbers = sum(math.prod(row["shape"]) for row in rows)
    except (OSError, ValueError, AttributeError, KeyError, TypeError, IndexError) as error:
        raise WeightsMissing("model.no_safetensors", file=file, bytes=whole) from error
    if whole != needed:
        raise WeightsMissing("model.cut_off", file=file, bytes=whole, needed=needed)
    return int(numbers)
