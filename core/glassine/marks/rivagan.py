"""RivaGAN's two networks, used at one fixed size so that any picture can carry and give the bits.

Zhang et al., "Robust Invisible Video Watermarking with Attention" (2019), MIT; the ONNX files are
those of invisible-watermark 0.2.0 (ShieldMnt, MIT), shipped beside this file (THIRD_PARTY.md).
The residual is made at 256 x 256 and scaled up: measured to survive resizing and cropping, which
the networks at full size do not, and to cost the same for every size.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from ..errors import WeightsMissing

SIDE = 256
BITS = 32
_WEIGHTS = Path(__file__).with_name("weights")
_SHA256 = {
    "rivagan_encoder": "66bc7814fadac7d686105c8ab26c6cf2cc8e40deb83e67bb6ef5b9de9b8ece0d",
    "rivagan_decoder": "6b006690cf352fa50a91a0b6d6241dbcded0a9957969e2c0665cf9a7011b3880",
}


@lru_cache(maxsize=2)
def _network(name: str) -> onnxruntime.InferenceSession:
    file = _WEIGHTS / f"{name}.onnx"
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != _SHA256[name]:
        raise WeightsMissing(
            f"The watermark needs {file}, which is missing or damaged. "
            f"Install Glassine again; the file is part of it."
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def residual(picture: Tensor, bits: NDArray[np.float32]) -> Tensor:
    """(3, H, W) in [0, 1] and 32 bits -> what to add, same shape, about +-3 levels."""
    small = shrunk(picture)
    said = _network("rivagan_encoder").run(None, {"frame": _frame(small), "data": bits[None]})[0]
    marked = torch.from_numpy(said)[0, :, 0].clamp(-1, 1) / 2 + 0.5
    height, width = picture.shape[1:]
    change = interpolate((marked - small)[None], (height, width), mode="bicubic")
    return change[0]


def heard(picture: Tensor) -> NDArray[np.float32]:
    """(3, H, W) in [0, 1] -> 32 numbers; the sign is the bit, the size how clearly it is heard."""
    frame = _frame(shrunk(picture))
    return np.asarray(_network("rivagan_decoder").run(None, {"frame": frame})[0][0])


def shrunk(picture: Tensor) -> Tensor:
    small: Tensor = interpolate(
        picture[None].float().cpu(), (SIDE, SIDE), mode="bicubic", antialias=True
    )
    return small[0].clamp(0, 1)


def _frame(small: Tensor) -> NDArray[np.float32]:
    """(3, 256, 256) in [0, 1] -> (1, 3, 1, 256, 256) in [-1, 1]: a film of one picture."""
    return np.asarray((small * 2 - 1)[None, :, None].numpy(), dtype=np.float32)
