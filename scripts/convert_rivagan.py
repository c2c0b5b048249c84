"""invisible-watermark's ONNX decoder -> core/glassine/marks/weights/rivagan.safetensors.

It was run once and is kept for the record. Needs `onnx` and the unpacked wheel invisible-watermark
0.2.0 (MIT):
    pip download --no-deps invisible-watermark==0.2.0 && unzip invisible_watermark*.whl -d wheel
    python scripts/convert_rivagan.py wheel/imwatermark
The numbers stay the same; only names change, and the video axis of length one is dropped.
"""

import sys
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import save_file

TO = Path(__file__).parents[1] / "core/glassine/marks/weights/rivagan.safetensors"


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    graph = onnx.load(folder / "rivagan_decoder.onnx").graph
    found = {}
    for one in graph.initializer:
        if one.name.startswith("_"):  # the rest are shapes
            value = torch.from_numpy(numpy_helper.to_array(one).copy())
            value = value[:, :, 0] if value.ndim == 5 else value
            found[one.name.lstrip("_")] = value.contiguous()
    return found


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    note = {"source": "invisible-watermark 0.2.0 (MIT), RivaGAN (MIT)"}
    save_file(tensors(folder), TO, note)
    print(TO, TO.stat().st_size)
