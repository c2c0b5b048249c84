"""A local Stable Diffusion as the learner: LoRA by peft on its UNet, or all of its UNet.

Takes a folder in diffusers' layout (`--model PATH`); nothing is downloaded. It offers what
`small.Small` offers, so poison.py and cloak.py run on it unchanged; on a processor each run takes
hours. `python -m lab.study.stable --check PATH` trains two steps and samples once. The numbers for
a real run on art are those of Hönig et al. (2024): 2000 steps, rate 5e-6, batch 4, 18 pictures,
512 px.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path
from typing import Any, Self

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, StableDiffusionPipeline
from torch import Tensor

from ..training import stepped
from .learners import RANK, beside

GUIDANCE, LOOKS = 7.5, 50
RATE, WHOLE_RATE = 1e-4, 5e-6


class Stable:
    """A `Learner`: that Stable Diffusion, its UNet tuned by LoRA or as a whole."""

    side: int

    def __init__(
        self, path: Path, *, whole: bool = False, side: int | None = None, batch: int = 4
    ) -> None:
        self.pipe = StableDiffusionPipeline.from_pretrained(
            path, local_files_only=True, safety_checker=None, requires_safety_checker=False
        )
        self.pipe.set_progress_bar_config(disable=True)
        if torch.cuda.is_available():
            self.pipe.to("cuda")
        self.whole, self.batch = whole, batch
        shrink = self.pipe.vae_scale_factor
        self.side = side or self.pipe.unet.config.sample_size * shrink
        self.noise = DDPMScheduler.from_config(self.pipe.scheduler.config)

    def describe(self) -> dict[str, Any]:
        weights = sum(p.numel() for p in self.pipe.unet.parameters())
        how = "all of the UNet" if self.whole else f"LoRA of rank {RANK}"
        return {"model": "stable diffusion", "weights": weights, "side": self.side, "tuned": how}

    @torch.no_grad()
    def latents(self, pictures: Tensor) -> Tensor:
        vae, found = self.pipe.vae, []
        for part in torch.split(pictures, 1):
            sized = F.interpolate(part, (self.side, self.side), mode="bicubic", antialias=True)
            sized = (2 * sized - 1).clamp(-1, 1).to(vae.device, vae.dtype)
            found.append(vae.encode(sized).latent_dist.mean * vae.config.scaling_factor)
        return torch.cat(found)

    @torch.no_grad()
    def words(self, captions: list[str]) -> Tensor:
        size = self.pipe.tokenizer.model_max_length
        numbers = self.pipe.tokenizer(
            captions,
            padding="max_length",
            max_length=size,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        words: Tensor = self.pipe.text_encoder(numbers.to(self.pipe.device))[0]
        return words

    def finetuned(
        self,
        latents: Tensor,
        captions: list[str],
        *,
        seed: int,
        steps: int = 2000,
        rate: float | None = None,
        odds: Tensor | None = None,
        lora: bool | None = None,
    ) -> Self:
        """A copy whose UNet was trained further on these; this one stays as it is.

        lora: None: LoRA, unless this learner was made with `whole`
        """
        whole = self.whole if lora is None else not lora
        other = copy.copy(self)
        unet = copy.deepcopy(self.pipe.unet)
        unet = unet if whole else beside(unet, seed)
        trained = [p for p in unet.parameters() if p.requires_grad]
        words = self.words(captions)
        odds = torch.ones(len(latents)) if odds is None else odds
        rate = rate or (WHOLE_RATE if whole else RATE)
        search = torch.optim.AdamW(trained, lr=rate)
        draw = torch.Generator().manual_seed(seed)
        for _ in range(steps):
            loss = self.loss(unet, latents, words, odds, draw)
            stepped(search, loss, trained)
        parts = {**self.pipe.components, "unet": unet if whole else unet.merge_and_unload()}
        other.pipe = StableDiffusionPipeline(**parts, requires_safety_checker=False)
        other.pipe.set_progress_bar_config(disable=True)
        return other

    def loss(
        self,
        unet: Any,  # noqa: ANN401 - diffusers and peft have no types
        latents: Tensor,
        words: Tensor,
        odds: Tensor,
        draw: torch.Generator,
    ) -> Tensor:
        chosen = torch.multinomial(odds, self.batch, replacement=True, generator=draw)
        part, said = latents[chosen], words[chosen]
        noise = torch.randn(part.shape, generator=draw).to(part)
        steps = torch.randint(
            0, self.noise.config.num_train_timesteps, (len(part),), generator=draw
        )
        steps = steps.to(part.device)
        guess = unet(self.noise.add_noise(part, noise, steps), steps, said).sample
        aim = noise
        if self.noise.config.prediction_type == "v_prediction":
            aim = self.noise.get_velocity(part, noise, steps)
        return F.mse_loss(guess.float(), aim.float())

    @torch.no_grad()
    def sampled(self, caption: str, count: int, *, seed: int) -> Tensor:
        draws = [torch.Generator().manual_seed(seed * 1000 + at) for at in range(count)]
        shown = []
        for draw in draws:
            shown.append(
                self.pipe(
                    caption,
                    num_inference_steps=LOOKS,
                    guidance_scale=GUIDANCE,
                    generator=draw,
                    height=self.side,
                    width=self.side,
                    output_type="pt",
                ).images
            )
        return torch.cat(shown).float().cpu()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--check", type=Path, required=True, metavar="PATH")
    asked.add_argument("--whole", action="store_true", help="train all of the UNet, not LoRA")
    given = asked.parse_args()
    learner = Stable(given.check, whole=given.whole)
    pictures = torch.rand(2, 3, learner.side, learner.side)
    latents = learner.latents(pictures)
    tuned = learner.finetuned(latents, ["a picture of a fruit"] * 2, seed=1, steps=2)
    print(learner.describe(), tuple(tuned.sampled("a picture of a fruit", 1, seed=1).shape))


if __name__ == "__main__":
    main()
