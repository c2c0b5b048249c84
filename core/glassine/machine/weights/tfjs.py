"""Tensors of a TensorFlow.js graph model: a table in JSON, and the numbers one after another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

TYPES = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}


def read_tensors(graph: Path, numbers: Path) -> dict[str, Tensor]:
    """Name -> tensor; raises ValueError where the table and the number of bytes disagree."""
    groups = json.loads(graph.read_text("utf-8"))["weightsManifest"]
    return cut_tensors(groups, numbers.read_bytes())


def cut_tensors(groups: Sequence[dict[str, Any]], data: bytes) -> dict[str, Tensor]:
    """As `read_tensors`, from the graph's `weightsManifest` and all bytes in its order."""
    at, found = 0, dict[str, Tensor]()
    for row in (row for group in groups for row in group["weights"]):
        kind, count = np.dtype(TYPES[row["dtype"]]), int(np.prod(row["shape"], dtype=int))
        part = np.frombuffer(data, kind, count, at).reshape(row["shape"])
        found[row["name"]] = torch.from_numpy(part.copy())
        at += count * kind.itemsize
    if at != len(data):
        raise ValueError(f"{len(data)} bytes for {at}")
    return found
