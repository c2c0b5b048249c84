"""The UNet of Stable Diffusion XL, which also gets the picture's original size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Denoiser, Words

if TYPE_CHECKING:
    from torch import Tensor

STRIDE = 8  # pixels along a latent's side


def worded(pipeline: Any, prompt: str) -> Words:  # noqa: ANN401 - diffusers has no types
    text, _, pooled, _ = pipeline.encode_prompt(
        prompt, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False
    )
    return {"text": text, "pooled": pooled}


def guessed(net: Any, noisy: Tensor, times: Tensor, words: Words) -> Tensor:  # noqa: ANN401
    count, (high, wide) = len(noisy), (STRIDE * side for side in noisy.shape[2:])
    # original size, cut at (0, 0), target size
    size = noisy.new_tensor([high, wide, 0, 0, high, wide])
    more = {
        "text_embeds": words["pooled"].expand(count, -1),
        "time_ids": size.expand(count, -1),
    }
    out: Tensor = net(
        noisy,
        times,
        encoder_hidden_states=words["text"].expand(count, -1, -1),
        added_cond_kwargs=more,
        return_dict=False,
    )[0]
    return out


ENTRY = Denoiser(
    covers="Stable Diffusion XL",
    pipelines=("StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline"),
    part="unet",
    unused=("feature_extractor", "image_encoder"),
    worded=worded,
    guessed=guessed,
)
