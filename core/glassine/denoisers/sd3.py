"""The transformer of Stable Diffusion 3 and 3.5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Denoiser, Words

if TYPE_CHECKING:
    from torch import Tensor


def worded(pipeline: Any, prompt: str) -> Words:  # noqa: ANN401 - diffusers has no types
    text, _, pooled, _ = pipeline.encode_prompt(
        prompt, None, None, device="cpu", do_classifier_free_guidance=False
    )
    return {"text": text, "pooled": pooled}


def guessed(net: Any, noisy: Tensor, times: Tensor, words: Words) -> Tensor:  # noqa: ANN401
    count = len(noisy)
    out: Tensor = net(
        noisy,
        encoder_hidden_states=words["text"].expand(count, -1, -1),
        pooled_projections=words["pooled"].expand(count, -1),
        timestep=times,
        return_dict=False,
    )[0]
    return out


ENTRY = Denoiser(
    covers="Stable Diffusion 3 and 3.5",
    pipelines=("StableDiffusion3Pipeline", "StableDiffusion3Img2ImgPipeline"),
    part="transformer",
    unused=("feature_extractor", "image_encoder"),
    multiple=2,
    worded=worded,
    guessed=guessed,
)
