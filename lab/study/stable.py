"""A local Stable Diffusion as the learner: LoRA by peft on its UNet, or all of its UNet.

Takes a folder in diffusers' layout (`--model PATH`); nothing is downloaded. It offers what
`small.Small` offers, so poison.py and cloak.py run on it unchanged; on a processor each run takes
hours. `stable.py --check PATH` trains two steps and samples once. The numbers for a real run on
art are those of Hönig et al. (2024): 2000 steps, rate 5e-6, batch 4, 18 pictures, 512 px.
"""

import argparse
import copy

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, StableDiffusionPipeline

GUIDANCE, LOOKS = 7.5, 50
RANK, RATE, WHOLE_RATE = 8, 1e-4, 5e-6
LAYERS = ("to_q", "to_k", "to_v", "to_out.0")


class Stable:
    def __init__(self, path, *, whole=False, side=None, batch=4):
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

    def describe(self):
        weights = sum(p.numel() for p in self.pipe.unet.parameters())
        how = "all of the UNet" if self.whole else f"LoRA of rank {RANK}"
        return {"model": "stable diffusion", "weights": weights, "side": self.side, "tuned": how}

    @torch.no_grad()
    def latents(self, pictures):
        vae, found = self.pipe.vae, []
        for part in pictures.split(1):
            sized = F.interpolate(part, (self.side, self.side), mode="bicubic", antialias=True)
            sized = (2 * sized - 1).clamp(-1, 1).to(vae.device, vae.dtype)
            found.append(vae.encode(sized).latent_dist.mean * vae.config.scaling_factor)
        return torch.cat(found)

    @torch.no_grad()
    def words(self, captions):
        size = self.pipe.tokenizer.model_max_length
        numbers = self.pipe.tokenizer(
            list(captions),
            padding="max_length",
            max_length=size,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        return self.pipe.text_encoder(numbers.to(self.pipe.device))[0]

    def finetuned(self, latents, captions, *, seed, steps=2000, rate=None, odds=None, lora=None):
        """A copy whose UNet was trained on with these; this one stays as it is.

        lora: None means as this learner was made (LoRA unless `whole`)
        """
        whole = self.whole if lora is None else not lora
        other = copy.copy(self)
        unet = copy.deepcopy(self.pipe.unet)
        if not whole:
            from peft import LoraConfig, get_peft_model

            torch.manual_seed(seed)  # peft draws its matrices from the global generator
            unet = get_peft_model(unet, LoraConfig(r=RANK, target_modules=list(LAYERS)))
        trained = [p for p in unet.parameters() if p.requires_grad]
        words = self.words(captions)
        odds = torch.ones(len(latents)) if odds is None else odds
        rate = rate or (WHOLE_RATE if whole else RATE)
        search = torch.optim.AdamW(trained, lr=rate)
        draw = torch.Generator().manual_seed(seed)
        for _ in range(steps):
            loss = self.loss(unet, latents, words, odds, draw)
            search.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            search.step()
        parts = {**self.pipe.components, "unet": unet if whole else unet.merge_and_unload()}
        other.pipe = StableDiffusionPipeline(**parts, requires_safety_checker=False)
        other.pipe.set_progress_bar_config(disable=True)
        return other

    def loss(self, unet, latents, words, odds, draw):
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
    def sampled(self, caption, count, *, seed):
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


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("--check", required=True, metavar="PATH")
    asked.add_argument("--whole", action="store_true", help="train all of the UNet, not LoRA")
    asked = asked.parse_args()
    learner = Stable(asked.check, whole=asked.whole)
    pictures = torch.rand(2, 3, learner.side, learner.side)
    latents = learner.latents(pictures)
    tuned = learner.finetuned(latents, ["a picture of a fruit"] * 2, seed=1, steps=2)
    print(learner.describe(), tuple(tuned.sampled("a picture of a fruit", 1, seed=1).shape))


if __name__ == "__main__":
    main()
