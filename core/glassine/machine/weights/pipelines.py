"""A model folder in diffusers' layout, checked before anything in it is loaded.

Only safetensors are read: loading a pickle can run any code.
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
_HALF = ".fp16"  # in a file's name, before the suffix, for the half-precision variant
_NAMED = 6  # names that a message lists of a folder's contents
_LENGTH = 8  # bytes at the beginning of a safetensors file that tell its header's length
_LONGEST = 100_000_000  # bytes of a header; safetensors itself accepts no more


@dataclass(frozen=True)
class Part:
    """One network of the folder.

    numbers  how many numbers its weights have
    variant  "fp16" where there are only such files
    """

    folder: Path
    config: dict[str, Any]
    numbers: int
    variant: str | None


def pipeline_index(folder: Path) -> dict[str, Any]:
    """The folder's model_index.json; raises WeightsMissing where there is none."""
    if not folder.is_dir():
        raise WeightsMissing("model.no_folder", folder=folder)
    if not (folder / INDEX).is_file():
        raise WeightsMissing("model.no_index", folder=folder, found=lying_in(folder))
    return read_json(folder / INDEX)


def read_json(file: Path) -> dict[str, Any]:
    """The JSON object in a file; raises WeightsMissing where it holds none."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsMissing("model.unreadable", file=file) from error
    if not isinstance(found, dict):
        raise WeightsMissing("model.unreadable", file=file)
    return found


def lying_in(folder: Path) -> tuple[Field, ...]:
    """The first names in the folder and how many more there are, for messages."""
    names = sorted(path.name for path in folder.iterdir())
    few = tuple(islice(names, _NAMED))
    if more := len(names) - len(few):
        return (*few, message("cli.and_more", count=more))
    return few or (message("model.nothing"),)


def part_of(folder: Path, name: str) -> Part:
    """The network in that subfolder; raises WeightsMissing where a file is missing or cut off."""
    return part_at(folder / name)


def part_at(place: Path) -> Part:
    """As `part_of`, for the network's own folder."""
    if not (place / CONFIG).is_file():
        found = lying_in(place.parent) if place.parent.is_dir() else ()
        raise WeightsMissing("model.no_part", folder=place.parent, name=place.name, found=found)
    config = read_json(place / CONFIG)
    files = weight_files(place)
    variant = _HALF[1:] if all(_HALF in file.name for file in files) else None
    return Part(place, config, sum(map(numbers_in, files)), variant)


def weight_files(place: Path) -> list[Path]:
    """All safetensors files of a network; of two variants the one in full precision."""
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
    """Names of the files that an index of shards lists."""
    shards = read_json(index).get("weight_map")
    yield from map(str, shards.values() if isinstance(shards, dict) else ())


def numbers_in(file: Path) -> int:
    """How many numbers a safetensors file holds; raises WeightsMissing where it is damaged."""
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
