"""The transformer of FLUX.1: 2 x 2 latents are one token, and each token has its position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import Denoiser, Words

if TYPE_CHECKING:
    from torch import Tensor

THOUSAND = 1000  # the network multiplies its timesteps by it
GUIDANCE = 1.0  # the scale at which a guidance-distilled model predicts as one without guidance


def worded(pipeline: Any, prompt: str) -> Words:  # noqa: ANN401 - diffusers has no types
    text, pooled, places = pipeline.encode_prompt(prompt, None, device="cpu")
    return {"text": text, "pooled": pooled, "places": places}


def guessed(net: Any, noisy: Tensor, times: Tensor, words: Words) -> Tensor:  # noqa: ANN401
    from diffusers import FluxPipeline

    (count, channels, high, wide), kind = noisy.shape, noisy.dtype
    tokens = FluxPipeline._pack_latents(noisy, count, channels, high, wide)
    places = FluxPipeline._prepare_latent_image_ids(count, high // 2, wide // 2, noisy.device, kind)
    guidance = noisy.new_full((count,), GUIDANCE) if net.config.guidance_embeds else None
    out = net(
        hidden_states=tokens,
        timestep=times / THOUSAND,
        guidance=guidance,
        pooled_projections=words["pooled"].expand(count, -1),
        encoder_hidden_states=words["text"].expand(count, -1, -1),
        txt_ids=words["places"],
        img_ids=places,
        return_dict=False,
    )[0]
    rows = out.view(count, high // 2, wide // 2, channels, 2, 2).permute(0, 3, 1, 4, 2, 5)
    return rows.reshape(count, channels, high, wide)  # type: ignore[no-any-return]


ENTRY = Denoiser(
    covers="FLUX.1",
    pipelines=("FluxPipeline", "FluxImg2ImgPipeline"),
    part="transformer",
    unused=("feature_extractor", "image_encoder"),
    multiple=2,
    worded=worded,
    guessed=guessed,
)
