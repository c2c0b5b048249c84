"""The UNet of Stable Diffusion 1.x and 2.x."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Denoiser, Words

if TYPE_CHECKING:
    from torch import Tensor


def worded(pipeline: Any, prompt: str) -> Words:  # noqa: ANN401 - diffusers has no types
    text, _ = pipeline.encode_prompt(prompt, "cpu", 1, False)
    return {"text": text}


def guessed(net: Any, noisy: Tensor, times: Tensor, words: Words) -> Tensor:  # noqa: ANN401
    text = words["text"].expand(len(noisy), -1, -1)
    out: Tensor = net(noisy, times, encoder_hidden_states=text, return_dict=False)[0]
    return out


ENTRY = Denoiser(
    covers="Stable Diffusion 1.x and 2.x",
    pipelines=("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline"),
    part="unet",
    unused=("safety_checker", "feature_extractor", "image_encoder"),
    worded=worded,
    guessed=guessed,
)
