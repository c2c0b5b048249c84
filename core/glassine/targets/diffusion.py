"""Targets from a Stable Diffusion that lies on this machine; nothing here ever downloads one.

The folder is what diffusers' `save_pretrained` writes. It is found in $GLASSINE_DIFFUSION, or as
`stable-diffusion` beside the other models.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor

from ..errors import EntryMissing, WeightsMissing
from ..machine import weights
from ..pixels.grid import to_array, to_tensor
from ..pixels.resize import lanczos

_NAME, _VARIABLE = "stable-diffusion", "GLASSINE_DIFFUSION"
_SIDE = 512  # pixels; what Stable Diffusion 1.x was trained on
_ANCHOR_SEED, _STEPS, _GUIDANCE = 123, 50, 7.5  # Nightshade's released code
_STRENGTH = 0.5  # of img2img: the scene stays, its style goes
_MULTIPLE = 8


def diffusion_present() -> bool:
    """Whether there is a folder; a missing diffusers is reported only when it is used."""
    return bool(os.environ.get(_VARIABLE)) or weights.present(_NAME)


def diffusion_folder() -> Path:
    named = os.environ.get(_VARIABLE)
    path = Path(named) if named else weights.folder_of(_NAME)
    if not (path / "model_index.json").is_file():
        raise WeightsMissing("diffusion.no_index", path=path, variable=_VARIABLE)
    return path


def photo(concept: str, device: str) -> Tensor:
    """ "a photo of a {concept}" with one fixed seed: the same anchor on every machine with it."""
    run, draw = pipeline("Pipeline", device), Generator().manual_seed(_ANCHOR_SEED)
    out = run(
        f"a photo of a {concept}",
        num_inference_steps=_STEPS,
        guidance_scale=_GUIDANCE,
        generator=draw,
        output_type="np",
    )
    return torch.from_numpy(np.ascontiguousarray(out.images[0].transpose(2, 0, 1))).float()


def restyled(rgb: Tensor, words: str, draw: Generator, device: str) -> Tensor:
    """(3, H, W) -> the same scene "in the style of {words}", by img2img as Glaze renders it."""
    height, width = rgb.shape[1:]
    scale = _SIDE / min(height, width)
    size = [max(_SIDE, round(side * scale / _MULTIPLE) * _MULTIPLE) for side in (height, width)]
    small = Image.fromarray(to_array(lanczos(rgb, *size), 8))
    seed = int(torch.randint(2**31, (), generator=draw))
    out = pipeline("Img2ImgPipeline", device)(
        f"a painting in the style of {words}",
        image=small,
        strength=_STRENGTH,
        num_inference_steps=_STEPS,
        guidance_scale=_GUIDANCE,
        generator=Generator().manual_seed(seed),
    )
    return lanczos(to_tensor(np.asarray(out.images[0].convert("RGB"))), height, width)


@cache
def pipeline(kind: str, device: str) -> Callable[..., Any]:
    """The folder's own pipeline ("Pipeline"), or the same model's img2img ("Img2ImgPipeline").

    `device` is what it runs on, as torch names it.
    """
    if find_spec("diffusers") is None:
        raise EntryMissing("target", "diffusion", "diffusers")
    place = diffusion_folder()
    index = json.loads((place / "model_index.json").read_text("utf-8"))
    name = str(index.get("_class_name", "")).removesuffix("Pipeline") + kind
    import diffusers  # seconds to load, and only needed here

    if not hasattr(diffusers, name):
        raise WeightsMissing("diffusion.too_new", place=place, name=name)
    run = getattr(diffusers, name).from_pretrained(
        place, local_files_only=True, torch_dtype=torch.float32
    )
    run.set_progress_bar_config(disable=True)
    moved: Callable[..., Any] = run.to(device)
    return moved
