"""TAEF2's decoder -> core/glassine/surrogates/weights/taef2_decoder.safetensors, in float16.

It was run once and is kept for the record. It takes the published file, or one as safetensors:
    python scripts/convert_taef2.py taef2_decoder.pth
The numbers stay the same: they are published in float16. In bytes the file would have a third of
this size, and its pictures a PSNR of 38 to 46 dB against the pictures of this one.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

TO = Path(__file__).parents[1] / "core/glassine/surrogates/weights/taef2_decoder.safetensors"


def halved(source: Path) -> dict[str, torch.Tensor]:
    whole = (
        load_file(source)
        if source.suffix == ".safetensors"
        else torch.load(source, map_location="cpu", weights_only=True)
    )
    return {name: value.half().contiguous() for name, value in sorted(whole.items())}


if __name__ == "__main__":
    save_file(halved(Path(sys.argv[1])), TO, {"source": "madebyollin/taesd, taef2 (MIT)"})
    print(TO, TO.stat().st_size)
