"""torchvision's SqueezeNet 1.1 -> core/glassine/visibility/weights/squeezenet1_1.safetensors.

It was run once and is kept for the record. It takes torchvision's file, or its features as
safetensors:
    python scripts/convert_squeezenet.py squeezenet1_1-b8a52dc0.pth
Only the convolutions that LPIPS uses are kept, under torchvision's names, in float16: LPIPS stays
the same to four digits, and the file is half as large.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

TO = Path(__file__).parents[1] / "core/glassine/visibility/weights/squeezenet1_1.safetensors"
FEATURES = "features."


def trunk(source: Path) -> dict[str, torch.Tensor]:
    whole = load_file(source) if source.suffix == ".safetensors" else torch.load(source)
    rows = {
        name.removeprefix(FEATURES): value.half().contiguous()
        for name, value in whole.items()
        if not name.startswith("classifier.")
    }
    return dict(sorted(rows.items()))


if __name__ == "__main__":
    TO.parent.mkdir(exist_ok=True)
    save_file(trunk(Path(sys.argv[1])), TO, {"source": "torchvision squeezenet1_1 (BSD-3)"})
    print(TO, TO.stat().st_size)
